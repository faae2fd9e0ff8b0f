import { expect, test } from 'vitest';
import { curvesOf, stepOf } from '../../../views/charts/series.ts';
import { NOW } from '../../helpers/session-state.ts';

const second = (index: number) => ({ time: NOW + index * 1000, allow: 2, drop: index % 2, other: 0 });
const seconds = (count: number) => Array.from({ length: count }, (_, index) => second(index));

test('a longer time is told in longer intervals, whole ones at round times', () => {
  expect(curvesOf(seconds(60)).seconds).toBe(1);
  expect(curvesOf(seconds(61)).seconds).toBe(2);
  expect(curvesOf(seconds(900)).seconds).toBe(15);
  // NOW is 12:04:11: the first whole interval of 5 s is that of 12:04:15, and 12:08:10 is not over.
  const { times, series } = curvesOf(seconds(241));
  expect(times.map((time) => (time - NOW) / 1000)).toEqual(
    Array.from({ length: 47 }, (_, index) => 4 + index * 5),
  );
  expect(series.map(({ name, values }) => [name, new Set(values)])).toEqual([
    ['allowed', new Set([10])],
    ['dropped', new Set([2, 3])],
  ]);
});

test('what is neither allowed nor dropped has a curve only if there was any', () => {
  const samples = seconds(10);
  expect(curvesOf(samples).series).toHaveLength(2);
  expect(curvesOf([...samples, { ...second(10), other: 1 }]).series[2]).toMatchObject({
    sign: '?',
    name: 'other',
  });
});

test('steps of the axis are round whole numbers that reach the highest value', () => {
  for (const most of [0, 1, 3, 4, 5, 17, 99, 100, 1_234, 40_001]) {
    const step = stepOf(most, 4);
    expect(String(step)).toMatch(/^(?:1|2|5)0*$/);
    expect(step * 4).toBeGreaterThanOrEqual(most);
  }
});
