import {
  type ApiObject,
  type CidrGroup,
  type EndpointSlice,
  keyOf,
  mapCidrGroup,
  mapEndpointSlice,
  mapNamespace,
  mapNode,
  mapPod,
  mapService,
  type Namespace,
  type Node,
  type Pod,
  refKey,
  type Service,
  scaledBy,
  standInsOf,
} from '../../cluster/cluster.ts';
import { isRecord, type Raw, rawOf, rawsOf, textOf, wordOf } from '../../common/common.ts';
import type { ClusterEvent } from '../../live/live.ts';
import type { Policy } from '../model/model.ts';
import { groupOf, policyKindOf } from './policy-kinds.ts';

/** The contents of manifests, mapped. `skipped` counts objects of kinds that don't affect who may talk to whom. */
export type Manifests = {
  readonly pods: readonly Pod[];
  readonly namespaces: readonly Namespace[];
  readonly services: readonly Service[];
  readonly nodes: readonly Node[];
  readonly policies: readonly Policy[];
  readonly endpointSlices: readonly EndpointSlice[];
  readonly cidrGroups: readonly CidrGroup[];
  readonly skipped: Readonly<Record<string, number>>;
};

/**
 * Parsed manifests as the contents of a cluster. Lists are expanded; stand-in pods replace a workload's own, unless its
 * pods are present too, or the workload that controls it is, as in the output of `kubectl get all`; namespaces that are
 * used but not declared exist with only their name. There is no status, so pods run and have no address unless stated.
 */
export function readManifests(documents: readonly unknown[], defaultNamespace = 'default'): Manifests {
  const objects = documents.flatMap(openLists).map((object) => withNamespace(object, defaultNamespace));
  const pods = new Map<string, Pod>();
  const standIns = new Map<string, readonly Pod[]>();
  const scaled = new Set(objects.map(scaledBy));
  const known = new Set(objects.map(objectKey));
  const namespaces = new Map<string, Namespace>();
  const services: Service[] = [];
  const nodes: Node[] = [];
  const policies: Policy[] = [];
  const endpointSlices: EndpointSlice[] = [];
  const cidrGroups: CidrGroup[] = [];
  const skipped: Record<string, number> = {};

  for (const object of objects) {
    const policyKind = policyKindOf(object.apiVersion, object.kind);
    if (policyKind !== undefined) policies.push(policyKind.parse(object));
    else if (isOwn(object, 'Namespace')) {
      const namespace = mapNamespace(object);
      namespaces.set(namespace.name, namespace);
    } else if (isOwn(object, 'Pod')) {
      const pod = running(mapPod(object));
      pods.set(keyOf(pod), pod);
    } else if (isOwn(object, 'Service')) services.push(mapService(object));
    else if (isOwn(object, 'Node')) nodes.push(mapNode(object));
    else if (object.kind === 'EndpointSlice') endpointSlices.push(mapEndpointSlice(object));
    else if (object.kind === 'CiliumCIDRGroup') cidrGroups.push(mapCidrGroup(object));
    else {
      const key = objectKey(object);
      const made = standInsOf(object, scaled.has(key));
      if (made !== undefined) {
        if (!isControlled(object, known)) standIns.set(key, made);
      } else if (scaledBy(object) === undefined) skipped[object.kind] = (skipped[object.kind] ?? 0) + 1;
    }
  }
  addStandIns(pods, [...standIns.values()].flat());
  for (const { namespace } of [...pods.values(), ...services, ...policies]) {
    if (namespace === undefined || namespaces.has(namespace)) continue;
    namespaces.set(namespace, mapNamespace(bare('Namespace', { name: namespace })));
  }
  return {
    pods: [...pods.values()],
    namespaces: [...namespaces.values()],
    services,
    nodes,
    policies,
    endpointSlices,
    cidrGroups,
    skipped,
  };
}

