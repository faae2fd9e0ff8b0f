import { at, isRecord, listAt, numberAt, textAt } from '../../core/json.ts';
import { type Stored, timestamp } from '../store/objects.ts';

/** The next status of a Job, and when to look again (ms from now). `ending`: its pods go before it is written. */
export type JobStep = {
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
export function isFinished(job: Stored): boolean {
  return hasCondition(job, 'Complete') || hasCondition(job, 'Failed');
}

/** When a Job ended, ms since the epoch; undefined while it runs. */
export function finishedAt(job: Stored): number | undefined {
  const end = listAt(job.status, 'conditions').find(
    (item) =>
      ['Complete', 'Failed'].includes(textAt(item, 'type') ?? '') && textAt(item, 'status') === 'True',
  );
  const time = Date.parse(textAt(end, 'lastTransitionTime') ?? '');
  return Number.isNaN(time) ? undefined : time;
}

/**
 * What the job controller does with a Job (LEASE-1, LEASE-3, LEASE-7): sets `startTime`, cut to the second; fails it at
 * `startTime + activeDeadlineSeconds`, in two writes (`FailureTarget`, then `Failed`); completes `completions: 0` at
 * once; a suspended Job loses its startTime and gets a new one when it resumes.
 *
 * @param now ms since the epoch
 */
export function syncJob(job: Stored, now: number): JobStep {
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
