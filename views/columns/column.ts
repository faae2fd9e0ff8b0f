import type { Tone } from '../text/text.ts';

/**
 * `short` is shown if the text doesn't fit: its most important part, rather than its beginning. `head`: the beginning
 * of the text, which is cut first, as long as some of it remains.
 */
export type Cell = {
  readonly text: string;
  readonly short?: string;
  readonly head?: string;
  readonly tone?: Tone;
};

/** What a cell may use in addition to its row. Times are ms since the epoch; `now` is server time in whole seconds. */
export type CellContext = {
  readonly now: number;
  /** Namespace in view; undefined means all, and names include their namespace. */
  readonly namespace?: string;
};

/**
 * One column of a table, as data. `min` and `priority` (0 first) decide which columns are shown at a width, so that
 * columns don't come and go with the rows; a shown column then grows to its longest cell, up to `max`. One column of a
 * table may `grow`: it gets whatever the others leave. Where there are lines to spare, that column and those that may
 * `wrap` are wrapped. `sortKey` is the shift-letter that sorts by it.
 */
export type Column<Row> = {
  readonly id: string;
  readonly title: string;
  readonly align: 'left' | 'right';
  readonly min: number;
  readonly max?: number;
  readonly grow?: true;
  readonly wrap?: true;
  /** Whether it is shown only to those who ask for it. */
  readonly extra?: true;
  /** Whether it stays while other cells are cut, whatever its priority. */
  readonly kept?: true;
  readonly priority: number;
  /** Blanks before the column; 2 by default. */
  readonly gap?: number;
  readonly sortKey?: string;
  readonly cell: (row: Row, context: CellContext) => Cell;
};

/** A visible column with its width. */
export type LaidColumn<Row> = { readonly column: Column<Row>; readonly width: number };

/**
 * The columns of a table, after that of the namespace if all namespaces are in view.
 *
 * @returns the same list for the same view, so that it can be compared
 */
export function namespaced<Row>(
  { of, ...column }: Pick<Column<Row>, 'min' | 'priority'> & { readonly of: (row: Row) => string },
  columns: readonly Column<Row>[],
): (allNamespaces: boolean) => readonly Column<Row>[] {
  const namespace: Column<Row> = {
    id: 'namespace',
    title: 'NAMESPACE',
    align: 'left',
    ...column,
    cell: (row) => ({ text: of(row) }),
  };
  const all = [namespace, ...columns];
  return (allNamespaces) => (allNamespaces ? all : columns);
}
