/** Exponential backoff: `base` ms, doubled for each failure, up to `cap` ms. */
export type BackOff = { readonly base: number; readonly cap: number };

/**
 * The time to wait after `failures` failures in a row (1 or more), ms, with full jitter, so that many clients don't
 * retry at once.
 *
 * @param random from 0 to 1
 */
export function delayAfter(failures: number, { base, cap }: BackOff, random: number): number {
  return Math.round(Math.min(cap, base * 2 ** Math.max(0, failures - 1)) * random);
}

/** Resolves after `milliseconds`, at once if not positive; rejects with the reason when `signal` aborts. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const timer = setTimeout(done, Math.max(0, milliseconds));
    function done() {
      signal?.removeEventListener('abort', stop);
      resolve();
    }
    function stop() {
      clearTimeout(timer);
      reject(signal?.reason);
    }
    signal?.addEventListener('abort', stop, { once: true });
  });
}
