/** What a controller does later. `again` under a key replaces what waits under it when it is due sooner. */
export type Work = {
  readonly after: (milliseconds: number, key: string, run: () => void) => void;
  readonly cancel: (key: string) => void;
  /** Holds back everything that comes due, as a controller that is down does; `resume` does it all at once. */
  readonly pause: () => void;
  readonly resume: () => void;
  readonly stop: () => void;
};

/** Longest delay that a timer of Node takes; later work is looked at again then. */
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
 * A client's own limit of calls, as each controller of kube-controller-manager has one: 20 a second after a burst of 30
 * by default, the garbage collector twice the rate (API-14).
 */
export type Bucket = { readonly reserve: (calls: number) => number };

/** `reserve` takes calls and gives the ms until they may be made. */
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
