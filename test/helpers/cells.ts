import type { CellContext, Column } from '../../views/columns/column.ts';
import { NOW } from './session-state.ts';

/** Every cell of a row by column id: its text, and its tone after a blank where it has one. */
export function cellsOf<Row>(
  columns: readonly Column<Row>[],
  row: Row,
  context: CellContext = { now: NOW, namespace: 'shop' },
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    columns.map(({ id, cell }) => {
      const { text, tone } = cell(row, context);
      return [id, tone === undefined ? text : `${text} ${tone}`];
    }),
  );
}
