import { formatSelector, type Requirement, selectorOf } from '../../../core/cluster/labels.ts';
import { podStatus } from '../../../core/cluster/mapping/pod-status.ts';
import { at, isRecord, listAt, numberAt, textAt } from '../../../core/json.ts';

type Row = Readonly<Record<string, unknown>>;

/** One column of `kubectl get`; `wide` ones show with `-o wide` only. */
type Column = { readonly name: string; readonly cell: (object: Row) => unknown; readonly wide?: boolean };

const NAME: Column = { name: 'Name', cell: (object) => textAt(object, 'metadata', 'name') };
const AGE: Column = { name: 'Age', cell: (object) => age(textAt(object, 'metadata', 'creationTimestamp')) };

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  Pod: [
    NAME,
    {
      name: 'Ready',
      cell: (pod) => `${podStatus(pod).readyContainers}/${listAt(pod, 'spec', 'containers').length}`,
    },
    { name: 'Status', cell: (pod) => podStatus(pod).status },
    { name: 'Restarts', cell: (pod) => String(podStatus(pod).restarts) },
    AGE,
    { name: 'IP', cell: (pod) => textAt(pod, 'status', 'podIP') ?? '<none>', wide: true },
    { name: 'Node', cell: (pod) => textAt(pod, 'spec', 'nodeName') ?? '<none>', wide: true },
  ],
  Namespace: [NAME, { name: 'Status', cell: (object) => textAt(object, 'status', 'phase') }, AGE],
  Node: [
    NAME,
    { name: 'Status', cell: () => 'Ready' },
    { name: 'Version', cell: (node) => textAt(node, 'status', 'nodeInfo', 'kubeletVersion') },
    AGE,
  ],
  Service: [
    NAME,
    { name: 'Type', cell: (service) => textAt(service, 'spec', 'type') },
    { name: 'Cluster-IP', cell: (service) => textAt(service, 'spec', 'clusterIP') },
    { name: 'Port(s)', cell: servicePorts },
    AGE,
  ],
  Deployment: [
    NAME,
    { name: 'Ready', cell: (object) => `${count(object, 'readyReplicas')}/${wanted(object)}` },
    { name: 'Up-to-date', cell: (object) => count(object, 'updatedReplicas') },
    { name: 'Available', cell: (object) => count(object, 'availableReplicas') },
    AGE,
  ],
  StatefulSet: [
    NAME,
    { name: 'Ready', cell: (object) => `${count(object, 'readyReplicas')}/${wanted(object)}` },
    AGE,
  ],
  ReplicaSet: [
    NAME,
    { name: 'Desired', cell: wanted },
    { name: 'Current', cell: (object) => count(object, 'replicas') },
    { name: 'Ready', cell: (object) => count(object, 'readyReplicas') },
    AGE,
  ],
  Job: [
    NAME,
    { name: 'Status', cell: jobStatus },
    {
      name: 'Completions',
      cell: (job) => `${count(job, 'succeeded')}/${numberAt(job, 'spec', 'completions') ?? 1}`,
    },
    { name: 'Duration', cell: (job) => age(textAt(job, 'status', 'startTime')) },
    AGE,
  ],
  NetworkPolicy: [
    NAME,
    { name: 'Pod-Selector', cell: (policy) => selectorText(at(policy, 'spec', 'podSelector')) },
    AGE,
  ],
  ConfigMap: [
    NAME,
    { name: 'Data', cell: (map) => Object.keys(isRecord(map.data) ? map.data : {}).length },
    AGE,
  ],
};

/** Objects as `kubectl get` wants them: a Table whose rows carry metadata only. */
export function tableOf(
  kind: string,
  objects: readonly Row[],
  metadata: Readonly<Record<string, unknown>>,
  withColumns = true,
): Row {
  const columns = COLUMNS[kind] ?? [NAME, AGE];
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: withColumns
      ? columns.map(({ name, wide }) => ({
          name,
          type: 'string',
          format: name === 'Name' ? 'name' : '',
          description: name,
          priority: wide === true ? 1 : 0,
        }))
      : null,
    rows: objects.map((object) => ({
      cells: columns.map(({ cell }) => cell(object) ?? ''),
      object: partial(object),
    })),
  };
}

/** The metadata of an object alone. */
export function partial(object: Row): Row {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}

function servicePorts(service: Row): string {
  return listAt(service, 'spec', 'ports')
    .map((port) => `${numberAt(port, 'port')}/${textAt(port, 'protocol') ?? 'TCP'}`)
    .join(',');
}

function jobStatus(job: Row): string {
  const condition = (type: string): boolean =>
    listAt(job, 'status', 'conditions').some(
      (item) => textAt(item, 'type') === type && textAt(item, 'status') === 'True',
    );
  if (condition('Complete')) return 'Complete';
  if (condition('Failed')) return 'Failed';
  if (textAt(job, 'metadata', 'deletionTimestamp') !== undefined) return 'Terminating';
  return condition('Suspended') ? 'Suspended' : 'Running';
}

function count(object: Row, field: string): number {
  return numberAt(object, 'status', field) ?? 0;
}

function wanted(object: Row): number {
  return numberAt(object, 'spec', 'replicas') ?? 1;
}

function selectorText(selector: unknown): string {
  const labels = at(selector, 'matchLabels');
  const equalities = isRecord(labels)
    ? selectorOf(Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)])))
    : [];
  const text = formatSelector([
    ...equalities,
    ...listAt(selector, 'matchExpressions').map(
      (item): Requirement => ({
        key: textAt(item, 'key') ?? '',
        operator: requirementOperator(textAt(item, 'operator')),
        values: listAt(item, 'values').map(String),
      }),
    ),
  ]);
  return text === '<all>' ? '<none>' : text;
}

function requirementOperator(text: string | undefined): Requirement['operator'] {
  return text === 'NotIn' || text === 'Exists' || text === 'DoesNotExist' ? text : 'In';
}

/** A duration as kubectl shows ages: its two largest units. */
function age(since: string | undefined): string {
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(since ?? '')) / 1_000));
  if (Number.isNaN(seconds)) return '<unknown>';
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 600) return `${Math.floor(seconds / 60)}m${seconds % 60}s`;
  if (seconds < 10_800) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
