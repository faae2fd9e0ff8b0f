import type { ApiObject } from '../../core/cluster/cluster.ts';
import { asSluiceError, isAbort, SluiceError } from '../../core/common/common.ts';
import {
  admissionChanges,
  announcedOf,
  clockSkew,
  GRANT_LABEL,
  type Grant,
  type GrantHalf,
  type GrantObject,
  type GrantPlan,
  type GrantRequest,
  leaseFaults,
  NOTE,
  objectName,
  ownedPolicy,
  type PlannedHalf,
  policyFaults,
  windowOf,
} from '../../core/grants/grants.ts';
import type { ApiRef } from '../../core/ports/ports.ts';
import { pause } from '../../wait.ts';
import { removeLeases, removePolicies } from './end-grant.ts';
import { checkRights, JOBS, jobRef, POLICIES, policyRef } from './find-grants.ts';
import { type GrantDeps, objectsOf, record, recordRefusal } from './record.ts';
import { poll } from './wait.ts';

export type GoodPlan = Extract<GrantPlan, { ok: true }>;

/** A grant with its objects on the server, as they were sent. */
export type MadeGrant = { readonly grant: Grant; readonly sent: ReadonlyMap<string, ApiObject> };

/** How long a lease may take to start, ms; 100 at once took 6 s on an idle cluster (LEASE-5). */
const LEASE_START = 30_000;

/** The steps of making a grant, for display. */
export type GrantStep = 'rights' | 'dry-run' | 'audit' | 'lease' | 'policy' | 'read-back';

/**
 * Dry-runs both objects of every half on the server; returns what admission would change (GRANT-7).
 */
