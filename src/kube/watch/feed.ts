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
  type Service,
} from '../../core/cluster/cluster.ts';
import { safeDeep } from '../../core/common/common.ts';
import { type ClusterEvent, type FeedState, policyKey } from '../../core/live/live.ts';
import { POLICY_KINDS, type PolicyKind } from '../../core/policy/kinds/kinds.ts';
import type { Policy } from '../../core/policy/model/model.ts';
import type { ClusterFeed } from '../../core/ports/ports.ts';
import { pause } from '../../wait.ts';
import {
  type ApiClient,
  ApiError,
  apiPath,
  collectionOf,
  type Discovery,
  type Resource,
  streamsLists,
  type VersionSource,
} from '../http/http.ts';
import { listWatch, type Times } from './list-watch.ts';
import { isApiObject } from './watch-event.ts';

type Options = Parameters<ClusterFeed['run']>[0];

export type FeedParts = {
  readonly client: ApiClient;
  readonly discovery: Discovery;
  readonly version: VersionSource;
  /** The namespace of the context. */
  readonly namespace: string;
  readonly times?: Partial<FeedTimes>;
};

/** ms; `retry` is how often a denied or absent kind is tried again. */
export type FeedTimes = Times & { readonly retry: number };

const RETRY = 60_000;

/** Lists and watches every kind; see `ClusterFeed`. Each kind degrades independently. */
export function createFeed(parts: FeedParts): ClusterFeed {
  return {
    run: async (options, signal) => {
      const version = await parts.version.get(signal).catch(() => undefined);
      const streaming = version !== undefined && streamsLists(version);
      const feeds = FEED_KINDS.map((kind) => keep(parts, kind, streaming, options, signal));
      await Promise.all(feeds).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    },
  };
}

async function keep(
  parts: FeedParts,
  kind: FeedKind,
  streaming: boolean,
  options: Options,
  signal: AbortSignal,
): Promise<void> {
  const { client, discovery, times } = parts;
  const namespace = options.namespace ?? parts.namespace;
  const tell = once((state) => options.onState(kind.feed, state));
  tell({ state: 'connecting' });
  let isKnownEmpty = false;
  const run: FeedRun = {
    client,
    streaming,
    onEvents: (events) => {
      isKnownEmpty = false;
      options.onEvents(events);
    },
    onState: tell,
    times,
  };
  while (!signal.aborted) {
    try {
      if (kind.optional && (await discovery.has(kind.resource, signal).catch(() => 'unknown')) === 'no') {
        settle({ state: 'absent' });
      } else {
        await everywhereOrHere();
      }
    } catch (error) {
      if (signal.aborted) return;
      await degrade(error);
    }
    await pause(times?.retry ?? RETRY, signal).catch(() => undefined);
  }

  async function everywhereOrHere(): Promise<void> {
    const pods = kind.feed === 'pods';
    try {
      const onEvents: FeedRun['onEvents'] = (events) => {
        if (pods && events.some((event) => event.type === 'reset')) options.onScope(undefined);
        run.onEvents(events);
      };
      return await kind.run({ ...run, onEvents }, undefined, signal);
    } catch (error) {
      if (!kind.namespaced || !isStatus(error, 403)) throw error;
    }
    if (pods) options.onScope(namespace);
    await kind.run(run, namespace, signal);
  }

  async function degrade(error: unknown): Promise<void> {
    const reason = error instanceof Error ? error.message : String(error);
    if (isStatus(error, 404)) return settle({ state: 'absent' });
    if (!isStatus(error, 403)) return tell({ state: 'stale', since: Date.now(), reason });
    if (kind.feed !== 'namespaces') return settle({ state: 'denied', reason });
    const only = await loneNamespace(client, namespace, signal);
    run.onEvents([{ type: 'reset', kind: 'namespaces', source: kind.feed, objects: [only] }]);
    tell({ state: 'denied', reason: `${reason}; using only namespace ${only.name}` });
  }

  function settle(state: FeedState): void {
    if (!isKnownEmpty) options.onEvents([kind.empty()]);
    isKnownEmpty = true;
    tell(state);
  }
}

/** Emits each state once, and never goes back to `connecting`. */
function once(tell: (state: FeedState) => void): (state: FeedState) => void {
  let last = '';
  return (state) => {
    const text = JSON.stringify(state);
    if (text === last || (state.state === 'connecting' && last !== '')) return;
    last = text;
    tell(state);
  };
}

function isStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}

const NAMESPACES = { group: '', version: 'v1', resource: 'namespaces' };

/**
 * The current namespace of a user who can't list namespaces: as read from the server, else built from its name with the
 * label that every namespace has (NP-20).
 */
