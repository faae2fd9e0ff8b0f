import { columnsOf, cut, fit, type Line, type Span, span, wrap } from '../text/text.ts';
import type { Cell, CellContext, Column, LaidColumn } from './column.ts';

const LONGEST = 48;

/** From this priority on, a column gives way to cells that would be cut. */
const COSMETIC = 5;

/**
 * The columns that fit a width: those with the highest `priority` number are dropped first, at their minimum widths;
 * then those that only inform, as long as other cells would be cut. The longest cells only grow, so a column may go
 * while rows stream, but doesn't come back.
 */
export function choose<Row>(
  columns: readonly Column<Row>[],
  width: number,
  longest: ReadonlyMap<string, number> = new Map(),
): readonly Column<Row>[] {
  let chosen = columns;
  const drop = (least: number) => {
    const last = chosen.findLastIndex(({ priority }) => priority === least);
    chosen = chosen.toSpliced(last, 1);
  };
  const worst = () => Math.max(...chosen.filter(({ kept }) => kept !== true).map(({ priority }) => priority));
  while (chosen.length > 1 && spaceOf(chosen) > width)
    drop(Math.max(...chosen.map(({ priority }) => priority)));
  const wanted = (column: Column<Row>) =>
    column.grow === true
      ? column.min
      : Math.max(column.min, Math.min(longest.get(column.id) ?? 0, column.max ?? LONGEST));
  while (worst() >= COSMETIC && spaceOf(chosen, wanted) > width) drop(worst());
  return chosen;
}

/** The longest cells so far, by column id: as shown where there is little room, and with their full text. */
export type Natural = { readonly least: Map<string, number>; readonly full: Map<string, number> };

/**
 * Widths of the chosen columns: at least the minimum, then as much as their cells need, in order of priority and up to
 * the column's maximum. What is left goes to the growing column as far as it needs it, to cells that are still cut, and
 * the rest to the growing column again. The sum, including gaps, is at most `width`.
 */
export function lay<Row>(
  columns: readonly Column<Row>[],
  {
    least,
    full,
  }: { readonly least: ReadonlyMap<string, number>; readonly full: ReadonlyMap<string, number> },
  width: number,
): readonly LaidColumn<Row>[] {
  const chosen = choose(columns, width, least);
  let spare = width - spaceOf(chosen);
  if (spare < 0) return chosen.map((column) => ({ column, width: Math.max(1, column.min + spare) }));
  const widths = new Map(chosen.map((column) => [column, column.min]));
  const widen = (column: Column<Row>, wanted: number) => {
    const before = widths.get(column) ?? 0;
    const share = Math.max(0, Math.min(spare, wanted - before));
    widths.set(column, before + share);
    spare -= share;
  };
  const growing = chosen.filter(({ grow }) => grow === true);
  const others = chosen.filter(({ grow }) => grow !== true).sort((a, b) => a.priority - b.priority);
  for (const column of others) widen(column, Math.min(least.get(column.id) ?? 0, column.max ?? LONGEST));
  for (const column of [...growing, ...others]) widen(column, full.get(column.id) ?? 0);
  for (const column of growing) widen(column, width);
  return chosen.map((column) => ({ column, width: widths.get(column) ?? column.min }));
}

/** All columns as wide as their longest cells, whatever the room. */
export function layWhole<Row>(
  columns: readonly Column<Row>[],
  { full }: Pick<Natural, 'full'>,
): readonly LaidColumn<Row>[] {
  return columns.map((column) => ({ column, width: Math.max(column.min, full.get(column.id) ?? 0) }));
}

/** The columns that laid columns take, with the gaps between them. */
export function widthOf<Row>(laid: readonly LaidColumn<Row>[]): number {
  return laid.reduce((sum, { column, width }, index) => sum + gapOf(column, index) + width, 0);
}

/** Blanks before the column at `index`. */
function gapOf(column: { readonly gap?: number }, index: number): number {
  return index === 0 ? 0 : (column.gap ?? 2);
}

function spaceOf<Row>(
  columns: readonly Column<Row>[],
  widthOf: (column: Column<Row>) => number = ({ min }) => min,
): number {
  return columns.reduce((sum, column, index) => sum + gapOf(column, index) + widthOf(column), 0);
}

/**
 * One row as a line; gaps take the tone of their cell, to keep runs few. `wrapped`: columns that wrap show the first of
 * their lines, the others are `restLines`.
 */
export function rowLine<Row>(
  laid: readonly LaidColumn<Row>[],
  row: Row,
  context: CellContext,
  wrapped = false,
): Line {
  return laid.map(({ column, width }, index): Span => {
    const cell = column.cell(row, context);
    const { tone } = cell;
    const text = wrapped && wraps(column) ? (wrap(cell.text, width)[0] ?? '') : fitting(cell, width);
    const shown = ' '.repeat(gapOf(column, index)) + fit(text, width, column.align);
    return tone === undefined ? { text: shown } : { text: shown, tone };
  });
}

/** The shortest head that still distinguishes names. */
const HEAD = 3;

/** The part of a cell to show in a width that may be too small for its text. */
function fitting({ text, short, head }: Cell, width: number): string {
  if (columnsOf(text) <= width) return text;
  const tail = head === undefined ? text : text.slice(head.length);
  const room = width - columnsOf(tail);
  if (head !== undefined && room >= HEAD) return cut(head, room) + tail;
  return short ?? text;
}

/** What doesn't fit of the columns that wrap, below them; empty if all fits. */
export function restLines<Row>(
  laid: readonly LaidColumn<Row>[],
  row: Row,
  context: CellContext,
): readonly Line[] {
  const rests = laid.map(({ column, width }) => {
    if (!wraps(column)) return { parts: [] };
    const { text, tone } = column.cell(row, context);
    return { parts: columnsOf(text) <= width ? [] : wrap(text, width).slice(1), tone };
  });
  const count = Math.max(...rests.map(({ parts }) => parts.length));
  return Array.from({ length: count }, (_, at) =>
    laid.map(({ column, width }, index) => {
      const { parts = [], tone } = rests[index] ?? {};
      return span(' '.repeat(gapOf(column, index)) + fit(parts[at] ?? '', width), tone);
    }),
  );
}

function wraps({ grow, wrap: mayWrap }: { readonly grow?: true; readonly wrap?: true }): boolean {
  return grow === true || mayWrap === true;
}

/** The line of titles. */
export function titleLine<Row>(laid: readonly LaidColumn<Row>[]): Line {
  return [
    {
      tone: 'faint',
      text: laid
        .map(
          ({ column, width }, index) =>
            ' '.repeat(gapOf(column, index)) + fit(column.title, width, column.align),
        )
        .join(''),
    },
  ];
}

/** Updates the longest cell widths with a row; true if one grew. A cell whose head names a namespace needs it whole. */
export function measure<Row>(
  columns: readonly Column<Row>[],
  row: Row,
  context: CellContext,
  { least, full }: Natural,
): boolean {
  let grew = false;
  const note = (longest: Map<string, number>, id: string, text: string) => {
    const width = columnsOf(text);
    if (width <= (longest.get(id) ?? 0)) return;
    longest.set(id, width);
    grew = true;
  };
  for (const column of columns) {
    const { text, short, head } = column.cell(row, context);
    note(least, column.id, head === undefined ? (short ?? text) : text);
    note(full, column.id, text);
  }
  return grew;
}
