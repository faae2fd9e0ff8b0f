/* The columns of each pane: title, width, sort key, text and color of a cell. */

export { attemptChanged, attemptColumns, attemptColumnsIn } from './attempt-columns.ts';
export type { CellContext, Column, LaidColumn } from './column.ts';
export { grantChanged, grantColumns, grantState, portsText, reasonText } from './grant-columns.ts';
export { lay, layWhole, measure, type Natural, restLines, rowLine, titleLine, widthOf } from './lay.ts';
export { lintNews } from './lint-columns.ts';
export { podColumns } from './pod-columns.ts';
export { policyChanged, policyColumns } from './policy-columns.ts';
export { serviceColumns } from './service-columns.ts';
export { type AnyColumn, columnName, columnsHere, columnsIn } from './tables.ts';
export { attemptVerdict, decision } from './verdict-columns.ts';
export { isOn, wished } from './wishes.ts';
export { workloadColumns } from './workload-columns.ts';
