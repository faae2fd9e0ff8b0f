import { type AttemptRow, type FlowEnd, RECENT } from '../../src/core/traffic/traffic.ts';
import type { AttemptLine } from '../../src/session/session.ts';
import { age, compact } from '../text/text.ts';
import type { Cell, CellContext, Column } from './column.ts';
import { sparkline } from './sparkline.ts';
import { attemptVerdict } from './verdict-columns.ts';

/** The columns of the Attempts pane, in one namespace. */
export const attemptColumns: readonly Column<AttemptLine>[] = [
  {
    id: 'age',
    title: 'AGE',
    align: 'right',
    min: 4,
    priority: 3,
    sortKey: 'A',
    cell: ({ row }, { now }) => ({ text: age(now - row.last) }),
  },
  {
    id: 'verdict',
    title: 'VERDICT',
    align: 'left',
    min: 7,
    priority: 0,
    gap: 1,
    sortKey: 'V',
    cell: ({ row }) => attemptVerdict(row.verdict),
  },
  {
    id: 'source',
    title: 'SOURCE',
    align: 'left',
    min: 8,
    max: 40,
    priority: 0,
    gap: 1,
    sortKey: 'S',
    cell: ({ row }, context) => endName(row.sourceName, row.source, context),
  },
  {
    id: 'destination',
    title: 'DESTINATION',
    align: 'left',
    min: 11,
    max: 40,
    priority: 0,
    sortKey: 'D',
    cell: ({ row }, context) => endName(row.destinationName, row.destination, context),
  },
  { id: 'port', title: 'PORT', align: 'right', min: 6, priority: 1, gap: 1, sortKey: 'P', cell: port },
  counted('dropped', '✗', 'N', ({ dropped }) => dropped),
  counted('passed', '✓', 'O', ({ count, dropped }) => count - dropped),
  {
    id: 'recent',
    title: 'LAST MIN',
    align: 'left',
    min: RECENT,
    max: RECENT,
    priority: 7,
    cell: ({ row }, { now }) => ({ text: sparkline(row, now), tone: 'faint' }),
  },
  {
    id: 'first',
    title: 'FIRST',
    align: 'right',
    min: 5,
    priority: 8,
    extra: true,
    cell: ({ row }, { now }) => ({ text: age(now - row.first) }),
  },
  // Below the table of a narrow screen, the path has the whole reason.
  { id: 'why', title: 'WHY', align: 'left', min: 38, priority: 6, grow: true, kept: true, cell: why },
];

/** Attempts that were dropped, or not: nothing for zero, so that the eye finds the others. */
function counted(
  id: string,
  title: string,
  sortKey: string,
  countOf: (row: AttemptRow) => number,
): Column<AttemptLine> {
  const cell = ({ row }: AttemptLine): Cell => {
    const count = countOf(row);
    if (count === 0) return { text: '' };
    return id === 'dropped' ? { text: compact(count), tone: 'bad' } : { text: compact(count) };
  };
  return { id, title, align: 'right', min: 4, priority: 4, gap: 1, sortKey, cell };
}

/** Wider ends, to fit some of each namespace when all are in view: many workloads are called `web` or `db`. */
const WITH_NAMESPACES: readonly Column<AttemptLine>[] = attemptColumns.map((column) => {
  if (column.id === 'source') return { ...column, min: 11 };
  return column.id === 'destination' ? { ...column, min: 13 } : column;
});

/** The columns for one namespace, or for all of them. */
export function attemptColumnsIn(allNamespaces: boolean): readonly Column<AttemptLine>[] {
  return allNamespaces ? WITH_NAMESPACES : attemptColumns;
}

/** Whether the row's verdict changed within the last second: it is bold once. */
export function attemptChanged({ row }: AttemptLine, { now }: CellContext): boolean {
  return now - row.turned < 1000;
}

/** An end's name, with its namespace unless that is the one in view. */
function endName(name: string, end: FlowEnd, { namespace }: CellContext): Cell {
  if (end.namespace === undefined || end.namespace === namespace) return { text: name };
  return { text: `${end.namespace}/${name}`, short: `…/${name}`, head: end.namespace };
}

function port({ row }: AttemptLine): Cell {
  if (row.port === undefined) return { text: row.protocol.toLowerCase() };
  return { text: row.protocol === 'TCP' ? String(row.port) : `${row.port}/${row.protocol.toLowerCase()}` };
}

function why({ why: text, differs }: AttemptLine): Cell {
  return differs === undefined ? { text } : { text: `! ${differs}`, tone: 'warn' };
}
