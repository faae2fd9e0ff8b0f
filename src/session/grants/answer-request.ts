import type { ApiObject } from '../../core/cluster/cluster.ts';
import { asSluiceError, formatDuration, isAbort, SluiceError, sameJson } from '../../core/common/common.ts';
import {
  announcedOf,
  approvalSeconds,
  expiryMarks,
  formatAnnounced,
  type Grant,
  type GrantWindow,
  isoSeconds,
  leaseFaults,
  leaseOver,
  NOTE,
  openingPatch,
  openSpec,
  planName,
  policyFaults,
  tooLong,
  windowOf,
} from '../../core/grants/grants.ts';
import { tell } from './anchor.ts';
import { startingWith } from './end-grant.ts';
import { checkRights, jobRef, policyRef } from './find-grants.ts';
import { type MadeGrant, notStored } from './make-grant.ts';
import type { PlanGround } from './make-request.ts';
import { auditIdsOf, type GrantDeps, objectsOf, record } from './record.ts';
import { mustBeFit, type RequestedHalf, type Review, reviewRequest } from './review-request.ts';
import { type Revoked, rejectFound } from './revoke-found.ts';
import { rollBack } from './roll-back.ts';

/** Once started, an approval runs to completion, so that no half is open alone; time limit, ms. */
const APPROVE_WITHIN = 15_000;

/**
 * Opens the path of somebody else's request (GRANT-32): plans it again and compares with the plan that was reviewed, then
 * moves the deadline of each lease, then takes the mark off the selector of each policy, ingress first, and reads both
 * back. The window starts now. Killed in between, only a request is left.
 *
 * @param hash of the plan that is approved, as `reviewRequest` gives it
 * @throws SluiceError `refused` with nothing opened, if the plan is another by now, or the approver is the requester;
 *   `conflict` if somebody else answered at the same time; `forbidden`; `left-open` if it could not be taken back
 */
export async function approve(
  deps: GrantDeps,
  ground: PlanGround,
  found: Grant,
  hash: string,
  signal: AbortSignal,
): Promise<MadeGrant> {
  const review = await checked(deps, ground, found, hash, signal).catch(async (error: unknown) => {
    if (!signal.aborted)
      await record(deps, 'refused', found, asSluiceError(error).message).catch(() => undefined);
    throw error;
  });
  const { request, halves, asked } = review;
  const auditIds = auditIdsOf(request);
  const what = `to approve what ${request.requester} asked for, ${formatDuration(asked.seconds)}`;
  await record(deps, 'intent', request, `about ${what}`, objectsOf(request, auditIds));
  const steady = AbortSignal.timeout(APPROVE_WITHIN);
  const signed = signatureOf(deps, hash);
  const sent = new Map<string, ApiObject>();
  let window: GrantWindow | undefined;
  let isOpening = false;
  try {
    for (const half of halves) {
      const lease = await approveLease(deps, review, half, { signed, auditIds }, steady);
      sent.set(`Job/${half.namespace}/${lease.metadata.name}`, lease);
      const own = windowOf(lease);
      if (own !== undefined && (window === undefined || own.end < window.end)) window = own;
    }
    if (window === undefined) throw overError(request.id);
    for (const half of startingWith('ingress', halves)) {
      isOpening = true;
      const policy = await approvePolicy(deps, half, { signed, auditIds, window }, steady);
      sent.set(`NetworkPolicy/${half.namespace}/${policy.metadata.name}`, policy);
    }
    for (const half of halves) await readBack(deps, request.id, half, sent, steady);
  } catch (error) {
    if (isOpening) throw await rollBack(deps, request, error);
    throw await unopened(deps, request, error);
  }
  const grant = openedGrant(deps, review, window, hash);
  const outcome = `${deps.identity.username} approved plan ${planName(hash)} of ${request.requester}; open until ${isoSeconds(window.end)}`;
  const made = await record(deps, 'approved', grant, outcome, objectsOf(grant, auditIds)).then(
    () => grant,
    (error: unknown) => ({
      ...grant,
      drift: [...grant.drift, `"approved" is not in the audit log: ${asSluiceError(error).message}`],
    }),
  );
  const message = `${deps.identity.username} approved ${request.source} to ${request.destination} for ${request.requester}: ${request.reason}`;
  await tell(deps, made, { type: 'Normal', reason: 'Approved', message }, signal);
  return { grant: made, sent };
}

