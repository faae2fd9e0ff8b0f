/* How the screen is divided, depending on its size. */

import type { PaneId } from '../../src/session/session.ts';

export { scrollTo } from './scroll.ts';

export type Size = { readonly columns: number; readonly rows: number };

/** Below this nothing is readable; the app says so and waits. */
export const SMALLEST: Size = { columns: 60, rows: 15 };

/** From this width on, all four panes are side by side. */
const WIDE: Size = { columns: 120, rows: 20 };

/** A pane's place; the border of a `bordered` pane takes one line or column on each side. */
export type PanePlace = Size & { readonly pane: PaneId; readonly bordered: boolean };

/**
 * Where everything is. Lines add up to the terminal's rows: header, path bar and key hints in every layout, plus a line
 * of tabs where only one pane fits.
 */
export type Layout =
  | { readonly type: 'too-small' }
  | { readonly type: 'one'; readonly place: PanePlace; readonly tabs: boolean }
  | {
      readonly type: 'wide';
      readonly left: readonly [PanePlace, PanePlace];
      readonly right: readonly [PanePlace, PanePlace];
    };

/** The layout at a size: four panes, the zoomed one, or one at a time. */
export function layoutOf(size: Size, focus: PaneId, zoomed: boolean): Layout {
  if (size.columns < SMALLEST.columns || size.rows < SMALLEST.rows) return { type: 'too-small' };
  const wide = size.columns >= WIDE.columns && size.rows >= WIDE.rows;
  if (!wide) return one(size, focus, size.rows - 4, true);
  return zoomed ? one(size, focus, size.rows - 3, false) : four(size);
}

function one({ columns }: Size, pane: PaneId, rows: number, tabs: boolean): Layout {
  return { type: 'one', tabs, place: { pane, columns, rows, bordered: !tabs } };
}

function four({ columns, rows }: Size): Layout {
  const body = rows - 3;
  const leftColumns = Math.min(Math.round(columns * 0.45), 96);
  const lower = Math.min(16, Math.max(6, Math.round(body * 0.33)));
  const place = (pane: PaneId, width: number, height: number): PanePlace => ({
    pane,
    columns: width,
    rows: height,
    bordered: true,
  });
  return {
    type: 'wide',
    left: [place('pods', leftColumns, body - lower), place('policies', leftColumns, lower)],
    right: [
      place('attempts', columns - leftColumns, body - lower),
      place('grants', columns - leftColumns, lower),
    ],
  };
}

/** The places of a layout, in the order of their digits. */
export function placesOf(layout: Layout): readonly PanePlace[] {
  switch (layout.type) {
    case 'too-small':
      return [];
    case 'one':
      return [layout.place];
    case 'wide':
      return [...layout.left, ...layout.right];
  }
}

/** Lines inside a pane's border, titles included. */
export function innerRows(place: PanePlace): number {
  return place.bordered ? place.rows - 2 : place.rows;
}

/** Columns inside a pane's border. */
export function innerColumns(place: PanePlace): number {
  return place.bordered ? place.columns - 2 : place.columns;
}
