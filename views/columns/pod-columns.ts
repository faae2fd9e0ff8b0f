import type { PodRow, Standing } from '../../src/session/session.ts';
import { age } from '../text/text.ts';
import { type Cell, type Column, namespaced } from './column.ts';

const COLUMNS: readonly Column<PodRow>[] = [
  {
    id: 'name',
    title: 'NAME',
    align: 'left',
    min: 16,
    max: 64,
    wrap: true,
    priority: 0,
    sortKey: 'N',
    // Pods of one workload differ at the end.
    cell: ({ pod: { name } }) => ({ text: name, head: name.slice(0, Math.max(0, name.lastIndexOf('-'))) }),
  },
  { id: 'ready', title: 'READY', align: 'left', min: 5, priority: 6, sortKey: 'R', cell: ready },
  { id: 'status', title: 'STATUS', align: 'left', min: 9, priority: 5, sortKey: 'S', cell: status },
  {
    id: 'ip',
    title: 'IP',
    align: 'left',
    min: 12,
    priority: 7,
    sortKey: 'I',
    cell: ({ pod }) => ({ text: pod.ips[0] ?? '-' }),
  },
  {
    id: 'node',
    title: 'NODE',
    align: 'left',
    min: 10,
    priority: 9,
    cell: ({ pod }) => ({ text: pod.node ?? '-' }),
  },
  {
    id: 'restarts',
    title: 'RESTARTS',
    align: 'right',
    min: 8,
    priority: 10,
    cell: ({ pod }) => ({ text: String(pod.restarts) }),
  },
  {
    id: 'age',
    title: 'AGE',
    align: 'right',
    min: 5,
    priority: 8,
    sortKey: 'A',
    cell: ({ pod }, { now }) => ({ text: age(now - pod.created) }),
  },
  {
    id: 'in',
    title: 'IN',
    align: 'left',
    min: 4,
    priority: 1,
    cell: ({ ingress }) => isolation(ingress),
  },
  {
    id: 'out',
    title: 'OUT',
    align: 'left',
    min: 4,
    priority: 1,
    cell: ({ egress }) => isolation(egress),
  },
];

/** The columns of the Pods pane; NAMESPACE only if all namespaces are in view. */
export const podColumns = namespaced<PodRow>(
  { min: 11, priority: 1, of: ({ pod }) => pod.namespace },
  COLUMNS,
);

function ready({ pod }: PodRow): Cell {
  const total = Math.max(pod.containers.length, pod.readyContainers);
  const text = `${pod.readyContainers}/${total}`;
  const finished = pod.phase === 'Succeeded' || pod.phase === 'Failed';
  return pod.readyContainers < total && !finished ? { text, tone: 'warn' } : { text };
}

function status({ pod }: PodRow): Cell {
  if (pod.status === 'Running') return { text: pod.status };
  const calm = pod.status === 'Completed' || pod.status === 'Succeeded';
  return { text: pod.status, tone: calm ? 'faint' : 'warn' };
}

/** A value of IN or OUT. */
export function isolation(state: Standing): Cell {
  switch (state) {
    case 'open':
      return { text: 'open', tone: 'faint' };
    case 'iso':
      return { text: 'iso', tone: 'strong' };
    case 'admin':
      return { text: 'admin', tone: 'strong' };
    case 'mixed':
      return { text: 'mixed', tone: 'warn' };
    case '?':
      return { text: '?', tone: 'warn' };
  }
}
