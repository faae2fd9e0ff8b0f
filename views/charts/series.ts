import type { SessionState } from '../../src/session/session.ts';
import type { Tone } from '../text/text.ts';

/** Attempts of one kind over time, one value for each interval. */
export type Series = {
  readonly sign: string;
  readonly name: string;
  readonly tone: Tone;
  readonly values: readonly number[];
};

/** Curves on one time axis: `times` has the beginning of each interval, `seconds` their length. */
export type Curves = {
  readonly seconds: number;
  readonly times: readonly number[];
  readonly series: readonly Series[];
};

/** Lengths of an interval, s: the first with which everything fits into `POINTS`. */
const INTERVALS = [1, 2, 5, 10, 15] as const;

const POINTS = 60;

/**
 * Attempts let through and dropped, and neither if there were any. Intervals begin at round times, so that a curve moves
 * on by whole intervals and keeps its shape; those that are not complete are left out.
 */
export function curvesOf(samples: SessionState['samples']): Curves {
  const seconds = INTERVALS.find((length) => samples.length / length <= POINTS) ?? 15;
  const sums = new Map<number, { allow: number; drop: number; other: number; samples: number }>();
  for (const { time, allow, drop, other } of samples) {
    const start = Math.floor(time / 1000 / seconds) * seconds * 1000;
    const sum = sums.get(start) ?? { allow: 0, drop: 0, other: 0, samples: 0 };
    sums.set(start, {
      allow: sum.allow + allow,
      drop: sum.drop + drop,
      other: sum.other + other,
      samples: sum.samples + 1,
    });
  }
  const whole = [...sums].filter(([, sum]) => sum.samples === seconds);
  const values = (kind: 'allow' | 'drop' | 'other') => whole.map(([, sum]) => sum[kind]);
  const others = values('other');
  return {
    seconds,
    times: whole.map(([start]) => start),
    series: [
      { sign: '✓', name: 'allowed', tone: 'good', values: values('allow') },
      { sign: '✗', name: 'dropped', tone: 'bad', values: values('drop') },
      ...(others.some((value) => value > 0)
        ? [{ sign: '?', name: 'other', tone: 'warn', values: others } as const]
        : []),
    ],
  };
}

/** Round steps for an axis of whole numbers, so that the highest of `marks` marks is at or above `most`. */
export function stepOf(most: number, marks: number): number {
  const least = Math.max(1, Math.ceil(most / marks));
  const decade = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * decade).find((step) => step >= least) ?? least;
}