/** Manifests as the events of one feed, `manifests`. */
export function manifestEvents(
  documents: readonly unknown[],
  defaultNamespace = 'default',
): readonly ClusterEvent[] {
  const { pods, namespaces, services, nodes, policies, endpointSlices, cidrGroups } = readManifests(
    documents,
    defaultNamespace,
  );
  const source = 'manifests';
  return [
    { type: 'reset', kind: 'namespaces', source, objects: namespaces },
    { type: 'reset', kind: 'nodes', source, objects: nodes },
    { type: 'reset', kind: 'pods', source, objects: pods },
    { type: 'reset', kind: 'services', source, objects: services },
    { type: 'reset', kind: 'endpointSlices', source, objects: endpointSlices },
    { type: 'reset', kind: 'cidrGroups', source, objects: cidrGroups },
    { type: 'reset', kind: 'policies', source, objects: policies },
  ];
}

/** The objects of a document: `List`, `PodList`, and the like are expanded at any depth. */
function openLists(document: unknown): readonly ApiObject[] {
  if (!isRecord(document)) return [];
  const kind = textOf(document.kind) ?? '';
  if (!kind.endsWith('List') || !Array.isArray(document.items)) return [apiObject(document, {})];
  const itemKind = kind === 'List' ? undefined : kind.slice(0, -'List'.length);
  const inherited = { apiVersion: document.apiVersion, kind: itemKind };
  return rawsOf(document.items).flatMap((item) =>
    textOf(item.kind)?.endsWith('List') ? openLists(item) : [apiObject(item, inherited)],
  );
}

function apiObject(
  raw: Raw,
  inherited: { readonly apiVersion?: unknown; readonly kind?: unknown },
): ApiObject {
  const metadata = rawOf(raw.metadata);
  return {
    ...raw,
    apiVersion: textOf(raw.apiVersion) ?? textOf(inherited.apiVersion) ?? 'v1',
    kind: textOf(raw.kind) ?? textOf(inherited.kind) ?? '',
    metadata: { ...metadata, name: textOf(metadata.name) ?? textOf(metadata.generateName) ?? '' },
  };
}

/** A kind of the core group: other groups have kinds of the same names. */
function isOwn({ apiVersion, kind }: ApiObject, wanted: string): boolean {
  return kind === wanted && groupOf(apiVersion) === '';
}

const CLUSTER_WIDE = ['Namespace', 'Node', 'CiliumCIDRGroup'];

function withNamespace(object: ApiObject, defaultNamespace: string): ApiObject {
  const policyKind = policyKindOf(object.apiVersion, object.kind);
  const clusterWide = policyKind === undefined ? CLUSTER_WIDE.includes(object.kind) : !policyKind.namespaced;
  if (clusterWide) return object;
  return {
    ...object,
    metadata: { ...object.metadata, namespace: textOf(object.metadata.namespace) ?? defaultNamespace },
  };
}

/** Whether another of these objects controls it. */
function isControlled({ metadata }: ApiObject, known: ReadonlySet<string>): boolean {
  return rawsOf(metadata.ownerReferences).some(
    ({ kind, name, controller }) =>
      controller === true && known.has(`${wordOf(kind)}/${metadata.namespace}/${wordOf(name)}`),
  );
}

function objectKey({ kind, metadata }: ApiObject): string {
  return `${kind}/${metadata.namespace}/${metadata.name}`;
}

function running(pod: Pod): Pod {
  const phase = pod.phase === 'Pending' ? 'Running' : pod.phase;
  return { ...pod, phase, status: pod.status === 'Pending' ? 'Running' : pod.status };
}

/**
 * Adds stand-ins for workloads without pods, under unique names: first those named like their workload, then those that
 * have to give way.
 */
function addStandIns(pods: Map<string, Pod>, standIns: readonly Pod[]): void {
  const owners = new Set(Array.from(pods.values(), ({ owner }) => owner && refKey(owner)));
  const missing = standIns.filter(({ owner }) => owner === undefined || !owners.has(refKey(owner)));
  const isNamesake = ({ name, owner }: Pod) => name === owner?.name;
  for (const pod of [...missing.filter(isNamesake), ...missing.filter((item) => !isNamesake(item))]) {
    let free = pod;
    while (pods.has(keyOf(free)))
      free = { ...free, name: `${free.name}-${(pod.owner?.kind ?? 'pod').toLowerCase()}` };
    pods.set(keyOf(free), free);
  }
}

function bare(kind: string, metadata: ApiObject['metadata']): ApiObject {
  return { apiVersion: 'v1', kind, metadata };
}