export async function dryRun(
  deps: GrantDeps,
  halves: readonly PlannedHalf[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const changes: string[] = [];
  for (const { namespace, lease, policy } of halves) {
    const job = await deps.api.create({ ...JOBS, namespace }, lease, { dryRun: true, signal });
    const owned = ownedPolicy(policy, job.object, {
      start: 0,
      seconds: 0,
      end: deps.api.clock.now() + 60_000,
    });
    const made = await deps.api.create({ ...POLICIES, namespace }, owned, { dryRun: true, signal });
    changes.push(
      ...admissionChanges(lease, job.object).map((change) => `Job ${lease.metadata.name}: ${change}`),
    );
    changes.push(
      ...admissionChanges(owned, made.object).map(
        (change) => `NetworkPolicy ${policy.metadata.name}: ${change}`,
      ),
    );
    changes.push(...job.warnings, ...made.warnings);
  }
  return changes;
}

/**
 * Makes a grant (GRANT-7): rights, dry-run, audit, leases, policies, read-back. Both leases run before the first policy
 * is created, so that nothing opens without something to close it. On any failure everything created so far is removed
 * and the failure is audited.
 *
 * @throws SluiceError, after the rollback
 */
export async function makeGrant(
  deps: GrantDeps,
  plan: GoodPlan,
  request: GrantRequest,
  onStep: (step: GrantStep, grant: Grant) => void,
  signal: AbortSignal,
): Promise<MadeGrant> {
  let grant = draftGrant(deps, plan, request);
  const sent = new Map<string, ApiObject>();
  const auditIds = new Map<string, string>();
  const step = (name: GrantStep) => onStep(name, grant);

  try {
    step('rights');
    const namespaces = [...new Set(plan.halves.map(({ namespace }) => namespace))];
    await checkRights(deps.api, deps.identity, 'grant', namespaces, signal);
    step('dry-run');
    await dryRun(deps, plan.halves, signal);
  } catch (error) {
    if (!isAbort(error)) await recordRefusal(deps, request, asSluiceError(error).message);
    throw error;
  }

  step('audit');
  for (const { lease, policy } of plan.halves) {
    auditIds.set(`Job/${lease.metadata.name}`, crypto.randomUUID());
    auditIds.set(`NetworkPolicy/${policy.metadata.name}`, crypto.randomUUID());
  }
  await record(deps, 'intent', grant, `about to open ${plan.opens.length} pairs`, {
    objects: plan.halves.flatMap(({ namespace, lease, policy }) =>
      [lease, policy].map(({ kind, metadata: { name } }) => ({
        kind,
        namespace,
        name,
        auditId: auditIds.get(`${kind}/${name}`) ?? '',
      })),
    ),
  });

  try {
    step('lease');
    for (const half of plan.halves) {
      const lease = await createLease(deps, half, plan.seconds, auditIds, signal, (created) => {
        grant = withHalf(grant, half, { lease: idOf(created) });
      });
      sent.set(`Job/${half.namespace}/${lease.metadata.name}`, lease);
      grant = withWindow(grant, lease);
      const { clock } = deps.api;
      const skew = clockSkew(lease, clock.now(), clock.error);
      if (skew !== undefined) grant = { ...grant, drift: [...new Set([...grant.drift, skew])] };
    }
    step('policy');
    let inForce = deps.api.clock.now();
    for (const half of plan.halves) {
      const lease = sent.get(`Job/${half.namespace}/${half.lease.metadata.name}`);
      if (lease === undefined || grant.window === undefined) throw new Error('a policy before its lease');
      const owned = ownedPolicy(half.policy, lease, grant.window);
      const auditId = auditIds.get(`NetworkPolicy/${owned.metadata.name}`);
      const answer = await deps.api.create({ ...POLICIES, namespace: half.namespace }, owned, {
        auditId,
        signal,
      });
      inForce = deps.api.clock.now();
      grant = withHalf(grant, half, { policy: idOf(answer.object) });
      sent.set(`NetworkPolicy/${half.namespace}/${owned.metadata.name}`, answer.object);
      step('read-back');
      await readBack(deps, half, owned, lease, plan.seconds, signal);
    }
    grant = { ...grant, state: { name: 'applied', at: inForce } };
    await record(
      deps,
      'granted',
      grant,
      `open until ${new Date(grant.window?.end ?? 0).toISOString()}`,
      objectsOf(grant, auditIds),
    );
    return { grant, sent };
  } catch (error) {
    throw await rollBack(deps, grant, error);
  }
}

async function createLease(
  deps: GrantDeps,
  { namespace, lease }: PlannedHalf,
  seconds: number,
  auditIds: ReadonlyMap<string, string>,
  signal: AbortSignal,
  onCreated: (job: ApiObject) => void,
): Promise<ApiObject> {
  const { name } = lease.metadata;
  const created = await deps.api.create({ ...JOBS, namespace }, lease, {
    auditId: auditIds.get(`Job/${name}`),
    signal,
  });
  onCreated(created.object);
  const started = await poll(
    async () => {
      const job = await deps.api.read(jobRef(namespace, name), signal);
      if (job === undefined || job.metadata.uid !== created.object.metadata.uid) {
        throw new SluiceError(
          'failed',
          `The lease ${namespace}/${name} disappeared before it started.`,
          'Check what deletes Jobs in this namespace.',
        );
      }
      return windowOf(job) !== undefined || leaseFaults(job, seconds).length > 0 ? job : undefined;
    },
    LEASE_START,
    deps.clock,
    signal,
  );
  if (started === undefined) {
    throw new SluiceError(
      'failed',
      `The lease ${namespace}/${name} did not start within 30 s, so nothing would end the grant.`,
      'Check that the Job controller is running and the server is Kubernetes 1.24 or later.',
    );
  }
  const faults = leaseFaults(started, seconds);
  if (faults.length > 0) {
    throw new SluiceError(
      'refused',
      `Admission changed the lease ${namespace}/${name}: ${faults.join('; ')}.`,
      'Exempt Jobs named sluice-* from the webhook that rewrites Jobs.',
    );
  }
  return started;
}

/** A 201 proves nothing if the owner was deleted meanwhile: read both again (GRANT-8). */
async function readBack(
  deps: GrantDeps,
  { namespace, lease }: PlannedHalf,
  policy: ApiObject,
  job: ApiObject,
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  const { name } = policy.metadata;
  const [storedPolicy, storedJob] = await Promise.all([
    deps.api.read(policyRef(namespace, name), signal),
    deps.api.read(jobRef(namespace, lease.metadata.name), signal),
  ]);
  const faults =
    storedPolicy === undefined || storedJob === undefined
      ? ['removed at once because its lease is gone']
      : [...policyFaults(storedPolicy, job, policy.spec), ...leaseFaults(storedJob, seconds)];
  if (faults.length > 0) {
    throw new SluiceError(
      'refused',
      `The grant ${namespace}/${name} was not stored as sent: ${faults.join('; ')}.`,
      'Check which admission webhook changes it.',
    );
  }
}

function draftGrant(deps: GrantDeps, plan: GoodPlan, request: GrantRequest): Grant {
  return {
    id: plan.id,
    source: plan.source,
    destination: plan.destination,
    ports: plan.ports,
    reason: request.reason,
    ticket: request.ticket,
    requester: deps.identity.username,
    halves: plan.halves.map(({ direction, namespace }) => ({ direction, namespace })),
    state: { name: 'leasing' },
    drift: [],
    mine: true,
  };
}

function withHalf(grant: Grant, { direction }: PlannedHalf, change: Partial<GrantHalf>): Grant {
  return {
    ...grant,
    halves: grant.halves.map((half) => (half.direction === direction ? { ...half, ...change } : half)),
  };
}

/** The earlier end of two leases counts: a path needs both halves. */
function withWindow(grant: Grant, lease: ApiObject): Grant {
  const window = windowOf(lease);
  if (window === undefined || (grant.window !== undefined && grant.window.end <= window.end)) return grant;
  const announced = announcedOf(lease);
  return { ...grant, window, ...(announced === undefined ? {} : { announced }) };
}

function idOf(object: ApiObject): { readonly name: string; readonly uid: string } {
  return { name: object.metadata.name, uid: object.metadata.uid ?? '' };
}

/** Time limit for a whole rollback, ms. */
const UNDO_WITHIN = 12_000;

/** Waits before each look for objects that an unanswered call may have created, ms. */
const LOOK_AGAIN: readonly number[] = [0, 300, 1_200];

/**
 * Removes everything created for a grant that can't be completed, and audits the failure. A POST whose response was
 * lost may still have been stored, even a moment later: its object is looked up by name, and is ours only if it carries
 * our label and requester.
 *
 * @returns the error to throw: the original one, or if something is left behind, one that names it
 */
export async function rollBack(deps: GrantDeps, grant: Grant, error: unknown): Promise<unknown> {
  const undo = AbortSignal.timeout(UNDO_WITHIN);
  const lost = isLost(error);
  let made = grant;
  let left: readonly string[] = [];
  for (const wait of LOOK_AGAIN) {
    await pause(wait, undo).catch(() => undefined);
    if (lost) made = await withLost(deps, made, undo);
    const policies = await removePolicies(deps, made, undo);
    left = [...policies.left, ...(await removeLeases(deps, made, undo))];
    if (left.length === 0 && !lost) break;
  }
  const message = asSluiceError(error).message;
  const outcome =
    left.length === 0
      ? `${message} Everything created was removed.`
      : `${message} Left behind: ${left.join('; ')}.`;
  const unrecorded = await record(deps, 'failed', made, outcome, objectsOf(made)).then(
    () => '',
    (cause: unknown) => ` It is not in the audit log: ${asSluiceError(cause).message}`,
  );
  if (left.length === 0) return error;
  return new SluiceError(
    'left-open',
    `${outcome}${unrecorded}`,
    `Its lease will end it, or run sluice revoke ${grant.id}.`,
    error,
  );
}

/** Whether the server may have processed the request although it looks failed. */
function isLost(error: unknown): boolean {
  if (isAbort(error)) return true;
  return error instanceof SluiceError && ['unreachable', 'interrupted', 'failed'].includes(error.code);
}

async function withLost(deps: GrantDeps, grant: Grant, signal: AbortSignal): Promise<Grant> {
  const halves = await Promise.all(
    grant.halves.map(async (half): Promise<GrantHalf> => {
      const name = objectName(grant.id, half.direction);
      const lease = half.lease ?? (await ours(deps, grant, jobRef(half.namespace, name), signal));
      const policy = half.policy ?? (await ours(deps, grant, policyRef(half.namespace, name), signal));
      return {
        ...half,
        ...(lease === undefined ? {} : { lease }),
        ...(policy === undefined ? {} : { policy }),
      };
    }),
  );
  return { ...grant, halves };
}

async function ours(
  deps: GrantDeps,
  { id, requester }: Grant,
  ref: ApiRef,
  signal: AbortSignal,
): Promise<GrantObject | undefined> {
  const object = await deps.api.read(ref, signal).catch(() => undefined);
  const { labels, annotations, uid, name } = object?.metadata ?? {};
  const isOurs = labels?.[GRANT_LABEL] === id && annotations?.[NOTE.requester] === requester;
  return isOurs && uid !== undefined && name !== undefined ? { name, uid } : undefined;
}