async function loneNamespace(client: ApiClient, name: string, signal: AbortSignal): Promise<Namespace> {
  try {
    const { value } = await client.call({
      about: { verb: 'get', group: '', resource: 'namespaces', name },
      path: apiPath(NAMESPACES, undefined, name),
      signal,
    });
    if (isApiObject(value)) return mapNamespace(value);
  } catch {
    signal.throwIfAborted();
  }
  return mapNamespace({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}

/** Converts the objects of one feed to events. */
type Makers<T> = {
  readonly reset: (source: string, objects: readonly T[]) => ClusterEvent;
  readonly set: (source: string, object: T) => ClusterEvent;
  readonly delete: (source: string, key: string) => ClusterEvent;
};

const POD_EVENTS: Makers<Pod> = {
  reset: (source, objects) => ({ type: 'reset', kind: 'pods', source, objects }),
  set: (source, object) => ({ type: 'set', kind: 'pods', source, object }),
  delete: (source, key) => ({ type: 'delete', kind: 'pods', source, key }),
};

const NAMESPACE_EVENTS: Makers<Namespace> = {
  reset: (source, objects) => ({ type: 'reset', kind: 'namespaces', source, objects }),
  set: (source, object) => ({ type: 'set', kind: 'namespaces', source, object }),
  delete: (source, key) => ({ type: 'delete', kind: 'namespaces', source, key }),
};

const SERVICE_EVENTS: Makers<Service> = {
  reset: (source, objects) => ({ type: 'reset', kind: 'services', source, objects }),
  set: (source, object) => ({ type: 'set', kind: 'services', source, object }),
  delete: (source, key) => ({ type: 'delete', kind: 'services', source, key }),
};

const NODE_EVENTS: Makers<Node> = {
  reset: (source, objects) => ({ type: 'reset', kind: 'nodes', source, objects }),
  set: (source, object) => ({ type: 'set', kind: 'nodes', source, object }),
  delete: (source, key) => ({ type: 'delete', kind: 'nodes', source, key }),
};

const ENDPOINT_SLICE_EVENTS: Makers<EndpointSlice> = {
  reset: (source, objects) => ({ type: 'reset', kind: 'endpointSlices', source, objects }),
  set: (source, object) => ({ type: 'set', kind: 'endpointSlices', source, object }),
  delete: (source, key) => ({ type: 'delete', kind: 'endpointSlices', source, key }),
};

const CIDR_GROUP_EVENTS: Makers<CidrGroup> = {
  reset: (source, objects) => ({ type: 'reset', kind: 'cidrGroups', source, objects }),
  set: (source, object) => ({ type: 'set', kind: 'cidrGroups', source, object }),
  delete: (source, key) => ({ type: 'delete', kind: 'cidrGroups', source, key }),
};

const POLICY_EVENTS: Makers<Policy> = {
  reset: (source, objects) => ({ type: 'reset', kind: 'policies', source, objects }),
  set: (source, object) => ({ type: 'set', kind: 'policies', source, object }),
  delete: (source, key) => ({ type: 'delete', kind: 'policies', source, key }),
};

/** The parameters of a feed's run. */
type FeedRun = {
  readonly client: ApiClient;
  readonly streaming: boolean;
  readonly onEvents: (events: readonly ClusterEvent[]) => void;
  readonly onState: (state: FeedState) => void;
  readonly times?: Partial<Times>;
};

/** One collection to watch. `feed` is its name in states and the `source` of its events. */
type FeedKind = {
  readonly feed: string;
  readonly resource: Resource;
  readonly namespaced: boolean;
  /** Whether a server may not have it. */
  readonly optional: boolean;
  /** Runs until the signal aborts; rejects as `listWatch` does. */
  readonly run: (run: FeedRun, namespace: string | undefined, signal: AbortSignal) => Promise<void>;
  /** The event that removes all objects of this feed. */
  readonly empty: () => ClusterEvent;
};

const ENDPOINT_SLICES: Resource = { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' };

/** CIDR groups started as v2alpha1; a server with both versions serves the same objects twice. */
const CIDR_GROUPS = (['v2', 'v2alpha1'] as const).map(
  (version): Resource => ({ group: 'cilium.io', version, resource: 'ciliumcidrgroups' }),
);

/** Every feed of a cluster: the core kinds, and each kind of policy that the engine evaluates. */
const FEED_KINDS: readonly FeedKind[] = [
  feedKind(core('pods'), true, mapPod, keyOf, POD_EVENTS),
  feedKind(core('namespaces'), false, mapNamespace, keyOf, NAMESPACE_EVENTS),
  feedKind(core('services'), true, mapService, keyOf, SERVICE_EVENTS),
  feedKind(core('nodes'), false, mapNode, keyOf, NODE_EVENTS),
  feedKind(ENDPOINT_SLICES, true, mapEndpointSlice, keyOf, ENDPOINT_SLICE_EVENTS),
  ...CIDR_GROUPS.map((resource) => feedKind(resource, false, mapCidrGroup, keyOf, CIDR_GROUP_EVENTS)),
  ...POLICY_KINDS.map((kind) => feedKind(kind, kind.namespaced, parsed(kind), policyKey, POLICY_EVENTS)),
];

/** Policies are sanitized as a whole; the other mappers sanitize each text. */
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