/** Checks everything that forbids the approval, before anything is written. */
async function checked(
  deps: GrantDeps,
  ground: PlanGround,
  found: Grant,
  hash: string,
  signal: AbortSignal,
): Promise<Review> {
  const { username } = deps.identity;
  if (found.requester === username) {
    throw new SluiceError(
      'refused',
      `${username} made request ${found.id}, and can't approve it.`,
      `Somebody else runs sluice approve ${found.id}; to withdraw it, run sluice revoke ${found.id}.`,
    );
  }
  const namespaces = found.halves.map(({ namespace }) => namespace);
  await checkRights(deps.api, deps.identity, 'approve', namespaces, signal);
  const review = await reviewRequest(deps, ground, found, signal);
  const { request, halves } = review;
  mustBeFit(review);
  if (review.hash !== hash) throw changedError(review, hash);
  const other = request.waiting?.approvedBy;
  if (other !== undefined && (other !== username || request.waiting?.approvedPlan !== hash)) {
    throw new SluiceError(
      'refused',
      `${other} began to approve request ${request.id}, and did not finish.`,
      `Let ${other} approve it again, or ${request.requester} request again.`,
    );
  }
  for (const { lease } of halves) {
    const window = windowOf(lease);
    const why = leaseOver(lease);
    if (window === undefined || why !== undefined || deps.api.clock.now() >= window.end)
      throw overError(request.id, why);
  }
  return review;
}

/** The error for a plan that is another than the one reviewed, with what differs. */
function changedError({ request, hash, difference }: Review, was: string): SluiceError {
  const { gone = [], added = [] } = request.waiting?.plan === was ? (difference ?? {}) : {};
  const parts = [...gone.map((fact) => `- was: ${fact}`), ...added.map((fact) => `+ is now: ${fact}`)];
  const how = parts.length === 0 ? '' : ` (${parts.slice(0, 4).join('; ')})`;
  return new SluiceError(
    'refused',
    `The plan of request ${request.id} is another than ${planName(was)} by now${how}.`,
    `Review it with sluice requests ${request.id}, and approve it with --plan ${planName(hash)}.`,
  );
}

/** The marks of the approval, on each object. */
function signatureOf({ api, identity }: GrantDeps, hash: string): Readonly<Record<string, string>> {
  return {
    [NOTE.approvedBy]: identity.username,
    [NOTE.approvedPlan]: hash,
    [NOTE.approvedAt]: isoSeconds(api.clock.now()),
  };
}

type Signing = {
  readonly signed: Readonly<Record<string, string>>;
  /** By `kind/name`, as announced in the log. */
  readonly auditIds: ReadonlyMap<string, string>;
};

/**
 * Moves the deadline of a lease so that the window asked for starts now, with its announcement and the signature, in one
 * patch with UID and resourceVersion as preconditions. One that this approver has moved already stays.
 */
async function approveLease(
  deps: GrantDeps,
  { request, asked }: Review,
  { namespace, lease }: RequestedHalf,
  { signed, auditIds }: Signing,
  signal: AbortSignal,
): Promise<ApiObject> {
  if (lease.metadata.annotations?.[NOTE.approvedBy] !== undefined) return lease;
  const ref = jobRef(namespace, lease.metadata.name);
  const auditId = auditIds.get(`Job/${lease.metadata.name}`);
  const { username: by } = deps.identity;
  const window = windowOf(lease);
  const now = deps.api.clock.now();
  if (window === undefined || now >= window.end) throw overError(request.id);
  const seconds = approvalSeconds(window.start, now, asked.seconds);
  const most = announcedOf(lease)?.most ?? seconds;
  const annotations = { ...signed, [NOTE.window]: formatAnnounced({ seconds, most, by }) };
  const patch = ({ metadata: { uid, resourceVersion } }: ApiObject) =>
    deps.api.patch(
      ref,
      { metadata: { uid, resourceVersion, annotations }, spec: { activeDeadlineSeconds: seconds } },
      { signal, auditId },
    );
  const { object } = await patch(lease).catch(async (error: unknown) => {
    if (!(error instanceof SluiceError && error.code === 'conflict')) throw error;
    // The controller writes the status of a Job, which is no news.
    const is = await deps.api.read(ref, signal);
    const said = (one: ApiObject) => [one.spec, one.metadata.annotations, one.metadata.uid];
    if (is === undefined || !sameJson(said(is), said(lease))) throw error;
    return patch(is);
  });
  const over = leaseOver(object);
  if (over !== undefined) throw overError(request.id, over);
  const faults = leaseFaults(object, seconds);
  if (faults.length > 0) throw notStored(`lease ${namespace}/${lease.metadata.name}`, faults);
  return object;
}

