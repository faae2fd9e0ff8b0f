import { at, isRecord, listAt, numberAt, textAt } from '../../core/common/common.ts';
import {
  deleteObject,
  keyOfObject,
  type Random,
  type Store,
  type Stored,
  stringMap,
  timestamp,
} from '../store/store.ts';
import { createBucket, type Work } from './work.ts';

const JOBS = 'batch/jobs';

/** Delay from a change to the controller's own write, ms. */
const REACTION = 4;

/** How long pods of a failed Job take to end, which delays `Failed`, ms. */
const PODS_END = 1_050;

/** The job controller: handles every Job until `work` stops. */
export function startJobController(store: Store, work: Work, random: Random): () => void {
  const bucket = createBucket(20, 30);

  const enqueue = (key: string, delay: number): void => {
    work.after(delay, `job ${key}`, () => sync(key));
  };
  const sync = (key: string): void => {
    const job = store.get(JOBS, key);
    if (job === undefined || isFinished(job) || !isOurs(job)) return;
    const step = syncJob(job, Date.now());
    const pods = step.ending === true ? activePods(store, job) : [];
    if (pods.length > 0) {
      deletePods(store, pods);
      enqueue(key, PODS_END);
      return;
    }
    if (step.again !== undefined) enqueue(key, step.again + 1);
    const { status } = step;
    if (status === undefined) return;
    work.after(bucket.reserve(step.event === undefined ? 1 : 2), `job write ${key}`, () => {
      const fresh = store.get(JOBS, key);
      if (fresh === undefined || fresh.metadata.uid !== job.metadata.uid) return;
      const started = status.startTime !== undefined && step.ending !== true;
      const active = started ? ensurePods(store, random, fresh) : 0;
      const { active: _before, ...rest } = status;
      store.put(JOBS, { ...fresh, status: active > 0 ? { ...rest, active } : rest });
      if (step.event !== undefined)
        tell(store, random, fresh, { ...step.event, component: 'job-controller' });
    });
  };

  for (const job of store.list(JOBS)) enqueue(keyOfObject(job), 0);
  return store.subscribe(({ resource, type, object }) => {
    if (resource !== JOBS || type === 'DELETED') return;
    // The deadline may have moved either way: cancel the old timer and check again soon.
    work.cancel(`job ${keyOfObject(object)}`);
    enqueue(keyOfObject(object), REACTION);
  });
}

/**
 * The ttl-after-finished controller: deletes finished Jobs, Foreground and by UID, `ttlSecondsAfterFinished` after
 * their end; without it they stay (LEASE-1).
 */
export function startTtlController(store: Store, work: Work): () => void {
  const bucket = createBucket(20, 30);
  const look = (job: Stored): void => {
    const key = keyOfObject(job);
    const end = finishedAt(job);
    const ttl = numberAt(job.spec, 'ttlSecondsAfterFinished');
    work.cancel(`ttl ${key}`);
    if (end === undefined || ttl === undefined || job.metadata.deletionTimestamp !== undefined) return;
    const wait = Math.max(0, end + ttl * 1_000 - Date.now()) + REACTION + bucket.reserve(2);
    work.after(wait, `ttl ${key}`, () => {
      const fresh = store.get(JOBS, key);
      if (fresh === undefined || fresh.metadata.uid !== job.metadata.uid) return;
      if (finishedAt(fresh) === undefined || numberAt(fresh.spec, 'ttlSecondsAfterFinished') === undefined)
        return;
      deleteObject(store, JOBS, fresh, { propagation: 'Foreground' }, Date.now());
    });
  };
  for (const job of store.list(JOBS)) look(job);
  return store.subscribe(({ resource, type, object }) => {
    if (resource === JOBS && type !== 'DELETED') look(object);
  });
}

/** This controller ignores Jobs with another manager. */
function isOurs(job: Stored): boolean {
  const manager = textAt(job.spec, 'managedBy');
  return manager === undefined || manager === 'kubernetes.io/job-controller';
}

/** An event that a controller reports about an object. */
type Told = {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly component: string;
};

/** Stores a core Event about an object. */
function tell(store: Store, random: Random, about: Stored, told: Told): void {
  const namespace = about.metadata.namespace ?? 'default';
  const time = timestamp(Date.now());
  store.put('/events', {
    kind: 'Event',
    apiVersion: 'v1',
    metadata: {
      name: `${about.metadata.name}.${random.text(16, '0123456789abcdef')}`,
      namespace,
      uid: random.uuid(),
      resourceVersion: '',
      creationTimestamp: time,
    },
    involvedObject: {
      kind: about.kind,
      namespace,
      name: about.metadata.name,
      uid: about.metadata.uid,
      apiVersion: about.apiVersion,
      resourceVersion: about.metadata.resourceVersion,
    },
    reason: told.reason,
    message: told.message,
    source: { component: told.component },
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
    type: told.type,
    eventTime: null,
    reportingComponent: told.component,
    reportingInstance: '',
  });
}

/** Unfinished pods of a Job. */
function activePods(store: Store, job: Stored): readonly Stored[] {
  return store
    .list('/pods', job.metadata.namespace)
    .filter(
      (pod) =>
        (pod.metadata.ownerReferences ?? []).some(({ uid }) => uid === job.metadata.uid) &&
        !['Succeeded', 'Failed'].includes(textAt(pod.status, 'phase') ?? ''),
    );
}

/**
 * Creates the pods for `parallelism`. Nothing runs them here: they stay Pending, like gated or unschedulable pods, which
 * delays a lease's end by a second (LEASE-12).
 *
 * @returns the current number of pods
 */
