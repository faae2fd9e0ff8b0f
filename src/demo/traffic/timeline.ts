/** Scheduled actions, in order, in virtual time (ms since the epoch). */
export type Timeline = {
  readonly at: (time: number, run: (time: number) => void) => void;
  /** Runs everything that is due until a time, each at its own time. */
  readonly advance: (until: number) => void;
  /** From now on runs actions when the clock reaches them. */
  readonly follow: () => void;
  readonly stop: () => void;
};

type Entry = { readonly time: number; readonly run: (time: number) => void };

export function createTimeline(): Timeline {
  const entries: Entry[] = [];
  let timer: NodeJS.Timeout | undefined;
  let following = false;

  const at = (time: number, run: Entry['run']): void => {
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((entries[middle]?.time ?? 0) <= time) low = middle + 1;
      else high = middle;
    }
    entries.splice(low, 0, { time, run });
    if (following && low === 0) arm();
  };
  const advance = (until: number): void => {
    for (let next = entries[0]; next !== undefined && next.time <= until; next = entries[0]) {
      entries.shift();
      next.run(next.time);
    }
  };
  const arm = (): void => {
    clearTimeout(timer);
    const [next] = entries;
    if (!following || next === undefined) return;
    timer = setTimeout(
      () => {
        advance(Date.now());
        arm();
      },
      Math.max(0, next.time - Date.now()),
    );
  };
  return {
    at,
    advance,
    follow: () => {
      following = true;
      arm();
    },
    stop: () => {
      following = false;
      clearTimeout(timer);
      entries.length = 0;
    },
  };
}
