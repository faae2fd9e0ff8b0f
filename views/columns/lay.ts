import { columnsOf, cut, fit, type Line, type Span } from '../text/text.ts';
import type { Cell, CellContext, Column, LaidColumn } from './column.ts';

const LONGEST = 48;

/**
 * The columns that fit a width: those with the highest `priority` number are dropped first. Depends on the width alone.
 */
export function choose<Row>(columns: readonly Column<Row>[], width: number): readonly Column<Row>[] {
  let chosen = columns;
  while (chosen.length > 1 && spaceOf(chosen) > width) {
    const least = Math.max(...chosen.map(({ priority }) => priority));
    const last = chosen.findLastIndex(({ priority }) => priority === least);
    chosen = chosen.toSpliced(last, 1);
  }
  return chosen;
}

/**
 * Widths of the chosen columns, from their longest cells so far (`natural`, by column id): at least the minimum, then
 * more as needed in order of priority, and the rest for the growing column. The sum, including gaps, is at most
 * `width`.
 */
export function lay<Row>(
  columns: readonly Column<Row>[],
  natural: ReadonlyMap<string, number>,
  width: number,
): readonly LaidColumn<Row>[] {
  const chosen = choose(columns, width);
  const spare = width - spaceOf(chosen);
  if (spare < 0) return chosen.map((column) => ({ column, width: Math.max(1, column.min + spare) }));
  const growing = chosen.find(({ grow }) => grow !== undefined);
  const more = shares(chosen, natural, growing?.grow === 'half' ? Math.ceil(spare / 2) : spare);
  const given = [...more.values()].reduce((sum, share) => sum + share, 0);
  return chosen.map((column) => ({
    column,
    width: column.min + (column === growing ? spare - given : (more.get(column) ?? 0)),
  }));
}

/** How much of the spare room each column that doesn't `grow` gets on top of its minimum. */
function shares<Row>(
  columns: readonly Column<Row>[],
  natural: ReadonlyMap<string, number>,
  room: number,
): ReadonlyMap<Column<Row>, number> {
  let rest = room;
  const wanting = columns.filter(({ grow }) => grow === undefined).sort((a, b) => a.priority - b.priority);
  return new Map(
    wanting.map((column) => {
      const wanted = Math.min(natural.get(column.id) ?? 0, column.max ?? LONGEST) - column.min;
      const share = Math.max(0, Math.min(rest, wanted));
      rest -= share;
      return [column, share];
    }),
  );
}

/** Blanks before the column at `index`. */
function gapOf(column: { readonly gap?: number }, index: number): number {
  return index === 0 ? 0 : (column.gap ?? 2);
}

function spaceOf<Row>(columns: readonly Column<Row>[]): number {
  return columns.reduce((sum, column, index) => sum + gapOf(column, index) + column.min, 0);
}

/** One row as a line; gaps take the tone of their cell, to keep runs few. */
export function rowLine<Row>(laid: readonly LaidColumn<Row>[], row: Row, context: CellContext): Line {
  return laid.map(({ column, width }, index): Span => {
    const cell = column.cell(row, context);
    const { tone } = cell;
    const shown = ' '.repeat(gapOf(column, index)) + fit(fitting(cell, width), width, column.align);
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

/** Updates the longest cell widths with a row, using a cell's short form where no name is lost; true if one grew. */
export function measure<Row>(
  columns: readonly Column<Row>[],
  row: Row,
  context: CellContext,
  longest: Map<string, number>,
): boolean {
  let grew = false;
  for (const column of columns) {
    const { text, short, head } = column.cell(row, context);
    const width = columnsOf(head === undefined ? (short ?? text) : text);
    if (width > (longest.get(column.id) ?? 0)) {
      longest.set(column.id, width);
      grew = true;
    }
  }
  return grew;
}
