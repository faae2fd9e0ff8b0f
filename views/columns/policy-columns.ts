import { plural } from '../../src/core/common/common.ts';
import type { PolicyRow } from '../../src/session/session.ts';
import { age } from '../text/text.ts';
import type { CellContext, Column } from './column.ts';
import { lintCell } from './lint-columns.ts';

const NAMESPACE: Column<PolicyRow> = {
  id: 'namespace',
  title: 'NAMESPACE',
  align: 'left',
  min: 9,
  priority: 2,
  cell: ({ policy }) => ({ text: policy.namespace ?? '(cluster)' }),
};

const COLUMNS: readonly Column<PolicyRow>[] = [
  {
    id: 'name',
    title: 'NAME',
    align: 'left',
    min: 13,
    max: 64,
    priority: 0,
    sortKey: 'N',
    cell: ({ policy }) => ({ text: policy.name }),
  },
  {
    id: 'kind',
    title: 'KIND',
    align: 'left',
    min: 13,
    priority: 3,
    sortKey: 'K',
    cell: ({ policy }) => ({ text: policy.kind }),
  },
  {
    id: 'dir',
    title: 'DIR',
    align: 'left',
    min: 3,
    priority: 1,
    cell: ({ directions }) => ({ text: directions }),
  },
  {
    id: 'selects',
    title: 'SELECTS',
    align: 'right',
    min: 7,
    priority: 1,
    sortKey: 'S',
    cell: ({ assessment }) => ({ text: assessment === undefined ? '…' : plural(assessment.selects, 'pod') }),
  },
  {
    id: 'rules',
    title: 'RULES',
    align: 'right',
    min: 5,
    priority: 4,
    sortKey: 'R',
    cell: ({ rules }) => ({ text: String(rules) }),
  },
  {
    id: 'age',
    title: 'AGE',
    align: 'right',
    min: 5,
    priority: 5,
    sortKey: 'A',
    cell: ({ policy }, { now }) => ({ text: age(now - policy.created) }),
  },
  {
    id: 'lint',
    title: 'LINT',
    align: 'left',
    min: 4,
    priority: 1,
    grow: 'rest',
    sortKey: 'L',
    cell: lintCell,
  },
];

const WITH_NAMESPACE: readonly Column<PolicyRow>[] = [NAMESPACE, ...COLUMNS];

/** The columns of the Policies pane; NAMESPACE only if all namespaces are in view. */
export function policyColumns(allNamespaces: boolean): readonly Column<PolicyRow>[] {
  return allNamespaces ? WITH_NAMESPACE : COLUMNS;
}

/** Whether a policy was created within the last second: its row is bold once. */
export function policyChanged({ policy }: PolicyRow, { now }: CellContext): boolean {
  return now - policy.created < 1000;
}
