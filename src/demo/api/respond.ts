import type { ServerResponse } from 'node:http';
import { formatSelector, podStatus, type Requirement, selectorOf } from '../../core/cluster/cluster.ts';
import { at, isRecord, listAt, numberAt, textAt } from '../../core/common/common.ts';
import { writeYaml } from '../../core/yaml/yaml.ts';
import type { Resource } from './resources.ts';
import { ApiFailure } from './status.ts';
import type { Shape } from './watch.ts';

/** The form of a response, from the `Accept` header. */
export type Form = 'json' | 'yaml' | 'table' | 'metadata' | 'metadata-list' | 'discovery';

/**
 * The first form of the `Accept` header that the server supports; not protobuf, because clients that prefer it always
 * accept JSON too. Throws 406.
 */
export function formOf(accept: string | undefined): Form {
  if (accept === undefined || accept.trim() === '') return 'json';
  for (const item of accept.split(',')) {
    const [type = '', ...parameters] = item.split(';').map((part) => part.trim());
    const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3);
    if (type === 'application/yaml') return 'yaml';
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue;
    if (as === undefined) return 'json';
    if (as === 'Table') return 'table';
    if (as === 'PartialObjectMetadata') return 'metadata';
    if (as === 'PartialObjectMetadataList') return 'metadata-list';
    if (as === 'APIGroupDiscoveryList' && parameters.includes('v=v2')) return 'discovery';
  }
  throw new ApiFailure(
    406,
    'NotAcceptable',
    '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/json;stream=watch',
    {},
  );
}

/** A response in the requested form. */
export function inForm(body: unknown, form: Form, resource: Resource | undefined): unknown {
  if (!isRecord(body) || body.kind === 'Status' || resource === undefined) return body;
  const items = Array.isArray(body.items) ? body.items.filter(isRecord) : undefined;
  const metadata = isRecord(body.metadata) ? body.metadata : {};
  switch (form) {
    case 'table':
      return items === undefined
        ? tableOf(resource.kind, [body], { resourceVersion: metadata.resourceVersion })
        : tableOf(resource.kind, items, metadata);
    case 'metadata-list':
    case 'metadata':
      return items === undefined
        ? partial(body)
        : {
            kind: 'PartialObjectMetadataList',
            apiVersion: 'meta.k8s.io/v1',
            metadata,
            items: items.map(partial),
          };
    default:
      return body;
  }
}

/** Converts the objects of a watch to the requested form. */
export function shapeOf(form: Form, resource: Resource): Shape {
  let first = true;
  switch (form) {
    case 'table':
      return (object) => {
        const metadata = isRecord(object.metadata) ? object.metadata : {};
        const table = tableOf(resource.kind, [object], { resourceVersion: metadata.resourceVersion }, first);
        first = false;
        return table;
      };
    case 'metadata':
    case 'metadata-list':
      return partial;
    default:
      return (object) => object;
  }
}

/** Writes and ends a response. */
export function send(response: ServerResponse, code: number, body: unknown, form: Form): void {
  const yaml = form === 'yaml';
  const text = yaml ? writeYaml(body) : `${JSON.stringify(body)}\n`;
  response.writeHead(code, {
    'Content-Type': yaml ? 'application/yaml' : 'application/json',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** Writes plain text, as for `/readyz` and unknown paths. */
export function sendText(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(text);
}

type Row = Readonly<Record<string, unknown>>;

/** One column of `kubectl get`; `wide` ones show only with `-o wide`. */
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

/** A Table for `kubectl get`, whose rows have only metadata. */
function tableOf(
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

/** Only the metadata of an object. */
function partial(object: Row): Row {
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

/** An age as kubectl shows it. */
function age(since: string | undefined): string {
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(since ?? '')) / 1_000));
  if (Number.isNaN(seconds)) return '<unknown>';
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 600) return `${Math.floor(seconds / 60)}m${seconds % 60}s`;
  if (seconds < 10_800) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
