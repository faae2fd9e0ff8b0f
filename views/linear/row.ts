import type { SessionState, VisibleRows } from '../../src/session/session.ts';
import type { CellContext } from '../columns/columns.ts';
import {
  attemptTable,
  grantTable,
  type Keyed,
  podTable,
  policyTable,
  serviceTable,
  type TableDefinition,
  workloadTable,
} from '../panes/panes.ts';

/** The row to read out: the one under the cursor, if the cursor or the pane changed. */
export function rowToRead(
  before: SessionState,
  after: SessionState,
  visibleRows: VisibleRows,
): Keyed | undefined {
  const { focus, panes, overlay } = after;
  const moved = before.focus !== focus || before.panes[focus].key !== panes[focus].key;
  return moved && overlay.type === 'none' ? visibleRows(after, focus)[panes[focus].index] : undefined;
}

/** The row from `rowToRead`, cell by cell. */
export function announceRow(
  before: SessionState,
  after: SessionState,
  visibleRows: VisibleRows,
): readonly string[] {
  const row = rowToRead(before, after, visibleRows);
  if (row === undefined) return [];
  const { focus, panes } = after;
  const { namespace } = after.cluster;
  const context: CellContext = {
    now: after.serverNow,
    namespace,
  };
  const place = `${panes[focus].index + 1} of ${visibleRows(after, focus).length}`;
  return [`${place}: ${cellsOf(after, row, context)}`];
}

function cellsOf({ focus, listed }: SessionState, row: Keyed, context: CellContext): string {
  switch (focus) {
    case 'pods':
      if (listed === 'workloads') return cells(workloadTable, row, context);
      if (listed === 'services') return cells(serviceTable, row, context);
      return cells(podTable, row, context);
    case 'policies':
      return cells(policyTable, row, context);
    case 'attempts':
      return cells(attemptTable, row, context);
    case 'grants':
      return cells(grantTable, row, context);
  }
}

/** Columns that are pictures. */
const DRAWN: readonly string[] = ['bar', 'recent'];

function cells<Row extends Keyed>(table: TableDefinition<Row>, row: Keyed, context: CellContext): string {
  if (!table.isRow(row)) return '';
  return table
    .columns(context.namespace === undefined)
    .filter(({ id }) => !DRAWN.includes(id))
    .map(({ id, title, cell }) => ({
      name: /\w/.test(title) ? title.toLowerCase() : id,
      text: cell(row, context).text,
    }))
    .filter(({ text }) => text !== '')
    .map(({ name, text }) => `${name} ${text}`)
    .join(', ');
}
