import {
  type CidrGroup,
  canonicalIp,
  type EndpointSlice,
  isLive,
  keyOf,
  matches,
  type Namespace,
  type Node,
  type Pod,
  refKey,
  type Service,
  selectorOf,
  type WorkloadRef,
} from '../cluster/cluster.ts';
import type { Policy } from '../policy/model/model.ts';
import type { ClusterEvent, KindName } from './events.ts';
import { createIndex, createStore, type Store } from './store.ts';

/** The live contents of a cluster: mutable, fed by events, queried through indexes. */
export type ClusterModel = {
  /** Applies one event. Never throws; an unknown key in a delete is ignored. */
  readonly apply: (event: ClusterEvent) => void;
  readonly pods: () => Iterable<Pod>;
  readonly podCount: () => number;
  readonly pod: (namespace: string, name: string) => Pod | undefined;
  /**
   * The pod that currently has an address: never a finished one, whose address is free for reuse, and never a
   * host-network pod, whose address is the node's (NP-29, NP-32). A pod being deleted keeps its address until it is
   * gone, unless another pod took it.
   */
  readonly podAt: (ip: string) => Pod | undefined;
  /** All pods of a namespace, including finished ones. */
  readonly podsIn: (namespace: string) => readonly Pod[];
  /** Live pods controlled by a workload. */
  readonly podsOf: (ref: WorkloadRef) => readonly Pod[];
  readonly namespaces: () => Iterable<Namespace>;
  readonly namespace: (name: string) => Namespace | undefined;
  readonly services: () => Iterable<Service>;
  readonly service: (namespace: string, name: string) => Service | undefined;
  /** Looks up a cluster address, or an external one that no node has: a node has other ports, too. */
  readonly serviceAt: (ip: string) => Service | undefined;
  /** Live pods matched by a service's selector; none for a service without a selector. */
  readonly backends: (service: Service) => readonly Pod[];
  /** Addresses behind a service, from its EndpointSlices; empty if unknown. */
  readonly endpoints: (namespace: string, service: string) => readonly string[];
  /** The EndpointSlices of a service. */
  readonly slicesOf: (namespace: string, service: string) => readonly EndpointSlice[];
  /** Addresses of all EndpointSlices. */
  readonly endpointAddresses: () => Iterable<string>;
  readonly cidrGroups: () => Iterable<CidrGroup>;
  readonly cidrGroup: (name: string) => CidrGroup | undefined;
  readonly nodes: () => Iterable<Node>;
  readonly node: (name: string) => Node | undefined;
  readonly nodeAt: (ip: string) => Node | undefined;
  readonly policies: () => Iterable<Policy>;
  readonly policy: (kind: string, namespace: string | undefined, name: string) => Policy | undefined;
  /** Increases with every change of that kind. */
  readonly revision: (kind: KindName) => number;
};

/** The key of a policy among policies of all kinds: `NetworkPolicy/ns/name`. */
export function policyKey(policy: {
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
}): string {
  return refKey(policy);
}

