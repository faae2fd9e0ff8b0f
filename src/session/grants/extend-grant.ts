import type { ApiObject } from '../../core/cluster/cluster.ts';
import { asSluiceError, formatDuration, SluiceError } from '../../core/common/common.ts';
import {
  type Announced,
  announcedOf,
  announcementFaults,
  approvalOf,
  beganAt,
  brokenBy,
  expiryMarks,
  formatAnnounced,
  type Grant,
  type GrantHalf,
  type GrantWindow,
  leaseFaults,
  leaseOver,
  NOTE,
  needingApproval,
  touchedNamespaces,
  windowOf,
} from '../../core/grants/grants.ts';
import type { ApiAnswer } from '../../core/ports/ports.ts';
import { checkRights, jobRef, policyRef } from './find-grants.ts';
import { auditIdsOf, type GrantDeps, objectsOf, record } from './record.ts';

/** Once started, an extension runs to completion, so that its halves end together; time limit, ms. */
const EXTEND_WITHIN = 15_000;

/**
 * Extends a grant by `more` seconds (GRANT-12): rights, limits, audit, every lease, then the annotations of the
 * policies. Refused after the deadline, even if the server would still accept it (LEASE-11): an expired window is not
 * revived. Also refused if a half is unseen, as it would end before the others.
 *
 * @returns the grant with its new window; with drift if the outcome could not be logged
 * @throws SluiceError `refused`, `conflict`, `forbidden`; `left-open` naming each half if only some were extended
 */
export async function extendGrant(
  deps: GrantDeps,
  grant: Grant,
  more: number,
  signal: AbortSignal,
): Promise<Grant> {
  const leased = await checked(deps, grant, more, signal).catch(async (error: unknown) => {
    if (!signal.aborted)
      await record(deps, 'refused', grant, asSluiceError(error).message).catch(() => undefined);
    throw error;
  });
  const auditIds = auditIdsOf(grant);
  await record(
    deps,
    'intent',
    grant,
    `about to extend by ${formatDuration(more)}`,
    objectsOf(grant, auditIds),
  );
  const steady = AbortSignal.timeout(EXTEND_WITHIN);
  const done: string[] = [];
  let window: GrantWindow | undefined;
  try {
    for (const { half, job } of leased) {
      const after = await extendLease(deps, grant.id, { half, job, more, auditIds }, steady);
      done.push(`${half.direction} in ${half.namespace} until ${new Date(after.end).toISOString()}`);
      if (window === undefined || after.end < window.end) window = after;
    }
    for (const { half } of leased) {
      if (window !== undefined) await moveMarks(deps, half, window, auditIds, steady);
    }
  } catch (error) {
    throw await partly(deps, grant, done, leased.length, error);
  }
  if (window === undefined) throw overError(grant.id);
  const longer: Grant = { ...grant, window, announced: announcedBy(deps, leased[0]?.job, window.seconds) };
  return record(deps, 'extended', longer, `by ${formatDuration(more)}`, objectsOf(longer, auditIds)).then(
    () => longer,
    (error: unknown) => ({
      ...longer,
      drift: [...longer.drift, `"extended" is not in the audit log: ${asSluiceError(error).message}`],
    }),
  );
}

/** The announcement of a new window: its maximum stays as first announced (GRANT-16). */
function announcedBy(
  { identity, limits }: GrantDeps,
  job: ApiObject | undefined,
  seconds: number,
): Announced {
  const most = (job === undefined ? undefined : announcedOf(job)?.most) ?? limits.maxSeconds;
  return { seconds, most, by: identity.username };
}

/** A half with its current lease. */
type Leased = { readonly half: GrantHalf; readonly job: ApiObject };

/** Checks everything that may forbid the extension, before anything is written. */
async function checked(
  deps: GrantDeps,
  grant: Grant,
  more: number,
  signal: AbortSignal,
): Promise<readonly Leased[]> {
  const [hidden] = grant.unseen ?? [];
  if (hidden !== undefined) {
    throw new SluiceError(
      'refused',
      `${grant.id} has an unseen half in ${hidden.namespace} (${hidden.direction}: ${hidden.why}), which would not be extended.`,
      `Extend it as a user who can get and patch in ${hidden.namespace}.`,
    );
  }
  const { clock } = deps.api;
  if (grant.window === undefined || clock.now() >= grant.window.end) throw overError(grant.id);
  const namespaces = grant.halves.map(({ namespace }) => namespace);
  await checkRights(deps.api, deps.identity, 'extend', namespaces, signal);
  const found = await Promise.all(grant.halves.map((half) => current(deps, grant, half, signal)));
  const touched = found.flatMap(({ policy }) => touchedNamespaces(policy));
  const where = needingApproval(touched, deps.limits, deps.info.context);
  if (where !== undefined && grant.requester === deps.identity.username) {
    throw new SluiceError(
      'refused',
      `Grants in ${where} need somebody else's approval, and so do their extensions.`,
      `Let ${grant.approval?.by ?? 'somebody else'} run sluice extend ${grant.id}, or request again.`,
    );
  }
  // The wait for an approval is no part of the window.
  const opened = ({ job }: Leased) => Math.min(approvalOf(job)?.at ?? beganAt(job), clock.now());
  const began = Math.min(...found.map(opened));
  const ends = found.map(({ job }) => (windowOf(job)?.end ?? 0) + more * 1_000);
  const most = found.map(({ job }) => announcedOf(job)?.most ?? deps.limits.maxSeconds);
  const broken = brokenBy(
    {
      namespaces: touched,
      seconds: Math.ceil((Math.max(...ends) - began) / 1_000),
      reason: grant.reason,
    },
    { ...deps.limits, maxSeconds: Math.min(deps.limits.maxSeconds, ...most) },
    deps.info.context,
  );
  if (broken !== undefined) throw new SluiceError('refused', broken.message, broken.hint);
  return found;
}

