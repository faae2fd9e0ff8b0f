import { setByOther } from '../../src/core/grants/grants.ts';
import {
  type AttemptLine,
  type GrantLine,
  isLiving,
  type PodRow,
  type PolicyRow,
  type ServiceRow,
  type SessionState,
  type WorkloadRow,
} from '../../src/session/session.ts';
import {
  attemptChanged,
  attemptColumnsIn,
  type CellContext,
  type Column,
  grantChanged,
  grantColumns,
  podColumns,
  policyChanged,
  policyColumns,
  reasonText,
  serviceColumns,
  workloadColumns,
} from '../columns/columns.ts';
import { age, type Line, span } from '../text/text.ts';

export type Keyed = { readonly key: string };

/** How the rows of one pane are drawn. `second`: a second line per row, if there is room for all of them. */
export type TableDefinition<Row extends Keyed> = {
  readonly columns: (allNamespaces: boolean) => readonly Column<Row>[];
  readonly isRow: (row: Keyed) => row is Row;
  readonly changed: (row: Row, context: CellContext) => boolean;
  /** All that time changes in a row; absent if every second may. */
  readonly aging?: (row: Row, now: number) => string;
  readonly second?: (row: Row) => Line;
  /** Columns already covered by the second line. */
  readonly inSecond?: readonly string[];
  /** Where a first band of rows ends, if there is another one below it; 0 otherwise. */
  readonly bandEnd?: (rows: readonly Keyed[]) => number;
};

export const podTable: TableDefinition<PodRow> = {
  columns: podColumns,
  isRow: (row): row is PodRow => 'pod' in row,
  changed: ({ pod }, { now }) => now - pod.created < 1000,
  aging: ({ pod }, now) => age(now - pod.created),
};

export const workloadTable: TableDefinition<WorkloadRow> = {
  columns: workloadColumns,
  isRow: (row): row is WorkloadRow => 'workload' in row,
  changed: ({ oldest }, { now }) => now - oldest < 1000,
  aging: ({ oldest }, now) => age(now - oldest),
};

export const serviceTable: TableDefinition<ServiceRow> = {
  columns: serviceColumns,
  isRow: (row): row is ServiceRow => 'service' in row,
  changed: () => false,
  aging: () => '',
};

export const policyTable: TableDefinition<PolicyRow> = {
  columns: policyColumns,
  isRow: (row): row is PolicyRow => 'policy' in row,
  changed: policyChanged,
  aging: ({ policy }, now) => age(now - policy.created),
};

export const attemptTable: TableDefinition<AttemptLine> = {
  columns: attemptColumnsIn,
  isRow: (row): row is AttemptLine => 'row' in row,
  changed: attemptChanged,
  bandEnd: endOfDrops,
};

export const grantTable: TableDefinition<GrantLine> = {
  columns: () => grantColumns,
  isRow: (row): row is GrantLine => 'grant' in row,
  changed: grantChanged,
  second: grantNote,
  inSecond: ['requester', 'reason'],
};

/** Drops are above everything else; a row that has opened meanwhile may still be among them. */
function endOfDrops(rows: readonly Keyed[]): number {
  const end = rows.findLastIndex((row) => attemptTable.isRow(row) && row.row.verdict === 'drop') + 1;
  return end === rows.length ? 0 : end;
}

/** Lines that show all grants whole: two for each, and one more for the proof of one that has ended. */
export function grantLinesOf({ grants }: SessionState): number {
  return grants.reduce((sum, { grant }) => sum + (isLiving(grant) ? 2 : 3), 0);
}

/** Requester and reason; drift comes first, in red. */
function grantNote({ grant }: GrantLine): Line {
  const by = setByOther(grant);
  const extended = by === undefined ? '' : ` · window set by ${by}`;
  const who = span(`${grant.requester}${extended} · ${reasonText(grant)}`, 'faint');
  return grant.drift.length === 0 ? [who] : [span(`! ${grant.drift.join('; ')}  `, 'alert'), who];
}
