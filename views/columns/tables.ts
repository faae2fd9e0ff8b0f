import { type SessionState, type TableId, tableOf } from '../../src/session/session.ts';
import { attemptColumnsIn } from './attempt-columns.ts';
import type { Column } from './column.ts';
import { grantColumns } from './grant-columns.ts';
import { podColumns } from './pod-columns.ts';
import { policyColumns } from './policy-columns.ts';
import { serviceColumns } from './service-columns.ts';
import { workloadColumns } from './workload-columns.ts';

/** A column of whatever table. */
export type AnyColumn = Omit<Column<never>, 'cell'>;

const TABLES: Readonly<Record<TableId, (allNamespaces: boolean) => readonly AnyColumn[]>> = {
  pods: podColumns,
  workloads: workloadColumns,
  services: serviceColumns,
  policies: policyColumns,
  attempts: attemptColumnsIn,
  grants: () => grantColumns,
};

/** All columns of a table, those that nobody asked for too. */
export function columnsIn(table: TableId, allNamespaces: boolean): readonly AnyColumn[] {
  return TABLES[table](allNamespaces);
}

/** All columns of the table in focus. */
export function columnsHere(state: SessionState): readonly AnyColumn[] {
  return columnsIn(tableOf(state, state.focus), state.cluster.namespace === undefined);
}

/** What a column is called where its title has no words: `✗ dropped`. */
export function columnName({ id, title }: AnyColumn): string {
  return /\w/.test(title) ? title : `${title} ${id}`.trim();
}
