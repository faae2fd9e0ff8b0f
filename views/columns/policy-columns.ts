import type { PolicyRow } from '../../src/session/session.ts';
import { age } from '../text/text.ts';
import { type CellContext, type Column, namespaced } from './column.ts';
import { lintCell } from './lint-columns.ts';

/** The short names that kubectl takes, where they mean one kind. */
const SHORT_KINDS: Readonly<Record<string, string>> = {
  NetworkPolicy: 'netpol',
  CiliumNetworkPolicy: 'cnp',
  CiliumClusterwideNetworkPolicy: 'ccnp',
  AdminNetworkPolicy: 'anp',
  BaselineAdminNetworkPolicy: 'banp',
};

const COLUMNS: readonly Column<PolicyRow>[] = [
  {
    id: 'name',
    title: 'NAME',
    align: 'left',
    min: 13,
    max: 64,
    wrap: true,
    priority: 0,
    sortKey: 'N',
    cell: ({ policy }) => ({ text: policy.name }),
  },
  {
    id: 'kind',
    title: 'KIND',
    align: 'left',
    min: 6,
    priority: 6,
    sortKey: 'K',
    cell: ({ policy }) => ({ text: policy.kind, short: SHORT_KINDS[policy.kind] ?? policy.kind }),
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
    title: 'PODS',
    align: 'right',
    min: 4,
    priority: 1,
    sortKey: 'S',
    cell: ({ assessment }) => ({ text: assessment === undefined ? '…' : String(assessment.selects) }),
  },
  {
    id: 'rules',
    title: 'RULES',
    align: 'right',
    min: 5,
    priority: 7,
    sortKey: 'R',
    cell: ({ rules }) => ({ text: String(rules) }),
  },
  {
    id: 'age',
    title: 'AGE',
    align: 'right',
    min: 5,
    priority: 8,
    sortKey: 'A',
    cell: ({ policy }, { now }) => ({ text: age(now - policy.created) }),
  },
  {
    id: 'lint',
    title: 'LINT',
    align: 'left',
    min: 4,
    priority: 5,
    grow: true,
    sortKey: 'L',
    cell: lintCell,
  },
];

/** The columns of the Policies pane; NAMESPACE only if all namespaces are in view. */
export const policyColumns = namespaced<PolicyRow>(
  { min: 9, priority: 2, of: ({ policy }) => policy.namespace ?? '(cluster)' },
  COLUMNS,
);

/** Whether a policy was created within the last second: its row is bold once. */
export function policyChanged({ policy }: PolicyRow, { now }: CellContext): boolean {
  return now - policy.created < 1000;
}
