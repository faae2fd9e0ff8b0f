import fc from 'fast-check';
import { expect, test } from 'vitest';
import { layoutOf, placesOf } from '../../../views/layout/layout.ts';
import { scrollTo } from '../../../views/layout/scroll.ts';

test('wide terminals show four panes, narrow ones the one in focus, tiny ones none', () => {
  const panes = (columns: number, rows: number, zoomed = false) =>
    placesOf(layoutOf({ columns, rows }, 'attempts', zoomed)).map(({ pane }) => pane);
  expect(panes(120, 30)).toEqual(['pods', 'policies', 'attempts', 'grants']);
  expect(panes(120, 30, true)).toEqual(['attempts']);
  expect(panes(119, 50)).toEqual(['attempts']);
  expect(panes(60, 15)).toEqual(['attempts']);
  expect(panes(59, 40)).toEqual([]);
});

test('panes fill the body exactly, at any size', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 60, max: 400 }),
      fc.integer({ min: 15, max: 120 }),
      fc.boolean(),
      (columns, rows, zoomed) => {
        const layout = layoutOf({ columns, rows }, 'pods', zoomed);
        const area = placesOf(layout).reduce((sum, place) => sum + place.columns * place.rows, 0);
        const bars = layout.type === 'one' && layout.tabs ? 4 : 3;
        expect(area).toBe(columns * (rows - bars));
        for (const place of placesOf(layout)) expect(place.rows).toBeGreaterThan(4);
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