function ensurePods(store: Store, random: Random, job: Stored): number {
  const wanted = at(job.spec, 'suspend') === true ? 0 : (numberAt(job.spec, 'parallelism') ?? 1);
  const have = activePods(store, job).length;
  for (let i = have; i < wanted; i++) store.put('/pods', podOf(job, random));
  return Math.max(have, wanted);
}

function deletePods(store: Store, pods: readonly Stored[]): void {
  for (const pod of pods) store.remove('/pods', keyOfObject(pod));
}

function podOf(job: Stored, random: Random): Stored {
  const template = at(job.spec, 'template');
  const spec = at(template, 'spec');
  const gated = listAt(spec, 'schedulingGates').length > 0;
  const time = timestamp(Date.now());
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      name: `${job.metadata.name}-${random.text(5)}`,
      generateName: `${job.metadata.name}-`,
      namespace: job.metadata.namespace ?? 'default',
      uid: random.uuid(),
      resourceVersion: '',
      generation: 1,
      creationTimestamp: time,
      labels: stringMap(at(template, 'metadata', 'labels')),
      ownerReferences: [
        {
          apiVersion: job.apiVersion,
          kind: job.kind,
          name: job.metadata.name,
          uid: job.metadata.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: isRecord(spec) ? spec : {},
    status: {
      phase: 'Pending',
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          lastProbeTime: null,
          lastTransitionTime: time,
          reason: gated ? 'SchedulingGated' : 'Unschedulable',
          message: gated
            ? 'Scheduling is blocked due to non-empty scheduling gates'
            : '0/3 nodes are available.',
        },
      ],
      qosClass: 'BestEffort',
    },
  };
}

/** The next status of a Job, and when to check again (ms from now). `ending`: its pods end before it is written. */
type JobStep = {
  readonly status?: Readonly<Record<string, unknown>>;
  readonly again?: number;
  readonly ending?: true;
  readonly event?: { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string };
};

const DEADLINE = { reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' };
type Why = { readonly reason: string; readonly message: string };

const REACHED = { reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' };
const FAILED = { type: 'Warning', ...DEADLINE } as const;
const COMPLETED = { type: 'Normal', reason: 'Completed', message: 'Job completed' } as const;
const SUSPENDED = { type: 'Normal', reason: 'Suspended', message: 'Job suspended' } as const;
const RESUMED = { type: 'Normal', reason: 'Resumed', message: 'Job resumed' } as const;

/** Whether a Job has ended: `Complete` or `Failed`. */
function isFinished(job: Stored): boolean {
  return hasCondition(job, 'Complete') || hasCondition(job, 'Failed');
}

/** When a Job ended, ms since the epoch; undefined while it runs. */
function finishedAt(job: Stored): number | undefined {
  const end = listAt(job.status, 'conditions').find(
    (item) =>
      ['Complete', 'Failed'].includes(textAt(item, 'type') ?? '') && textAt(item, 'status') === 'True',
  );
  const time = Date.parse(textAt(end, 'lastTransitionTime') ?? '');
  return Number.isNaN(time) ? undefined : time;
}

/**
 * The next step of the job controller (LEASE-1, LEASE-3, LEASE-7): sets `startTime`, truncated to seconds; fails the Job
 * at `startTime + activeDeadlineSeconds`, in two writes (`FailureTarget`, then `Failed`); completes `completions: 0` at
 * once; a suspended Job loses its startTime and gets a new one on resume.
 *
 * @param now ms since the epoch
 */
function syncJob(job: Stored, now: number): JobStep {
  const time = timestamp(now);
  const before = isRecord(job.status) ? job.status : {};
  const base: Record<string, unknown> = { ...before, terminating: 0, uncountedTerminatedPods: {}, ready: 0 };
  const conditions = listAt(before, 'conditions');
  const add = (type: string, why: Why, status = 'True'): readonly unknown[] => [
    ...conditions.filter((item) => textAt(item, 'type') !== type),
    { type, status, lastProbeTime: time, lastTransitionTime: time, ...why },
  ];

  if (hasCondition(job, 'FailureTarget')) {
    return { status: { ...base, conditions: add('Failed', DEADLINE) }, ending: true, event: FAILED };
  }
  if (hasCondition(job, 'SuccessCriteriaMet')) {
    const status = { ...base, conditions: add('Complete', REACHED), completionTime: time };
    return { status, ending: true, event: COMPLETED };
  }
  if (at(job.spec, 'suspend') === true) {
    if (hasCondition(job, 'Suspended')) return {};
    const { startTime: _reset, ...rest } = base;
    const why = { reason: 'JobSuspended', message: 'Job suspended' };
    return { status: { ...rest, conditions: add('Suspended', why) }, event: SUSPENDED };
  }
  if (hasCondition(job, 'Suspended')) {
    const why = { reason: 'JobResumed', message: 'Job resumed' };
    const status = { ...base, startTime: time, conditions: add('Suspended', why, 'False') };
    return { status, event: RESUMED };
  }
  const start = textAt(before, 'startTime');
  const running = { ...base, startTime: start ?? time };
  if (numberAt(job.spec, 'completions') === 0) {
    return { status: { ...running, conditions: add('SuccessCriteriaMet', REACHED) } };
  }
  if (start === undefined) return { status: running };
  const seconds = numberAt(job.spec, 'activeDeadlineSeconds');
  if (seconds === undefined) return {};
  const left = Date.parse(start) + seconds * 1_000 - now;
  return left > 0 ? { again: left } : { status: { ...running, conditions: add('FailureTarget', DEADLINE) } };
}

function hasCondition(job: Stored, type: string): boolean {
  return listAt(job.status, 'conditions').some(
    (item) => textAt(item, 'type') === type && textAt(item, 'status') === 'True',
  );
}
