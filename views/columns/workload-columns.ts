import type { WorkloadRow } from '../../src/session/session.ts';
import { age } from '../text/text.ts';
import { type Column, namespaced } from './column.ts';
import { isolation } from './pod-columns.ts';

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
    wrap: true,
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

/** The columns of workloads; NAMESPACE only if all namespaces are in view. AGE is that of the oldest pod. */
export const workloadColumns = namespaced<WorkloadRow>(
  { min: 11, priority: 1, of: ({ workload }) => workload.namespace },
  COLUMNS,
);
