/* How the screen is divided, depending on its size. */

import type { PaneId } from '../../src/session/session.ts';

export { scrollTo } from './scroll.ts';

export type Size = { readonly columns: number; readonly rows: number };

/** Below this no table is readable; the app says so, and shows the living grants. */
export const SMALLEST: Size = { columns: 60, rows: 15 };

/** From this size on, attempts have the full width, above the path and the objects. */
const WIDE: Size = { columns: 120, rows: 26 };

/** From this size on, the path and the objects are beside the attempts. */
const HUGE: Size = { columns: 190, rows: 36 };

/** A pane, or the path of the row under the cursor. */
export type PlaceId = PaneId | 'path';

/** A pane's place; the border of a `bordered` pane takes one line or column on each side. */
export type PanePlace = Size & { readonly pane: PlaceId; readonly bordered: boolean };

/** Places side by side, or one below the other, with their total size. */
export type Split = Size & {
  readonly direction: 'row' | 'column';
  readonly parts: readonly (PanePlace | Split)[];
};

/**
 * Where everything is. Lines add up to the terminal's rows: header and key hints in every layout; where only one pane
 * fits, also a line of tabs and `path` lines about the path.
 */
export type Layout =
  | { readonly type: 'too-small' }
  | { readonly type: 'one'; readonly place: PanePlace; readonly tabs: boolean; readonly path: number }
  | { readonly type: 'wide'; readonly body: Split };

/**
 * What decides the layout beside the size. `wanted`: columns for the longest names among the pods and policies; `lint`
 * more show what is wrong with a policy.
 */
export type LayoutFacts = {
  readonly focus: PaneId;
  readonly zoomed: boolean;
  /** Lines that the grants need: their pane is there while there are some, or while it has the focus. */
  readonly grantLines: number;
  readonly wanted?: { readonly pods: number; readonly policies: number; readonly lint?: number };
};

/** The layout at a size: all panes, the zoomed one, or one at a time. */
export function layoutOf(size: Size, facts: LayoutFacts): Layout {
  if (size.columns < SMALLEST.columns || size.rows < SMALLEST.rows) return { type: 'too-small' };
  const wide = size.columns >= WIDE.columns && size.rows >= WIDE.rows;
  if (!wide) return one(size, facts.focus, true);
  if (facts.zoomed) return one(size, facts.focus, false);
  const huge = size.columns >= HUGE.columns && size.rows >= HUGE.rows;
  const body = { columns: size.columns, rows: size.rows - 2 };
  return { type: 'wide', body: huge ? beside(body, facts) : below(body, facts) };
}

function one({ columns, rows }: Size, pane: PaneId, tabs: boolean): Layout {
  const path = rows < 20 ? 2 : 3;
  const used = 2 + path + (tabs ? 1 : 0);
  return { type: 'one', tabs, path, place: { pane, columns, rows: rows - used, bordered: !tabs } };
}

/** The fewest columns that show a wrapped reason well, and a table of names. */
const LEAST = { path: 40, pods: 36, policies: 36 };

/** Attempts at the top, grants as a band, and path, pods and policies at the bottom. */
function below({ columns, rows }: Size, facts: LayoutFacts): Split {
  const grants = grantRows(facts, rows);
  const bottom = Math.min(18, Math.max(7, Math.round(rows * 0.36)));
  const most = columns - LEAST.path;
  const wanted = facts.wanted ?? LEAST;
  const least = [Math.max(LEAST.pods, wanted.pods), Math.max(LEAST.policies, wanted.policies)] as const;
  const [pods, names] = shared(least, most);
  const withLint = Math.max(LEAST.policies, wanted.policies + (facts.wanted?.lint ?? 0));
  const policies = Math.min(Math.max(names, withLint), most - pods);
  return column({ columns, rows }, [
    place('attempts', columns, rows - bottom - grants),
    ...(grants === 0 ? [] : [place('grants', columns, grants)]),
    row({ columns, rows: bottom }, [
      place('path', columns - pods - policies, bottom),
      place('pods', pods, bottom),
      place('policies', policies, bottom),
    ]),
  ]);
}

/** Attempts at full height, with grants below them; path, pods and policies at the right. */
function beside({ columns, rows }: Size, facts: LayoutFacts): Split {
  const grants = grantRows(facts, rows);
  const wanted = facts.wanted ?? LEAST;
  const right = Math.min(
    Math.round(columns * 0.45),
    Math.max(72, wanted.pods, wanted.policies + (facts.wanted?.lint ?? 0)),
  );
  const left = columns - right;
  const path = Math.min(14, Math.round(rows * 0.28));
  const pods = Math.ceil((rows - path) / 2);
  return row({ columns, rows }, [
    column({ columns: left, rows }, [
      place('attempts', left, rows - grants),
      ...(grants === 0 ? [] : [place('grants', left, grants)]),
    ]),
    column({ columns: right, rows }, [
      place('path', right, path),
      place('pods', right, pods),
      place('policies', right, rows - path - pods),
    ]),
  ]);
}

/** What the grants need and a border, within a third of the body. */
function grantRows({ grantLines, focus }: LayoutFacts, rows: number): number {
  if (grantLines === 0 && focus !== 'grants') return 0;
  return 2 + Math.min(Math.max(1, grantLines), Math.max(2, Math.floor(rows / 3) - 2));
}

/** Two widths within a sum: what exceeds it is taken from the larger one first. */
function shared([a, b]: readonly [number, number], most: number): readonly [number, number] {
  if (a + b <= most) return [a, b];
  const half = Math.floor(most / 2);
  if (a <= half) return [a, most - a];
  return b <= most - half ? [most - b, b] : [half, most - half];
}

function place(pane: PlaceId, columns: number, rows: number): PanePlace {
  return { pane, columns, rows, bordered: true };
}

function row(size: Size, parts: Split['parts']): Split {
  return { ...size, direction: 'row', parts };
}

function column(size: Size, parts: Split['parts']): Split {
  return { ...size, direction: 'column', parts };
}

/** The places of a layout, from the top left. */
export function placesOf(layout: Layout): readonly PanePlace[] {
  switch (layout.type) {
    case 'too-small':
      return [];
    case 'one':
      return [layout.place];
    case 'wide':
      return placesIn(layout.body);
  }
}

function placesIn(split: Split): readonly PanePlace[] {
  return split.parts.flatMap((part) => ('pane' in part ? [part] : placesIn(part)));
}

/** A pane's place with its top left cell, counted from 0; the header is above all. */
export type Placed = PanePlace & { readonly x: number; readonly y: number };

/** The places of a layout, and where on the screen they are. */
export function placedOf(layout: Layout): readonly Placed[] {
  switch (layout.type) {
    case 'too-small':
      return [];
    case 'one':
      return [{ ...layout.place, x: 0, y: layout.tabs ? 2 : 1 }];
    case 'wide':
      return placedIn(layout.body, 0, 1);
  }
}

function placedIn(split: Split, x: number, y: number): readonly Placed[] {
  let before = 0;
  return split.parts.flatMap((part) => {
    const at = split.direction === 'row' ? { x: x + before, y } : { x, y: y + before };
    before += split.direction === 'row' ? part.columns : part.rows;
    return 'pane' in part ? [{ ...part, ...at }] : placedIn(part, at.x, at.y);
  });
}

/** Lines inside a pane's border, titles included. */
export function innerRows(place: PanePlace): number {
  return place.bordered ? place.rows - 2 : place.rows;
}

/** Columns inside a pane's border. */
export function innerColumns(place: PanePlace): number {
  return place.bordered ? place.columns - 2 : place.columns;
}