/** An empty model. */
export function createClusterModel(): ClusterModel {
  const podsByNamespace = createIndex<Pod>();
  const podsByIp = createIndex<Pod>();
  const podsByOwner = createIndex<Pod>();
  const servicesByIp = createIndex<Service>();
  const nodesByIp = createIndex<Node>();

  const pods = createStore<Pod>(keyOf, (before, after) => {
    if (before !== undefined) indexPod('remove', before);
    if (after !== undefined) indexPod('add', after);
  });
  const namespaces = createStore<Namespace>(keyOf, () => undefined);
  const services = createStore<Service>(keyOf, (before, after) => {
    for (const ip of addressesOf(before)) if (before) servicesByIp.remove(canonicalIp(ip), before);
    for (const ip of addressesOf(after)) if (after) servicesByIp.add(canonicalIp(ip), after);
  });
  const nodes = createStore<Node>(keyOf, (before, after) => {
    for (const ip of before?.ips ?? []) if (before) nodesByIp.remove(canonicalIp(ip), before);
    for (const ip of after?.ips ?? []) if (after) nodesByIp.add(canonicalIp(ip), after);
  });
  const policies = createStore<Policy>(policyKey, () => undefined);
  const slicesByService = createIndex<EndpointSlice>();
  const endpointSlices = createStore<EndpointSlice>(keyOf, (before, after) => {
    if (before !== undefined) slicesByService.remove(`${before.namespace}/${before.service}`, before);
    if (after !== undefined) slicesByService.add(`${after.namespace}/${after.service}`, after);
  });
  const cidrGroups = createStore<CidrGroup>(keyOf, () => undefined);
  const stores = { pods, namespaces, services, nodes, policies, endpointSlices, cidrGroups };

  function indexPod(change: 'add' | 'remove', pod: Pod): void {
    podsByNamespace[change](pod.namespace, pod);
    if (!isLive(pod)) return;
    if (pod.owner !== undefined) podsByOwner[change](refKey(pod.owner), pod);
    if (!pod.hostNetwork) for (const ip of pod.ips) podsByIp[change](canonicalIp(ip), pod);
  }

  return {
    apply: (event) => {
      if (event.kind === 'pods') applyTo(pods, event);
      else if (event.kind === 'namespaces') applyTo(namespaces, event);
      else if (event.kind === 'services') applyTo(services, event);
      else if (event.kind === 'nodes') applyTo(nodes, event);
      else if (event.kind === 'policies') applyTo(policies, event);
      else if (event.kind === 'endpointSlices') applyTo(endpointSlices, event);
      else applyTo(cidrGroups, event);
    },
    pods: pods.values,
    podCount: pods.size,
    pod: (namespace, name) => pods.get(`${namespace}/${name}`),
    podAt: (ip) => holderOf(podsByIp.get(canonicalIp(ip))),
    podsIn: podsByNamespace.get,
    podsOf: (ref) => podsByOwner.get(refKey(ref)),
    namespaces: namespaces.values,
    namespace: namespaces.get,
    services: services.values,
    service: (namespace, name) => services.get(`${namespace}/${name}`),
    serviceAt: (ip) =>
      nodesByIp.get(canonicalIp(ip)).length > 0 ? undefined : servicesByIp.get(canonicalIp(ip))[0],
    backends: (service) => backendsOf(service, podsByNamespace.get(service.namespace)),
    endpoints: (namespace, service) =>
      slicesByService.get(`${namespace}/${service}`).flatMap(({ addresses }) => addresses),
    slicesOf: (namespace, service) => slicesByService.get(`${namespace}/${service}`),
    endpointAddresses: function* () {
      for (const { addresses } of endpointSlices.values()) yield* addresses;
    },
    cidrGroups: cidrGroups.values,
    cidrGroup: cidrGroups.get,
    nodes: nodes.values,
    node: nodes.get,
    nodeAt: (ip) => nodesByIp.get(canonicalIp(ip))[0],
    policies: policies.values,
    policy: (kind, namespace, name) => policies.get(policyKey({ kind, namespace, name })),
    revision: (kind) => stores[kind].revision(),
  };
}

/**
 * The same cluster with other policies. Everything else follows the model that it is made from; events change its
 * policies alone.
 */
export function withPolicies(model: ClusterModel, policies: readonly Policy[]): ClusterModel {
  const own = createStore<Policy>(policyKey, () => undefined);
  own.reset('given', policies);
  return {
    ...model,
    apply: (event) => {
      if (event.kind === 'policies') applyTo(own, event);
    },
    policies: own.values,
    policy: (kind, namespace, name) => own.get(policyKey({ kind, namespace, name })),
    revision: (kind) => (kind === 'policies' ? own.revision() : model.revision(kind)),
  };
}

type EventOf<T> =
  | { readonly type: 'reset'; readonly source: string; readonly objects: readonly T[] }
  | { readonly type: 'set'; readonly source: string; readonly object: T }
  | { readonly type: 'delete'; readonly key: string };

function applyTo<T>(store: Store<T>, event: EventOf<T>): void {
  if (event.type === 'reset') store.reset(event.source, event.objects);
  else if (event.type === 'set') store.set(event.source, event.object);
  else store.delete(event.key);
}

function addressesOf(service: Service | undefined): readonly string[] {
  return [...(service?.clusterIPs ?? []), ...(service?.outerIPs ?? [])];
}

/** Of the pods that claim an address, the one that has it: pods not being deleted first, then the youngest. */
function holderOf(claims: readonly Pod[]): Pod | undefined {
  if (claims.length < 2) return claims[0];
  return claims.toSorted((a, b) => Number(a.deleting) - Number(b.deleting) || b.created - a.created)[0];
}

function backendsOf(service: Service, pods: readonly Pod[]): readonly Pod[] {
  if (service.selector === undefined) return [];
  const selector = selectorOf(service.selector);
  return pods.filter((pod) => isLive(pod) && matches(selector, pod.labels));
}
