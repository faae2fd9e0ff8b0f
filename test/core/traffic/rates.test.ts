import { describe, expect, it } from 'vitest';
import { createFold } from '../../../src/core/traffic/fold.ts';
import { delivered, dropped, START, sent, web } from '../../helpers/flows.ts';

describe('samples', () => {
  it('count each attempt in the second in which its verdict is known', () => {
    const fold = createFold();
    fold.add([delivered(), sent({ source: { ...web, port: 1 } })], START);
    fold.add(dropped('ingress', { source: { ...web, port: 2 } }), START + 1_500);
    fold.add([], START + 2_600);
    expect(fold.samples(START + 4_000)).toEqual([
      { time: START, allow: 1, drop: 0, other: 0 },
      { time: START + 1_000, allow: 0, drop: 1, other: 0 },
      { time: START + 2_000, allow: 1, drop: 0, other: 0 },
      { time: START + 3_000, allow: 0, drop: 0, other: 0 },
    ]);
  });

  it('leave out the second that is not over', () => {
    const fold = createFold();
    fold.add([delivered()], START);
    expect(fold.samples(START + 999)).toEqual([]);
    expect(fold.samples(START + 1_000)).toHaveLength(1);
  });

  it('go back fifteen minutes, silent seconds included', () => {
    const fold = createFold();
    fold.add([delivered()], START);
    const samples = fold.samples(START + 2_000_000);
    expect(samples).toHaveLength(900);
    expect(samples[0]?.time).toBe(START + 1_100_000);
    expect(samples.every(({ allow }) => allow === 0)).toBe(true);
  });

  it('count an attempt once as dropped, as its row does, whatever becomes of it', () => {
    const fold = createFold();
    fold.add(dropped('ingress'), START);
    fold.add([delivered({ at: 1_000 })], START + 1_000);
    expect(fold.samples(START + 2_000)).toMatchObject([{ drop: 1 }, { allow: 0 }]);
    expect(fold.rows(START + 2_000)).toMatchObject([{ count: 1, dropped: 1, verdict: 'allow' }]);
    fold.add(dropped('ingress', { at: 2_000 }), START + 2_000);
    expect(fold.samples(START + 3_000)).toMatchObject([{ drop: 1 }, { allow: 0 }, { drop: 0 }]);
    expect(fold.rows(START + 3_000)).toMatchObject([{ count: 1, dropped: 1, verdict: 'drop' }]);
  });

  it('are those from or to a namespace', () => {
    const fold = createFold();
    const other = (port: number) => ({ ...web, namespace: 'other', port });
    fold.add([delivered(), delivered({ source: other(7) })], START);
    fold.add([delivered({ source: other(8), destination: { ...other(80), ip: '10.9.9.9' } })], START);
    const allowed = (namespace?: string) => fold.samples(START + 1_000, namespace).map(({ allow }) => allow);
    expect(allowed()).toEqual([3]);
    expect(allowed('shop')).toEqual([2]);
    expect(allowed('other')).toEqual([2]);
    expect(allowed('nowhere')).toEqual([0]);
  });
});

describe('the rate', () => {
  it('is the mean of the last three whole seconds', () => {
    const fold = createFold();
    for (const [second, count] of [9, 3, 6, 0].entries()) {
      fold.add(
        Array.from({ length: count }, (_, index) => delivered({ source: { ...web, port: index + 1 } })),
        START + second * 1_000,
      );
    }
    expect(fold.rate(START + 3_000)).toBe(6);
    expect(fold.rate(START + 4_000)).toBe(3);
    expect(fold.rate(START + 60_000)).toBe(0);
  });
});
