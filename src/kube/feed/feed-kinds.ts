import type { ClusterEvent, FeedState } from '../../core/cluster/events.ts';
import {
  mapCidrGroup,
  mapEndpointSlice,
  mapNamespace,
  mapNode,
  mapPod,
  mapService,
} from '../../core/cluster/mapping/map.ts';
import { policyKey } from '../../core/cluster/model.ts';
import { keyOf } from '../../core/cluster/objects.ts';
import { POLICY_KINDS, type PolicyKind } from '../../core/policy/kinds.ts';
import type { Policy } from '../../core/policy/model/policy.ts';
import type { ApiObject } from '../../core/ports.ts';
import { safeDeep } from '../../core/safe-text.ts';
import type { ApiClient } from '../http/client.ts';
import { collectionOf, type Resource } from '../list-watch/collection.ts';
import { listWatch, type Times } from '../list-watch/list-watch.ts';
import {
  CIDR_GROUP_EVENTS,
  ENDPOINT_SLICE_EVENTS,
  type Makers,
  NAMESPACE_EVENTS,
  NODE_EVENTS,
  POD_EVENTS,
  POLICY_EVENTS,
  SERVICE_EVENTS,
} from './makers.ts';

/** What one feed is run with. */
export type FeedRun = {
  readonly client: ApiClient;
  readonly streaming: boolean;
  readonly onEvents: (events: readonly ClusterEvent[]) => void;
  readonly onState: (state: FeedState) => void;
  readonly times?: Partial<Times>;
};

/** One collection to keep up to date. `feed` is its name in states and the `source` of its events. */
export type FeedKind = {
  readonly feed: string;
  readonly resource: Resource;
  readonly namespaced: boolean;
  /** Whether a server may lack it. */
  readonly optional: boolean;
  /** Runs until the signal aborts; rejects as `listWatch` does. */
  readonly run: (run: FeedRun, namespace: string | undefined, signal: AbortSignal) => Promise<void>;
  /** The event that takes away all that this feed has brought. */
  readonly empty: () => ClusterEvent;
};

const ENDPOINT_SLICES: Resource = { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' };

/** Groups of CIDRs came as v2alpha1; a server that has both serves the same objects twice. */
const CIDR_GROUPS = (['v2', 'v2alpha1'] as const).map(
  (version): Resource => ({ group: 'cilium.io', version, resource: 'ciliumcidrgroups' }),
);

/** Every feed of a cluster: the core kinds, and each kind of policy that the engine evaluates. */
export const FEED_KINDS: readonly FeedKind[] = [
  feedKind(core('pods'), true, mapPod, keyOf, POD_EVENTS),
  feedKind(core('namespaces'), false, mapNamespace, keyOf, NAMESPACE_EVENTS),
  feedKind(core('services'), true, mapService, keyOf, SERVICE_EVENTS),
  feedKind(core('nodes'), false, mapNode, keyOf, NODE_EVENTS),
  feedKind(ENDPOINT_SLICES, true, mapEndpointSlice, keyOf, ENDPOINT_SLICE_EVENTS),
  ...CIDR_GROUPS.map((resource) => feedKind(resource, false, mapCidrGroup, keyOf, CIDR_GROUP_EVENTS)),
  ...POLICY_KINDS.map((kind) => feedKind(kind, kind.namespaced, parsed(kind), policyKey, POLICY_EVENTS)),
];

/** Policies are read as a whole, so they are made safe as a whole; the other mappers do it text by text. */
function parsed({ parse }: PolicyKind): (raw: ApiObject) => Policy {
  return (raw) => parse(safeDeep(raw));
}

function core(resource: string): Resource {
  return { group: '', version: 'v1', resource };
}

function feedKind<T>(
  resource: Resource,
  namespaced: boolean,
  map: (raw: ApiObject) => T,
  key: (object: T) => string,
  make: Makers<T>,
): FeedKind {
  const source =
    resource.version.includes('alpha') && resource.group === 'cilium.io'
      ? `${resource.resource}.${resource.version}`
      : resource.resource;
  return {
    feed: source,
    resource,
    namespaced,
    optional: resource.group !== '' && resource.group !== 'networking.k8s.io',
    run: ({ client, streaming, onEvents, onState, times }, namespace, signal) =>
      listWatch(
        {
          client,
          collection: collectionOf(resource, { namespace }),
          map,
          streaming,
          reset: (objects) => onEvents([make.reset(source, objects)]),
          changes: (steps) =>
            onEvents(
              steps.map(({ type, object }) =>
                type === 'set' ? make.set(source, object) : make.delete(source, key(object)),
              ),
            ),
          state: onState,
          times,
        },
        signal,
      ),
    empty: () => make.reset(source, []),
  };
}
