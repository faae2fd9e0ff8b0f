import type { WorkloadRow } from '../../src/session/session.ts';
import { age } from '../text/text.ts';
import type { Column } from './column.ts';
import { isolation } from './pod-columns.ts';

const NAMESPACE: Column<WorkloadRow> = {
  id: 'namespace',
  title: 'NAMESPACE',
  align: 'left',
  min: 11,
  priority: 1,
  cell: ({ workload }) => ({ text: workload.namespace }),
};

const COLUMNS: readonly Column<WorkloadRow>[] = [
  {
    id: 'kind',
    title: 'KIND',
    align: 'left',
    min: 6,
    priority: 3,
    sortKey: 'K',
    cell: ({ workload: { kind } }) => ({ text: kind, short: SHORT_KINDS[kind] ?? kind }),
  },
  {
    id: 'name',
    title: 'NAME',
    align: 'left',
    min: 14,
    max: 64,
    priority: 0,
    sortKey: 'N',
    cell: ({ workload }) => ({ text: workload.name }),
  },
  {
    id: 'ready',
    title: 'READY',
    align: 'left',
    min: 5,
    priority: 4,
    sortKey: 'R',
    cell: ({ pods, ready }) => ({ text: `${ready}/${pods}`, ...(ready < pods ? { tone: 'warn' } : {}) }),
  },
  { id: 'in', title: 'IN', align: 'left', min: 5, priority: 1, cell: ({ ingress }) => isolation(ingress) },
  { id: 'out', title: 'OUT', align: 'left', min: 5, priority: 1, cell: ({ egress }) => isolation(egress) },
  {
    id: 'age',
    title: 'AGE',
    align: 'right',
    min: 5,
    priority: 8,
    sortKey: 'A',
    cell: ({ oldest }, { now }) => ({ text: age(now - oldest) }),
  },
];

/** The short names that kubectl takes. */
const SHORT_KINDS: Readonly<Record<string, string>> = {
  Deployment: 'deploy',
  StatefulSet: 'sts',
  DaemonSet: 'ds',
  ReplicaSet: 'rs',
  CronJob: 'cj',
};

const WITH_NAMESPACE: readonly Column<WorkloadRow>[] = [NAMESPACE, ...COLUMNS];

/** The columns of workloads; NAMESPACE only if all namespaces are in view. AGE is that of the oldest pod. */
export function workloadColumns(allNamespaces: boolean): readonly Column<WorkloadRow>[] {
  return allNamespaces ? WITH_NAMESPACE : COLUMNS;
}
