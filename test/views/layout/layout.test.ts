import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type LayoutFacts, layoutOf, placesOf, type Size } from '../../../views/layout/layout.ts';
import { scrollTo } from '../../../views/layout/scroll.ts';

const facts = (change: Partial<LayoutFacts> = {}): LayoutFacts => ({
  focus: 'attempts',
  zoomed: false,
  grantLines: 0,
  ...change,
});
const panes = (size: Size, change: Partial<LayoutFacts> = {}) =>
  placesOf(layoutOf(size, facts(change))).map(({ pane }) => pane);

test('wide terminals show all panes and the path, narrow ones the one in focus, tiny ones none', () => {
  expect(panes({ columns: 120, rows: 30 })).toEqual(['attempts', 'path', 'pods', 'policies']);
  expect(panes({ columns: 200, rows: 50 })).toEqual(['attempts', 'path', 'pods', 'policies']);
  expect(panes({ columns: 120, rows: 30 }, { zoomed: true })).toEqual(['attempts']);
  expect(panes({ columns: 119, rows: 50 })).toEqual(['attempts']);
  expect(panes({ columns: 60, rows: 15 })).toEqual(['attempts']);
  expect(panes({ columns: 59, rows: 40 })).toEqual([]);
});

test('grants have a band of their own while there are some, or while they have the focus', () => {
  for (const size of [
    { columns: 120, rows: 30 },
    { columns: 200, rows: 50 },
  ]) {
    expect(panes(size)).not.toContain('grants');
    expect(panes(size, { grantLines: 2 })).toContain('grants');
    expect(panes(size, { focus: 'grants' })).toContain('grants');
  }
});

test('attempts are as wide as the terminal, until the path and the objects fit beside them', () => {
  const attempts = (columns: number, rows: number) =>
    placesOf(layoutOf({ columns, rows }, facts())).find(({ pane }) => pane === 'attempts');
  expect(attempts(120, 30)?.columns).toBe(120);
  expect(attempts(200, 30)?.columns).toBe(200);
  expect(attempts(200, 50)).toMatchObject({ columns: 128, rows: 48 });
});

test('panes fill the body exactly, at any size', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 60, max: 400 }),
      fc.integer({ min: 15, max: 120 }),
      fc.record({
        zoomed: fc.boolean(),
        focus: fc.constantFrom('pods', 'policies', 'attempts', 'grants'),
        grantLines: fc.integer({ min: 0, max: 40 }),
        wanted: fc.record({
          pods: fc.integer({ min: 0, max: 200 }),
          policies: fc.integer({ min: 0, max: 200 }),
        }),
      }),
      (columns, rows, change) => {
        const layout = layoutOf({ columns, rows }, facts(change));
        const area = placesOf(layout).reduce((sum, place) => sum + place.columns * place.rows, 0);
        const bars = layout.type === 'one' ? 2 + layout.path + (layout.tabs ? 1 : 0) : 2;
        expect(area).toBe(columns * (rows - bars));
        for (const place of placesOf(layout)) {
          expect(place.rows).toBeGreaterThanOrEqual(place.pane === 'grants' ? 3 : 5);
          expect(place.columns).toBeGreaterThanOrEqual(30);
        }
      },
    ),
  );
});

test('the window follows the cursor, no further than needed', () => {
  expect(scrollTo(0, 5, 10, 100)).toBe(0);
  expect(scrollTo(0, 10, 10, 100)).toBe(1);
  expect(scrollTo(40, 12, 10, 100)).toBe(12);
  expect(scrollTo(95, 99, 10, 100)).toBe(90);
  expect(scrollTo(90, 3, 10, 4)).toBe(0);
});
