import type { ClusterEvent } from '../../core/cluster/events.ts';
import type { CidrGroup, EndpointSlice, Namespace, Node, Pod, Service } from '../../core/cluster/objects.ts';
import type { Policy } from '../../core/policy/model/policy.ts';

/** How the objects of one feed become events. */
export type Makers<T> = {
  readonly reset: (source: string, objects: readonly T[]) => ClusterEvent;
  readonly set: (source: string, object: T) => ClusterEvent;
  readonly delete: (source: string, key: string) => ClusterEvent;
};

export const POD_EVENTS: Makers<Pod> = {
  reset: (source, objects) => ({ type: 'reset', kind: 'pods', source, objects }),
  set: (source, object) => ({ type: 'set', kind: 'pods', source, object }),
  delete: (source, key) => ({ type: 'delete', kind: 'pods', source, key }),
};

export const NAMESPACE_EVENTS: Makers<Namespace> = {
  reset: (source, objects) => ({ type: 'reset', kind: 'namespaces', source, objects }),
  set: (source, object) => ({ type: 'set', kind: 'namespaces', source, object }),
  delete: (source, key) => ({ type: 'delete', kind: 'namespaces', source, key }),
};

export const SERVICE_EVENTS: Makers<Service> = {
  reset: (source, objects) => ({ type: 'reset', kind: 'services', source, objects }),
  set: (source, object) => ({ type: 'set', kind: 'services', source, object }),
  delete: (source, key) => ({ type: 'delete', kind: 'services', source, key }),
};

export const NODE_EVENTS: Makers<Node> = {
  reset: (source, objects) => ({ type: 'reset', kind: 'nodes', source, objects }),
  set: (source, object) => ({ type: 'set', kind: 'nodes', source, object }),
  delete: (source, key) => ({ type: 'delete', kind: 'nodes', source, key }),
};

export const ENDPOINT_SLICE_EVENTS: Makers<EndpointSlice> = {
  reset: (source, objects) => ({ type: 'reset', kind: 'endpointSlices', source, objects }),
  set: (source, object) => ({ type: 'set', kind: 'endpointSlices', source, object }),
  delete: (source, key) => ({ type: 'delete', kind: 'endpointSlices', source, key }),
};

export const CIDR_GROUP_EVENTS: Makers<CidrGroup> = {
  reset: (source, objects) => ({ type: 'reset', kind: 'cidrGroups', source, objects }),
  set: (source, object) => ({ type: 'set', kind: 'cidrGroups', source, object }),
  delete: (source, key) => ({ type: 'delete', kind: 'cidrGroups', source, key }),
};

export const POLICY_EVENTS: Makers<Policy> = {
  reset: (source, objects) => ({ type: 'reset', kind: 'policies', source, objects }),
  set: (source, object) => ({ type: 'set', kind: 'policies', source, object }),
  delete: (source, key) => ({ type: 'delete', kind: 'policies', source, key }),
};
