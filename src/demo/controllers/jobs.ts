import { numberAt, textAt } from '../../core/json.ts';
import type { Random } from '../random.ts';
import { deleteObject } from '../store/deletion.ts';
import { keyOfObject, type Stored } from '../store/objects.ts';
import type { Store } from '../store/store.ts';
import { tell } from './events.ts';
import { activePods, deletePods, ensurePods } from './job-pods.ts';
import { finishedAt, isFinished, syncJob } from './job-status.ts';
import { createBucket, type Work } from './work.ts';

const JOBS = 'batch/jobs';

/** ms from a change to the controller's own write. */
const REACTION = 4;

/** ms that pods of a failed Job take to end, so long `Failed` waits. */
const PODS_END = 1_050;

/** The job controller: follows every Job until `work` stops. */
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
    // The deadline may have moved either way: look again soon, and forget the old one.
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

/** A Job that names another manager is none of this controller's. */
function isOurs(job: Stored): boolean {
  const manager = textAt(job.spec, 'managedBy');
  return manager === undefined || manager === 'kubernetes.io/job-controller';
}
