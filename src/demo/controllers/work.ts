/** Delayed work of a controller. Work under a key replaces pending work under that key if it is due sooner. */
export type Work = {
  readonly after: (milliseconds: number, key: string, run: () => void) => void;
  readonly cancel: (key: string) => void;
  /** Delays all due work, like a controller that is down; `resume` runs it all at once. */
  readonly pause: () => void;
  readonly resume: () => void;
  readonly stop: () => void;
};

/** Longest delay of a Node timer; later work is rescheduled then. */
const LONGEST = 2 ** 31 - 1;

export function createWork(): Work {
  const waiting = new Map<string, { readonly timer: NodeJS.Timeout; readonly due: number }>();
  const held = new Map<string, () => void>();
  let paused = false;
  let stopped = false;

  const after = (milliseconds: number, key: string, run: () => void): void => {
    if (stopped) return;
    const due = performance.now() + milliseconds;
    const known = waiting.get(key);
    if (known !== undefined) {
      if (known.due <= due) return;
      clearTimeout(known.timer);
    }
    const timer = setTimeout(
      () => {
        waiting.delete(key);
        if (milliseconds > LONGEST) after(milliseconds - LONGEST, key, run);
        else if (paused) held.set(key, run);
        else run();
      },
      Math.min(milliseconds, LONGEST),
    );
    waiting.set(key, { timer, due });
  };

  return {
    after,
    cancel: (key) => {
      clearTimeout(waiting.get(key)?.timer);
      waiting.delete(key);
    },
    pause: () => {
      paused = true;
    },
    resume: () => {
      paused = false;
      const due = [...held];
      held.clear();
      for (const [key, run] of due) after(0, key, run);
    },
    stop: () => {
      stopped = true;
      for (const { timer } of waiting.values()) clearTimeout(timer);
      waiting.clear();
      held.clear();
    },
  };
}

/**
 * Client-side rate limit, as each controller of kube-controller-manager has: 20 calls a second after a burst of 30 by
 * default, twice the rate for the garbage collector (API-14).
 */
export type Bucket = { readonly reserve: (calls: number) => number };

/** `reserve` reserves calls and returns the ms until they may be made. */
export function createBucket(perSecond: number, burst: number): Bucket {
  let tokens = burst;
  let filled = performance.now();
  return {
    reserve: (calls) => {
      const now = performance.now();
      tokens = Math.min(burst, tokens + ((now - filled) * perSecond) / 1_000);
      filled = now;
      tokens -= calls;
      return tokens >= 0 ? 0 : (-tokens * 1_000) / perSecond;
    },
  };
}
