/**
 * Finds flows that came before. A repetition is only to be expected when a stream was opened anew, so flows are
 * merely noted the rest of the time, which costs a tenth.
 */
export type Repeats = {
  /** A stream begins: from now on repetitions are looked for. */
  watch(): void;
  /** Nothing from before is to come any more: `PATIENCE` ms from now, repetitions are expected no longer. */
  relax(): void;
  /** Notes the flow; whether it is a repetition. */
  isRepeated(uuid: string): boolean;
};

/** Flows that a following stream still holds back when those from before have all come, at most this old. */
const PATIENCE = 10_000;

/** Remembers the last `limit` flows. */
export function createRepeats(limit: number): Repeats {
  const noted: string[] = [];
  let next = 0;
  let known: Set<string> | undefined;
  let until = Number.POSITIVE_INFINITY;
  return {
    watch() {
      known = new Set(noted);
      until = Number.POSITIVE_INFINITY;
    },
    relax() {
      until = performance.now() + PATIENCE;
    },
    isRepeated(uuid) {
      if (known !== undefined) {
        if (known.has(uuid)) return true;
        if (performance.now() > until) known = undefined;
        else known.add(uuid);
      }
      noted[next] = uuid;
      next = (next + 1) % limit;
      return false;
    },
  };
}
