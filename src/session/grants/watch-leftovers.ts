import { asSluiceError, SluiceError } from '../../core/common/common.ts';
import { type Finding, findLeftovers, MANAGED_SELECTOR } from '../../core/grants/grants.ts';
import { delayAfter, pause } from '../../wait.ts';
import { findObjects, JOBS, POLICIES } from './find-grants.ts';
import type { GrantDeps } from './record.ts';
import { type Swept, sweepFound } from './revoke-found.ts';

/**
 * What a sweeper tells: that it looks on, again after trouble; that it can't look; what it removed, or tried to; what it
 * found that is not to be swept.
 */
export type SweepEvent =
  | { readonly event: 'watching' }
  | { readonly event: 'waiting'; readonly message: string }
  | { readonly event: 'swept'; readonly finding: Finding; readonly end: Swept }
  | { readonly event: 'told'; readonly finding: Finding };

/** All in ms. */
export type SweepTimes = {
  /** How long something is a leftover before it is removed: what the cluster is about to remove anyway is gone by then. */
  readonly settle: number;
  /** How much longer, at most and at random, so that of several sweepers one comes first. */
  readonly spread: number;
  /** How often to look although nothing changed: time alone makes leftovers. */
  readonly period: number;
  /** The shortest time between two looks. */
  readonly gap: number;
  /** One that could not be removed is tried again after the first, and after twice as long each time, up to the second. */
  readonly again: { readonly base: number; readonly cap: number };
  /** How long a removal that has begun may take once `signal` aborts. */
  readonly grace: number;
};

const TIMES: SweepTimes = {
  settle: 5_000,
  spread: 3_000,
  period: 30_000,
  gap: 1_000,
  again: { base: 30_000, cap: 3_600_000 },
  grace: 3_000,
};

/** Errors that waiting can't mend, at the start. */
const HOPELESS: readonly string[] = ['forbidden', 'unauthenticated', 'unsupported', 'usage', 'config'];

export type SweepWatch = {
  /** Absent: everywhere. */
  readonly namespace?: string;
  /** Server time by which leftovers are judged, ms. */
  readonly now: () => number;
  readonly tell: (event: SweepEvent) => void;
  readonly times?: Partial<SweepTimes>;
};

/**
 * Sweeps leftovers as they appear, until `signal` aborts (GRANT-70): judged as by `sweep`, each one twice, some seconds
 * apart. Any number of processes may do so at once: a DELETE names the UID, and one that comes second finds nothing.
 *
 * @throws SluiceError if the first look is refused
 */
export async function watchLeftovers(deps: GrantDeps, watch: SweepWatch, signal: AbortSignal): Promise<void> {
  const { namespace, tell } = watch;
  const times = { ...TIMES, ...watch.times };
  const alarm = createAlarm();
  const round = createRound(deps, watch, times, signal);
  const stop = new AbortController();
  const within = AbortSignal.any([signal, stop.signal]);
  const where = namespace === undefined ? {} : { namespace };
  const refused = Promise.withResolvers<never>();
  refused.promise.catch(() => undefined);
  const following = [POLICIES, JOBS].map((collection) =>
    deps.api
      .follow({ ...collection, ...where }, MANAGED_SELECTOR, alarm.ring, within)
      .catch((error: unknown) => {
        if (!within.aborted) refused.reject(error);
      }),
  );
  let trouble = '';
  let failures = 0;
  let isFirst = true;
  try {
    while (!signal.aborted) {
      let wait: number;
      alarm.reset();
      try {
        wait = await Promise.race([round(), refused.promise]);
        if (isFirst || failures > 0) tell({ event: 'watching' });
        [isFirst, failures, trouble] = [false, 0, ''];
      } catch (error) {
        if (signal.aborted) break;
        const { message, code } = asSluiceError(error);
        if (isFirst && HOPELESS.includes(code)) throw error;
        failures += 1;
        if (message !== trouble) tell({ event: 'waiting', message });
        trouble = message;
        wait = delayAfter(failures, { base: times.gap * 2, cap: times.period }, 1);
      }
      await pause(times.gap, signal).catch(() => undefined);
      await alarm.rung(wait, signal);
    }
  } finally {
    stop.abort(new SluiceError('interrupted', 'The sweeper has ended.', ''));
    await Promise.all(following);
  }
}

