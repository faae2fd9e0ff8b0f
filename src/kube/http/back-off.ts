import { setTimeout as sleep } from 'node:timers/promises';

/** How waiting times grow: `base` ms doubled for each failure, `cap` ms at most. */
export type BackOff = { readonly base: number; readonly cap: number };

/**
 * The time to wait after `failures` failures in a row (1 or more), ms: anything up to the doubled base, evenly, so
 * that many clients do not come back at once (full jitter).
 *
 * @param random from 0 to 1
 */
export function delayAfter(failures: number, { base, cap }: BackOff, random: number): number {
  return Math.round(Math.min(cap, base * 2 ** Math.max(0, failures - 1)) * random);
}

/** Waits; rejects with the signal's reason when it aborts. */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch {
    signal?.throwIfAborted();
  }
}
