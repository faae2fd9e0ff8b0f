import type { EvidenceDeps } from './evidence.ts';

/** Waits until `done()` or for `milliseconds`, looking after every batch of flows. */
export function listen(
  deps: Pick<EvidenceDeps, 'onFlows'>,
  done: () => boolean,
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const timer = setTimeout(finish, milliseconds);
    const stop = deps.onFlows(() => {
      if (done()) finish();
    });
    signal.addEventListener('abort', abort, { once: true });
    function finish() {
      clearTimeout(timer);
      stop();
      signal.removeEventListener('abort', abort);
      resolve();
    }
    function abort() {
      clearTimeout(timer);
      stop();
      reject(signal.reason);
    }
    if (done()) finish();
  });
}
