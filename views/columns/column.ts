import type { Tone } from '../text/text.ts';

/**
 * `short` is shown where the text does not fit: what matters most of it, instead of its beginning. `head`: how the text
 * begins, and what is cut first, as long as some of it is left.
 */
export type Cell = {
  readonly text: string;
  readonly short?: string;
  readonly head?: string;
  readonly tone?: Tone;
};

/** What a cell may know besides its row. Times are ms since the epoch; `now` is server time, whole seconds. */
export type CellContext = {
  readonly now: number;
  /** Namespace in view; undefined: all, and names are shown with theirs. */
  readonly namespace?: string;
};

/**
 * One column of a table, as data. `min` decides, in order of `priority` (0 first), which columns are shown at a
 * width, so that they never come and go with the rows; a shown column then grows to its longest cell, at most
 * `max`. One column of a table may `grow`: it gets at least half of the room, or what the others leave. `sortKey` is
 * the shift-letter that sorts by it.
 */
export type Column<Row> = {
  readonly id: string;
  readonly title: string;
  readonly align: 'left' | 'right';
  readonly min: number;
  readonly max?: number;
  readonly grow?: 'half' | 'rest';
  readonly priority: number;
  /** Blanks before the column; 2 unless told. */
  readonly gap?: number;
  readonly sortKey?: string;
  readonly cell: (row: Row, context: CellContext) => Cell;
};

/** A column that is shown, with the columns that it takes. */
export type LaidColumn<Row> = { readonly column: Column<Row>; readonly width: number };
