import type { Clock } from '../../core/ports/ports.ts';
import { pause } from '../../wait.ts';

/** Rejects with the reason when `signal` aborts, immediately if it already has; never resolves. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/** Timers are limited to 24.8 days and drift while the machine sleeps, so the clock is checked this often, ms. */
const LOOK_AGAIN = 1_000;

/**
 * Resolves when `now()` reaches `time`: within a millisecond or two while the machine is awake, within a second of
 * waking up if it slept.
 */
export async function until(time: () => number, now: () => number, signal: AbortSignal): Promise<void> {
  for (let left = time() - now(); left > 0; left = time() - now())
    await pause(Math.min(left, LOOK_AGAIN), signal);
}

/** Calls `ask` until it returns a value, pausing 20 ms at first and up to 250 ms, for at most `milliseconds`. */
export async function poll<T>(
  ask: () => Promise<T | undefined>,
  milliseconds: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<T | undefined> {
  const end = clock.monotonic() + milliseconds;
  for (let gap = 20; ; gap = Math.min(gap * 2, 250)) {
    const found = await ask();
    if (found !== undefined || clock.monotonic() >= end) return found;
    await pause(gap, signal);
  }
}
