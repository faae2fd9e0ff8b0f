import { expect, test } from 'vitest';
import { trafficBars } from '../../../src/session/rows/traffic-bars.ts';
import { createVisibleRows } from '../../../src/session/rows/visible-rows.ts';
import type { AttemptLine } from '../../../src/session/state/session-state.ts';
import { attemptLine, sessionState } from '../../helpers/session-state.ts';

const lines: readonly AttemptLine[] = [
  attemptLine({ count: 42, droppedBy: 'db-only-api' }),
  attemptLine({ from: 'backup', count: 3, droppedBy: 'db-only-api' }),
  attemptLine({ to: 'api', port: 8080, verdict: 'allow', count: 1234 }),
  // Opened by a grant: its drops stay.
  attemptLine({
    from: 'cart',
    to: 'cache',
    port: 6379,
    verdict: 'allow',
    count: 50,
    dropped: 7,
    droppedBy: 'cart-egress',
  }),
  attemptLine({ from: 'cart', to: 'db', count: 2, droppedBy: 'db-only-api-2' }),
  attemptLine({ from: 'x', to: 'db+', count: 5 }),
];

const sum = (numbers: readonly number[]) => numbers.reduce((one, other) => one + other, 0);

test('bars count what the table counts: its attempts by path, its drops by policy', () => {
  const { paths, drops } = trafficBars(lines);
  expect(sum(paths.map(({ count }) => count))).toBe(sum(lines.map(({ row }) => row.count)));
  expect(sum(drops.map(({ count }) => count))).toBe(sum(lines.map(({ row }) => row.dropped)));
  expect(drops.map(({ name, count }) => [name, count])).toEqual([
    ['db-only-api', 45],
    ['cart-egress', 7],
    ['not known', 5],
    ['db-only-api-2', 2],
  ]);
  expect(paths[0]).toMatchObject({ name: 'web → api :8080', count: 1234, dropped: 0 });
});

test('the filter of a bar finds its rows and no others', () => {
  const { paths, drops } = trafficBars(lines);
  const visibleRows = createVisibleRows();
  for (const [bars, counted] of [
    [paths, 'count'],
    [drops, 'dropped'],
  ] as const) {
    for (const { name, filter, count } of bars) {
      const state = sessionState({ attempts: lines });
      const panes = { ...state.panes, attempts: { index: 0, filter } };
      const keys = visibleRows({ ...state, panes }, 'attempts').map(({ key }) => key);
      const found = lines.filter(({ key }) => keys.includes(key));
      expect(sum(found.map(({ row }) => row[counted])), name).toBe(count);
    }
  }
});
