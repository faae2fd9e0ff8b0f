import type { Hook } from '../core/common/common.ts';
import { type BackOff, delayAfter, pause } from '../wait.ts';
import { runProgram } from './program.ts';
import type { Claimed, Queue } from './queue.ts';
import { hookKey, hookName, type Outcome } from './sink.ts';
import { post } from './webhook.ts';

/** Gets what went wrong, and the next step. */
export type Tell = (message: string, hint: string) => void;

/** Delivers the notices of one hook, one after the other. */
export type Courier = {
  /** There is something new. */
  readonly wake: () => void;
  /** Delivers what waits, until the first failure or until `late` aborts; then stops. Never rejects. */
  readonly finish: (late: AbortSignal) => Promise<void>;
};

export type CourierOptions = {
  readonly hook: Hook;
  readonly queue: Queue;
  /** The first wait after a failure, ms. */
  readonly backOff: number;
  readonly onTrouble: Tell;
};

/** The longest wait after failures, and the longest that an answer may ask for, ms. */
const LONGEST_WAIT = 300_000;
const LONGEST_ASKED = 3_600_000;

/** How often the queue is looked at for what other processes have left, ms. */
const LOOK_EVERY = 30_000;

/**
 * Starts to deliver to a hook. A failure is told once, until a delivery succeeds again, and holds back what comes later;
 * the waits after it grow (GRANT-51).
 */
export function startCourier({ hook, queue, backOff, onTrouble }: CourierOptions): Courier {
  const stop = new AbortController();
  const ending = new AbortController();
  let news = new AbortController();
  let told = false;
  let failures = 0;
  const limits: BackOff = { base: backOff, cap: LONGEST_WAIT };

  const trouble = (why: string, hint: string) => {
    if (told) return;
    told = true;
    onTrouble(`The hook ${hookName(hook)} ${why}.`, hint);
  };

  const settle = async (claimed: Claimed, outcome: Outcome): Promise<number> => {
    if (outcome.ok) {
      await claimed.done();
      failures = 0;
      told = false;
      return 0;
    }
    if (outcome.refused === true) {
      await claimed.done();
      trouble(`${outcome.why}, and did not get ${claimed.id}`, 'Check hooks in the configuration file.');
      return 0;
    }
    await claimed.release();
    if (stop.signal.aborted) return 0;
    failures += 1;
    trouble(
      outcome.why,
      'Check hooks in the configuration file; it is tried again, and told once. What waits is kept for three days.',
    );
    const asked = Math.min(outcome.after ?? 0, LONGEST_ASKED);
    return Math.max(asked, delayAfter(failures, limits, 0.5 + Math.random() / 2));
  };

  const work = async () => {
    while (!stop.signal.aborted) {
      // Before looking, so that what comes meanwhile is not slept through.
      news = new AbortController();
      const claimed = await queue.claim(hookKey(hook));
      const wait =
        claimed === undefined ? LOOK_EVERY : await settle(claimed, await deliver(hook, claimed, stop.signal));
      if (wait === 0) continue;
      if (ending.signal.aborted) return;
      const wake = claimed === undefined ? [news.signal, ending.signal] : [ending.signal];
      await pause(wait, AbortSignal.any(wake)).catch(() => undefined);
      if (claimed !== undefined && ending.signal.aborted) return;
    }
  };
  const working = work().catch((error: unknown) =>
    trouble(
      `could not be told: ${error instanceof Error ? error.message : String(error)}`,
      'Check the state folder of sluice.',
    ),
  );

  return {
    wake: () => news.abort(),
    finish: async (late) => {
      ending.abort();
      const onLate = () => stop.abort();
      if (late.aborted) onLate();
      late.addEventListener('abort', onLate, { once: true });
      await working;
    },
  };
}

function deliver(hook: Hook, { body, id }: Claimed, signal: AbortSignal): Promise<Outcome> {
  return hook.exec === undefined ? post(hook, body, id, signal) : runProgram(hook.exec, body, signal);
}