async function current(
  deps: GrantDeps,
  grant: Grant,
  half: GrantHalf,
  signal: AbortSignal,
): Promise<Leased & { readonly policy: ApiObject }> {
  const { namespace } = half;
  if (half.lease === undefined || half.policy === undefined) throw overError(grant.id);
  const [job, policy] = await Promise.all([
    deps.api.read(jobRef(namespace, half.lease.name), signal),
    deps.api.read(policyRef(namespace, half.policy.name), signal),
  ]);
  const window = job === undefined ? undefined : windowOf(job);
  const isSame = job?.metadata.uid === half.lease.uid && policy?.metadata.uid === half.policy.uid;
  if (job === undefined || policy === undefined || window === undefined || !isSame) throw overError(grant.id);
  const why = leaseOver(job);
  if (why !== undefined || deps.api.clock.now() >= window.end) throw overError(grant.id, why);
  const [fault] = announcementFaults(job);
  if (fault !== undefined) throw notExtended(job, [fault]);
  return { half, job, policy };
}

async function moveMarks(
  deps: GrantDeps,
  { namespace, policy }: GrantHalf,
  window: GrantWindow,
  auditIds: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<void> {
  if (policy === undefined) return;
  const auditId = auditIds.get(`NetworkPolicy/${policy.name}`);
  const marks = { metadata: { uid: policy.uid, ...expiryMarks(window) } };
  await deps.api.patch(policyRef(namespace, policy.name), marks, { signal, auditId });
}

/** Logs an extension that failed halfway, and returns its error, which names the halves that were extended. */
async function partly(
  deps: GrantDeps,
  grant: Grant,
  done: readonly string[],
  halves: number,
  error: unknown,
): Promise<SluiceError> {
  const known = asSluiceError(error);
  const why = known.message.replace(/\.$/, '');
  const what = done.length === 0 ? 'nothing was extended' : `only extended ${done.join(', ')}`;
  const outcome =
    done.length === halves
      ? `extended (${done.join(', ')}), but its expiry annotations were not updated: ${why}`
      : `${what}: ${why}`;
  const unrecorded = await record(deps, 'failed', grant, outcome, objectsOf(grant)).then(
    () => '',
    (cause: unknown) => ` It is not in the audit log: ${asSluiceError(cause).message}`,
  );
  if (done.length === 0 && unrecorded === '') return known;
  return new SluiceError(
    'left-open',
    `${grant.id}: ${outcome}.${unrecorded}`,
    'It closes when its first half ends; check sluice grants, or revoke it.',
    error,
  );
}

type LeaseExtension = {
  readonly half: GrantHalf;
  /** The lease as it was read. */
  readonly job: ApiObject;
  /** Seconds to add. */
  readonly more: number;
  /** By `kind/name`, as announced in the log. */
  readonly auditIds: ReadonlyMap<string, string>;
};

/**
 * Moves the deadline of one lease and its announcement in one patch (GRANT-16), with its resourceVersion and UID as
 * preconditions. If something else in it changed meanwhile, it is read again and retried; if its deadline changed,
 * someone else is extending it, which is a conflict. A 200 for a Job that has failed counts as a refusal (LEASE-11).
 *
 * @throws SluiceError `refused`, `conflict`, `forbidden`
 */
async function extendLease(
  deps: GrantDeps,
  id: string,
  { half, job, more, auditIds }: LeaseExtension,
  signal: AbortSignal,
): Promise<GrantWindow> {
  const before = windowOf(job);
  if (before === undefined) throw overError(id);
  const seconds = before.seconds + more;
  const ref = jobRef(half.namespace, job.metadata.name);
  const auditId = auditIds.get(`Job/${job.metadata.name}`);
  const patch = (version: string | undefined): Promise<ApiAnswer> => {
    if (deps.api.clock.now() >= before.end) throw overError(id);
    const annotations = { [NOTE.window]: formatAnnounced(announcedBy(deps, job, seconds)) };
    const metadata = { uid: job.metadata.uid, resourceVersion: version, annotations };
    return deps.api.patch(ref, { metadata, spec: { activeDeadlineSeconds: seconds } }, { signal, auditId });
  };
  const { object } = await patch(job.metadata.resourceVersion).catch(async (error: unknown) => {
    if (!(error instanceof SluiceError && error.code === 'conflict')) throw error;
    const now = await deps.api.read(ref, signal);
    if (now === undefined || now.metadata.uid !== job.metadata.uid) throw overError(id);
    if (windowOf(now)?.end !== before.end) throw error;
    return patch(now.metadata.resourceVersion);
  });
  const after = windowOf(object);
  const over = leaseOver(object);
  if (after === undefined || over !== undefined) throw overError(id, over);
  const faults = leaseFaults(object, seconds);
  if (faults.length > 0) throw notExtended(job, faults);
  return after;
}

function notExtended({ metadata }: ApiObject, faults: readonly string[]): SluiceError {
  return new SluiceError(
    'refused',
    `The lease ${metadata.namespace}/${metadata.name} was not extended: ${faults.join('; ')}.`,
    'Revoke the grant and make a new one.',
  );
}

/** The error for a grant that has ended. */
function overError(id: string, why?: string): SluiceError {
  return new SluiceError(
    'refused',
    `${id} can't be extended: ${why ?? 'it has ended'}.`,
    'Make a new grant for the path.',
  );
}