/** Takes the mark off the selector of a policy, signs it and moves the marks of its end. */
async function approvePolicy(
  deps: GrantDeps,
  { namespace, policy }: RequestedHalf,
  { signed, auditIds, window }: Signing & { readonly window: GrantWindow },
  signal: AbortSignal,
): Promise<ApiObject> {
  const { uid, resourceVersion, name } = policy.metadata;
  const { labels, annotations } = expiryMarks(window);
  const metadata = { uid, resourceVersion, labels, annotations: { ...annotations, ...signed } };
  const auditId = auditIds.get(`NetworkPolicy/${name}`);
  const patch = { metadata, spec: openingPatch(policy.spec) };
  return (await deps.api.patch(policyRef(namespace, name), patch, { signal, auditId })).object;
}

/** A 200 proves nothing if the lease ended meanwhile: both are read again (GRANT-8). */
async function readBack(
  deps: GrantDeps,
  id: string,
  { namespace, policy: { spec, metadata } }: RequestedHalf,
  sent: ReadonlyMap<string, ApiObject>,
  signal: AbortSignal,
): Promise<void> {
  const [policy, lease] = await Promise.all([
    deps.api.read(policyRef(namespace, metadata.name), signal),
    deps.api.read(jobRef(namespace, metadata.name), signal),
  ]);
  const over = lease === undefined ? 'its lease is gone' : leaseOver(lease);
  if (policy === undefined || lease === undefined || over !== undefined) throw overError(id, over);
  const approved = sent.get(`Job/${namespace}/${metadata.name}`);
  const faults = [
    ...policyFaults(policy, lease, openSpec(spec)),
    ...leaseFaults(lease, approved === undefined ? undefined : windowOf(approved)?.seconds),
  ];
  if (faults.length > 0) throw notStored(`grant ${namespace}/${metadata.name}`, faults);
}

/** Logs an approval that opened nothing, and returns its error. */
async function unopened(deps: GrantDeps, request: Grant, error: unknown): Promise<unknown> {
  const { code, message, hint } = asSluiceError(error);
  const outcome = `not approved, and nothing was opened: ${message}`;
  await record(deps, 'failed', request, outcome, objectsOf(request)).catch(() => undefined);
  if (code !== 'conflict') return isAbort(error) ? error : new SluiceError(code, message, hint, error);
  return new SluiceError(
    'conflict',
    `Request ${request.id} was changed while it was being approved, and nothing was opened.`,
    'See with sluice requests what became of it.',
    error,
  );
}

function overError(id: string, why?: string): SluiceError {
  return new SluiceError(
    'refused',
    `Request ${id} can't be approved: ${why ?? 'it has run out'}.`,
    'It has to be requested again.',
  );
}

function openedGrant(
  { api, identity }: GrantDeps,
  { request, halves }: Review,
  window: GrantWindow,
  hash: string,
): Grant {
  const { waiting: _, ...rest } = request;
  const at = api.clock.now();
  const most = Math.min(...halves.map(({ lease }) => announcedOf(lease)?.most ?? window.seconds));
  return {
    ...rest,
    window,
    announced: { seconds: window.seconds, most, by: identity.username },
    approval: { by: identity.username, plan: hash, at },
    state: { name: 'applied', at },
  };
}

/**
 * Refuses a request (GRANT-33): says who and why on its leases, for whoever waits, then removes it as a grant is revoked.
 *
 * @throws SluiceError `refused` for a reason that is too long, `forbidden`, with nothing changed
 */
export async function refuse(
  deps: GrantDeps,
  found: Grant,
  reason: string,
  signal: AbortSignal,
): Promise<Revoked> {
  const long = tooLong('reason', reason);
  if (long !== undefined) throw new SluiceError('refused', long.message, long.hint);
  const annotations = { [NOTE.refused]: `${deps.identity.username}: ${reason}` };
  for (const { namespace, lease } of found.halves) {
    if (lease === undefined) continue;
    await deps.api
      .patch(jobRef(namespace, lease.name), { metadata: { uid: lease.uid, annotations } }, { signal })
      .catch((error: unknown) => {
        if (!(error instanceof SluiceError && error.code === 'not-found')) throw error;
      });
  }
  return rejectFound(deps, found, reason);
}
