import type { AttemptVerdict } from './attempt.ts';

/** Attempts that got their verdict within one second; `time` is the start of that second, local, ms. */
export type RateSample = {
  readonly time: number;
  readonly allow: number;
  readonly drop: number;
  readonly other: number;
  readonly flows: number;
};

export type Rates = {
  verdict(verdict: AttemptVerdict, now: number): void;
  flows(count: number, now: number): void;
  /** One sample a second up to the last whole one, silent seconds included; newest last, at most `SAMPLES`. */
  samples(now: number): readonly RateSample[];
  /** Flows a second over the last whole seconds. */
  rate(now: number): number;
};

/** Seconds kept, for the charts. */
export const SAMPLES = 120;

/** Seconds that the rate is averaged over. */
const RATE_SECONDS = 3;

type Bucket = { second: number; allow: number; drop: number; other: number; flows: number };

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
    verdict(verdict, now) {
      const target = bucket(now);
      if (verdict === 'allow' || verdict === 'l7') target.allow += 1;
      else if (verdict === 'drop') target.drop += 1;
      else if (verdict !== 'pending') target.other += 1;
    },
    flows(count, now) {
      bucket(now).flows += count;
    },
    samples(now) {
      const current = Math.floor(now / 1000);
      const from = Math.max(begun ?? current, current - SAMPLES);
      const found: RateSample[] = [];
      for (let second = from; second < current; second += 1) {
        const { allow, drop, other, flows } = at(second);
        found.push({ time: second * 1000, allow, drop, other, flows });
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

function slotOf(second: number): number {
  const slots = SAMPLES + 1;
  return ((second % slots) + slots) % slots;
}

function empty(second: number): Bucket {
  return { second, allow: 0, drop: 0, other: 0, flows: 0 };
}
