import {
  type ColumnWishes,
  type SessionState,
  tableOf,
  type VisibleRows,
  wishesIn,
} from '../../src/session/session.ts';
import { type CellContext, wished } from '../columns/columns.ts';
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

function cellsOf(state: SessionState, row: Keyed, context: CellContext): string {
  const table = tableOf(state, state.focus);
  const isWide = state.panes[state.focus].wide !== undefined;
  const wishes = isWide ? 'all' : wishesIn(state, state.focus);
  switch (table) {
    case 'pods':
      return cells(podTable, row, context, wishes);
    case 'workloads':
      return cells(workloadTable, row, context, wishes);
    case 'services':
      return cells(serviceTable, row, context, wishes);
    case 'policies':
      return cells(policyTable, row, context, wishes);
    case 'attempts':
      return cells(attemptTable, row, context, wishes);
    case 'grants':
      return cells(grantTable, row, context, wishes);
  }
}

/** Columns that are pictures. */
const DRAWN: readonly string[] = ['bar', 'recent'];

function cells<Row extends Keyed>(
  table: TableDefinition<Row>,
  row: Keyed,
  context: CellContext,
  wishes: ColumnWishes | 'all',
): string {
  if (!table.isRow(row)) return '';
  const columns = table.columns(context.namespace === undefined);
  return (wishes === 'all' ? columns : wished(columns, wishes))
    .filter(({ id }) => !DRAWN.includes(id))
    .map(({ id, title, cell }) => ({
      name: /\w/.test(title) ? title.toLowerCase() : id,
      text: cell(row, context).text,
    }))
    .filter(({ text }) => text !== '')
    .map(({ name, text }) => `${name} ${text}`)
    .join(', ');
}
