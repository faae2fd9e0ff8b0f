import type { AttemptVerdict } from './attempt.ts';

/** Attempts that got their verdict within one second; `time` is the start of that second, local, ms. */
export type RateSample = Counts & { readonly time: number };

/** Attempts let through, dropped, and neither. */
type Counts = { readonly allow: number; readonly drop: number; readonly other: number };

export type Rates = {
  /** Counts an attempt, also for the namespaces of its ends. */
  verdict(verdict: AttemptVerdict, namespaces: readonly string[], now: number): void;
  flows(count: number, now: number): void;
  /**
   * One sample a second up to the last whole one, silent seconds included; newest last, at most `SAMPLES`. With a
   * namespace, only of attempts from or to it.
   */
  samples(now: number, namespace?: string): readonly RateSample[];
  /** Flows a second over the last whole seconds. */
  rate(now: number): number;
};

/** Seconds kept for the charts: as long as a usual grant. */
export const SAMPLES = 900;

/** Seconds that the rate is averaged over. */
const RATE_SECONDS = 3;

type Tally = { -readonly [K in keyof Counts]: Counts[K] };

type Bucket = {
  readonly second: number;
  readonly all: Tally;
  readonly byNamespace: Map<string, Tally>;
  flows: number;
};

export function createRates(): Rates {
  const buckets: Bucket[] = Array.from({ length: SAMPLES + 1 }, () => empty(Number.NEGATIVE_INFINITY));
  let begun: number | undefined;

  function bucket(now: number): Bucket {
    const second = Math.floor(now / 1000);
    begun ??= second;
    const slot = slotOf(second);
    const found = buckets[slot];
    if (found !== undefined && found.second >= second) return found;
    const fresh = empty(second);
    buckets[slot] = fresh;
    return fresh;
  }

  function at(second: number): Bucket {
    const found = buckets[slotOf(second)];
    return found?.second === second ? found : empty(second);
  }

  return {
    verdict(verdict, namespaces, now) {
      const target = bucket(now);
      count(target.all, verdict);
      for (const namespace of new Set(namespaces)) {
        const known = target.byNamespace.get(namespace) ?? none();
        target.byNamespace.set(namespace, known);
        count(known, verdict);
      }
    },
    flows(count, now) {
      bucket(now).flows += count;
    },
    samples(now, namespace) {
      const current = Math.floor(now / 1000);
      const from = Math.max(begun ?? current, current - SAMPLES);
      const found: RateSample[] = [];
      for (let second = from; second < current; second += 1) {
        const { all, byNamespace } = at(second);
        const counts = namespace === undefined ? all : (byNamespace.get(namespace) ?? none());
        found.push({ time: second * 1000, ...counts });
      }
      return found;
    },
    rate(now) {
      const current = Math.floor(now / 1000);
      const from = Math.max(begun ?? current, current - RATE_SECONDS);
      if (from === current) return at(current).flows;
      let sum = 0;
      for (let second = from; second < current; second += 1) sum += at(second).flows;
      return sum / (current - from);
    },
  };
}

function count(tally: Tally, verdict: AttemptVerdict): void {
  if (verdict === 'allow' || verdict === 'l7') tally.allow += 1;
  else if (verdict === 'drop') tally.drop += 1;
  else if (verdict !== 'pending') tally.other += 1;
}

function none(): Tally {
  return { allow: 0, drop: 0, other: 0 };
}

function slotOf(second: number): number {
  const slots = SAMPLES + 1;
  return ((second % slots) + slots) % slots;
}

function empty(second: number): Bucket {
  return { second, all: none(), byNamespace: new Map(), flows: 0 };
}
