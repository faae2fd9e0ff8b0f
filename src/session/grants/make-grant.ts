import type { ApiObject } from '../../core/cluster/cluster.ts';
import { asSluiceError, formatDuration, isAbort, SluiceError } from '../../core/common/common.ts';
import {
  admissionChanges,
  announcedOf,
  clockSkew,
  type Grant,
  type GrantHalf,
  type GrantPlan,
  type GrantRequest,
  type GrantWindow,
  leaseFaults,
  ownedPolicy,
  type PlannedHalf,
  policyFaults,
  windowOf,
} from '../../core/grants/grants.ts';
import type { ApiAnswer, AuditType, ClusterApi, WriteOptions } from '../../core/ports/ports.ts';
import { type GrantStory, grantedStory } from '../../core/records/records.ts';
import { anchoredHalves, tell } from './anchor.ts';
import { checkRights, JOBS, jobRef, POLICIES, policyRef } from './find-grants.ts';
import { type GrantDeps, objectsOf, record, recordRefusal } from './record.ts';
import { rollBack } from './roll-back.ts';
import { poll } from './wait.ts';

export type GoodPlan = Extract<GrantPlan, { ok: true }>;

/** A grant with its objects on the server, as they were sent. */
export type MadeGrant = { readonly grant: Grant; readonly sent: ReadonlyMap<string, ApiObject> };

/** How long a lease may take to start, ms; 100 at once took 6 s on an idle cluster (LEASE-5). */
export const LEASE_START = 30_000;

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
    const job = await create(deps, { ...JOBS, namespace }, lease, { dryRun: true, signal });
    const owned = ownedPolicy(policy, job.object, {
      start: 0,
      seconds: 0,
      end: deps.api.clock.now() + 60_000,
    });
    const made = await create(deps, { ...POLICIES, namespace }, owned, { dryRun: true, signal });
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

/** What is made of a plan: a grant, or a request for one; and how that is written down and told. */
export type Making = {
  readonly work: 'grant' | 'request';
  readonly intent: string;
  /** `latest`: the latest that it may be open, where that is not the end of its window. */
  readonly done: (grant: Grant) => {
    readonly type: AuditType;
    readonly outcome: string;
    readonly latest?: GrantWindow;
  };
  readonly story: (grant: Grant) => GrantStory;
};

const GRANT = (plan: GoodPlan): Making => ({
  work: 'grant',
  intent: `about to open ${plan.opens.length} pairs`,
  done: ({ window }) => ({
    type: 'granted',
    outcome: `open until ${new Date(window?.end ?? 0).toISOString()}`,
  }),
  story: grantedStory,
});

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
  making: Making = GRANT(plan),
): Promise<MadeGrant> {
  let grant = draftGrant(deps, plan, request);
  const sent = new Map<string, ApiObject>();
  const auditIds = new Map<string, string>();
  const step = (name: GrantStep) => onStep(name, grant);

  try {
    step('rights');
    const namespaces = [...new Set(plan.halves.map(({ namespace }) => namespace))];
    await checkRights(deps.api, deps.identity, making.work, namespaces, signal);
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
  if (grant.breakGlass !== undefined)
    await record(deps, 'break-glass', grant, `granted without approval: ${grant.breakGlass}`);
  await record(deps, 'intent', grant, making.intent, {
    objects: plan.halves.flatMap(({ namespace, lease, policy }) =>
      [lease, policy].map(({ kind, metadata: { name } }) => ({
        kind,
        namespace,
        name,
        auditId: auditIds.get(`${kind}/${name}`) ?? '',
      })),
    ),
  });

  const halves = anchoredHalves(deps, plan.halves);
  try {
    step('lease');
    for (const half of halves) {
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
    for (const half of halves) {
      const lease = sent.get(`Job/${half.namespace}/${half.lease.metadata.name}`);
      if (lease === undefined || grant.window === undefined) throw new Error('a policy before its lease');
      const owned = ownedPolicy(half.policy, lease, grant.window);
      const auditId = auditIds.get(`NetworkPolicy/${owned.metadata.name}`);
      const answer = await create(deps, { ...POLICIES, namespace: half.namespace }, owned, {
        auditId,
        signal,
      });
      inForce = deps.api.clock.now();
      grant = withHalf(grant, half, { policy: idOf(answer.object) });
      sent.set(`NetworkPolicy/${half.namespace}/${owned.metadata.name}`, answer.object);
      step('read-back');
      await readBack(deps, half, owned, lease, plan.seconds, signal);
    }
    if (making.work === 'grant') grant = { ...grant, state: { name: 'applied', at: inForce } };
    const { type, outcome, latest: window = grant.window } = making.done(grant);
    await record(deps, type, { ...grant, window }, outcome, objectsOf(grant, auditIds));
    await tell(deps, grant, making.story(grant), signal);
    return { grant, sent };
  } catch (error) {
    throw await rollBack(deps, grant, error);
  }
}

/** Creates an object, whose name is new: where it exists, a request was sent twice, or somebody made it. */
async function create(
  { api }: GrantDeps,
  collection: Parameters<ClusterApi['create']>[0],
  object: ApiObject,
  options: WriteOptions,
): Promise<ApiAnswer> {
  return api.create(collection, object, options).catch((error: unknown) => {
    if (!(error instanceof SluiceError && error.code === 'conflict')) throw error;
    throw new SluiceError(
      'conflict',
      error.message,
      'Grant again, under another name; if that fails too, a proxy may send requests twice.',
      error,
    );
  });
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
  const created = await create(deps, { ...JOBS, namespace }, lease, {
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
  if (storedPolicy === undefined || storedJob === undefined) throw gone(deps, namespace, name, windowOf(job));
  const faults = [...policyFaults(storedPolicy, job, policy.spec), ...leaseFaults(storedJob, seconds)];
  if (faults.length > 0) throw notStored(`grant ${namespace}/${name}`, faults);
}

/** The error for an object that is not what was written. */
export function notStored(what: string, faults: readonly string[]): SluiceError {
  return new SluiceError(
    'refused',
    `The ${what} was not stored as sent: ${faults.join('; ')}.`,
    'Check which admission webhook changes it.',
  );
}

/** The error for a grant that was not there any more when it was read back: over, or removed by somebody. */
function gone(
  deps: GrantDeps,
  namespace: string,
  name: string,
  window: GrantWindow | undefined,
): SluiceError {
  const isOver = window !== undefined && deps.api.clock.now() >= window.end;
  return isOver
    ? new SluiceError(
        'refused',
        `The window of ${formatDuration(window.seconds)} was over before the grant ${namespace}/${name} was in force.`,
        'The cluster or the network is slow: grant for longer.',
      )
    : new SluiceError(
        'refused',
        `The grant ${namespace}/${name} was removed as soon as it was made.`,
        'Check what deletes Jobs and NetworkPolicies in this namespace.',
      );
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
    ...(request.approval?.type === 'break-glass' ? { breakGlass: request.approval.why } : {}),
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