/** What is known of something that was found. */
type Known = { told: string; due: number; tries: number };

/** Looks once and does what is due; gives how long to wait for the next look at most, ms. */
function createRound(
  deps: GrantDeps,
  { namespace, now, tell }: SweepWatch,
  times: SweepTimes,
  signal: AbortSignal,
): () => Promise<number> {
  const { monotonic } = deps.clock;
  const known = new Map<string, Known>();

  const sweepIfDue = async (finding: Finding, item: Known) => {
    if (monotonic() < item.due) return;
    const end = await within(sweepFound(deps, finding.grant, finding.why), times.grace, signal);
    if (end === undefined) return;
    item.tries += 1;
    item.due = monotonic() + delayAfter(item.tries, times.again, 1);
    const outcome = JSON.stringify([end.left, end.unrecorded]);
    if (outcome !== item.told) tell({ event: 'swept', finding, end });
    item.told = outcome;
  };

  const report = (finding: Finding, item: Known) => {
    const text = finding.why.join('\n');
    if (text !== item.told) tell({ event: 'told', finding });
    item.told = text;
  };

  return async () => {
    const findings = findLeftovers(await findObjects(deps.api, namespace, signal), now());
    const keys = new Set(findings.map(keyOf));
    for (const key of known.keys()) if (!keys.has(key)) known.delete(key);
    for (const finding of findings) {
      if (signal.aborted) break;
      const fresh = { told: '', due: monotonic() + times.settle + Math.random() * times.spread, tries: 0 };
      const item = known.get(keyOf(finding)) ?? fresh;
      known.set(keyOf(finding), item);
      if (finding.state === 'leftover') await sweepIfDue(finding, item);
      else if (finding.state !== 'making') report(finding, item);
    }
    const dues = findings.flatMap((finding) =>
      finding.state === 'leftover' ? [(known.get(keyOf(finding))?.due ?? 0) - monotonic()] : [],
    );
    return Math.max(0, Math.min(times.period, ...dues));
  };
}

/** The objects by UID, as a name may come back. */
function keyOf({ state, name, grant }: Finding): string {
  const uids = grant.halves.flatMap(({ policy, lease }) => [policy?.uid, lease?.uid]);
  return [state, name, ...uids].join(' ');
}

/** The outcome of work, or undefined if it takes more than `grace` ms after `signal` aborted. */
async function within<T>(work: Promise<T>, grace: number, signal: AbortSignal): Promise<T | undefined> {
  const late = new AbortController();
  const over = Promise.withResolvers<undefined>();
  const count = () => {
    pause(grace, late.signal).then(
      () => over.resolve(undefined),
      () => undefined,
    );
  };
  if (signal.aborted) count();
  else signal.addEventListener('abort', count, { once: true });
  try {
    return await Promise.race([work, over.promise]);
  } finally {
    signal.removeEventListener('abort', count);
    late.abort();
  }
}

/** Wakes who waits for a change. */
function createAlarm() {
  let bell = Promise.withResolvers<void>();
  return {
    ring: () => bell.resolve(),
    reset: () => {
      bell = Promise.withResolvers<void>();
    },
    /** Resolves at the next ring since the reset, after `milliseconds`, or when `signal` aborts. */
    rung: async (milliseconds: number, signal: AbortSignal) => {
      const late = new AbortController();
      const waited = pause(milliseconds, AbortSignal.any([signal, late.signal])).catch(() => undefined);
      await Promise.race([bell.promise, waited]);
      late.abort();
    },
  };
}
