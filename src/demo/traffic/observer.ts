import {
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { isRecord } from '../../core/common/common.ts';
import {
  type GetFlowsRequest,
  type GetFlowsResponse,
  type GetNamespacesResponse,
  type GetNodesResponse,
  type ObserverHandlers,
  observerService,
  type ServerStatusResponse,
  type WireFlow,
  type WireNode,
} from '../../hubble/wire/wire.ts';
import { admits } from './filters.ts';
import { createRing, filtersOf, history, type Kept, millisecondsOf, type Ring, timestampOf } from './ring.ts';

/** Hubble Relay's Observer API over the agents of all nodes, on loopback, plaintext. */
export type Observer = {
  readonly port: number;
  readonly address: string;
  /** Adds flows, each with its node and time. */
  readonly publish: (flows: readonly WireFlow[]) => void;
  readonly loseEvents: (count: number, node?: string) => void;
  readonly setNode: (node: string, state: 'connected' | 'unavailable') => void;
  /** Makes requests with a field mask fail, as if an agent did not know a path. */
  readonly rejectMasks: () => () => void;
  /** Closes all streams and the port; `reopen` serves the same port again. */
  readonly shut: () => void;
  readonly reopen: () => Promise<void>;
};

export type ObserverOptions = {
  readonly nodes: readonly NodeAddress[];
  /** The name of Relay's pod. */
  readonly relay: string;
  /** Uptime of the agents at the start, ms. */
  readonly past: number;
};

/** Starts the server on a free port of 127.0.0.1. */
export async function startObserver({ nodes, relay, past }: ObserverOptions): Promise<Observer> {
  const agents = createAgents(nodes, past);
  const streams = createFlowStreams(agents, relay);
  const handlers: ObserverHandlers = {
    GetFlows: streams.open,
    GetNodes: (_call, done) => done(null, nodesOf(agents)),
    GetNamespaces: (_call, done) => done(null, namespacesOf(agents)),
    ServerStatus: (_call, done) => done(null, statusOf(agents), relayMetadata()),
  };
  const first = await listen(handlers, 0);
  const { port } = first;
  let { server } = first;
  return {
    port,
    address: `127.0.0.1:${port}`,
    publish: (flows) => {
      for (const flow of flows) {
        const kept = agents.keep(flow);
        if (kept !== undefined) streams.publish(kept);
      }
    },
    loseEvents: (count, node = nodes[0]?.name ?? '') => streams.loseEvents(count, node),
    setNode: (node, state) => {
      agents.set(node, state);
      // A node that comes back is not announced: its flows just start (HUB-6).
      if (state === 'unavailable') streams.lose(node);
    },
    rejectMasks: streams.rejectMasks,
    shut: () => server.forceShutdown(),
    reopen: async () => {
      ({ server } = await listen(handlers, port));
    },
  };
}

async function listen(
  handlers: ObserverHandlers,
  port: number,
): Promise<{ readonly server: Server; readonly port: number }> {
  const server = new Server();
  server.addService({ ...observerService() }, { ...handlers });
  server.addService({ ...HEALTH_SERVICE }, { ...HEALTH_HANDLERS });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, found) => {
      if (error === null) resolve(found);
      else reject(error);
    });
  });
  return { server, port: bound };
}

/** The bytes of `HealthCheckResponse { status: SERVING }`. */
const SERVING = Buffer.from([0x08, 0x01]);

const NOTHING: MethodDefinition<Buffer, Buffer>['requestSerialize'] = (bytes) => bytes;

/** `grpc.health.v1.Health/Check`, which `hubble status` calls first; its messages stay bytes. */
const HEALTH_SERVICE: { readonly Check: MethodDefinition<Buffer, Buffer> } = {
  Check: {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: NOTHING,
    requestDeserialize: (bytes) => bytes,
    responseSerialize: NOTHING,
    responseDeserialize: (bytes) => bytes,
  },
};

/** Always responds with SERVING. */
const HEALTH_HANDLERS = {
  Check: (_call: unknown, done: sendUnaryData<Buffer>): void => done(null, SERVING),
};

/** Time window of the flow rate, ms. */
const RATE_OVER = 60_000;

/** Every node with its ring; unavailable ones only by name. */
function nodesOf(agents: Agents): GetNodesResponse {
  return { nodes: agents.nodes.map((node) => nodeOf(agents, node)) };
}

function nodeOf(agents: Agents, { name, ip }: NodeAddress): WireNode {
  const ring = agents.ring(name);
  const address = `${ip}:4244`;
  const tls = { enabled: true, server_name: `${name}.default.hubble-grpc.cilium.io` };
  if (ring === undefined) return { name, address, state: 'NODE_UNAVAILABLE', tls };
  return {
    name,
    version: `cilium v${RELAY_VERSION}`,
    address,
    state: 'NODE_CONNECTED',
    tls,
    uptime_ns: agents.uptime(),
    num_flows: ring.size(),
    max_flows: ring.capacity,
    seen_flows: ring.seen(),
  };
}

/** Namespaces in the stored flows, sorted. */
function namespacesOf(agents: Agents): GetNamespacesResponse {
  const flows = agents.rings().flatMap((ring) => ring.all());
  const names = new Set(flows.flatMap(({ flow }) => [flow.source?.namespace, flow.destination?.namespace]));
  const namespaces = [...names].filter((name) => name !== undefined).sort();
  return { namespaces: namespaces.map((namespace) => ({ cluster: 'default', namespace })) };
}

/** The combined state of all connected agents. */
function statusOf(agents: Agents): ServerStatusResponse {
  const now = Date.now();
  const rings = agents.rings();
  const sum = (of: (ring: Ring) => number): number => rings.reduce((total, ring) => total + of(ring), 0);
  const times = rings.flatMap((ring) => ring.all().map(({ time }) => time));
  const recent = times.filter((time) => time >= now - RATE_OVER);
  const first = recent.reduce((least, time) => Math.min(least, time), now - 1_000);
  const down = agents.down();
  return {
    num_flows: sum((ring) => ring.size()),
    max_flows: sum((ring) => ring.capacity),
    seen_flows: sum((ring) => ring.seen()),
    uptime_ns: agents.uptime(),
    num_connected_nodes: { value: agents.up().length },
    num_unavailable_nodes: { value: down.length },
    unavailable_nodes: down.slice(0, 10),
    version: `hubble-relay v${RELAY_VERSION}`,
    flows_rate: (recent.length * 1_000) / (now - first),
  };
}

type FlowStream = ServerWritableStream<GetFlowsRequest, GetFlowsResponse>;

/** The streams of GetFlows: history first, then new flows for followers. */
type FlowStreams = {
  readonly open: (stream: FlowStream) => void;
  readonly publish: (kept: Kept) => void;
  readonly loseEvents: (count: number, node: string) => void;
  /** Reports to followers that a node's stream broke. */
  readonly lose: (node: string) => void;
  readonly rejectMasks: () => () => void;
};

/** Responses buffered for a slow reader; more are lost, and reported as lost. */
const WAITING = 2_000;

function createFlowStreams(agents: Agents, relay: string): FlowStreams {
  const followers = new Map<FlowStream, { lost: number }>();
  let masksRejected = 0;

  const tell = (stream: FlowStream, nodeStatus: NonNullable<GetFlowsResponse['node_status']>): void => {
    stream.write({ node_status: nodeStatus, node_name: relay, time: timestampOf(Date.now()) });
  };
  const tellLost = (stream: FlowStream, count: number, node: string): void => {
    const time = timestampOf(Date.now());
    const lost_events = {
      source: 'HUBBLE_RING_BUFFER',
      num_events_lost: count,
      first: time,
      last: time,
    } as const;
    stream.write({ lost_events, node_name: node, time });
  };

  return {
    open: (stream) => {
      const { request } = stream;
      const masks = (request.field_mask?.paths ?? []).length > 0;
      stream.sendMetadata(relayMetadata());
      if (request.first === true && request.follow === true) {
        const details = 'first cannot be specified with follow';
        stream.emit('error', { code: status.INVALID_ARGUMENT, details });
        return;
      }
      tell(stream, { state_change: 'NODE_CONNECTED', node_names: agents.up() });
      if (agents.down().length > 0) {
        tell(stream, { state_change: 'NODE_UNAVAILABLE', node_names: agents.down() });
      }
      if (masksRejected > 0 && masks) {
        // Through Relay a bad mask does not fail the stream (HUB-3).
        tell(stream, { state_change: 'NODE_ERROR', node_names: agents.up(), message: 'invalid fieldmask' });
        stream.end();
        return;
      }
      for (const kept of history(agents.rings(), request)) stream.write(responseOf(kept, request));
      if (request.follow !== true) {
        stream.end();
        return;
      }
      followers.set(stream, { lost: 0 });
      for (const event of ['cancelled', 'close', 'error']) stream.on(event, () => followers.delete(stream));
    },
    publish: (kept) => {
      for (const [stream, state] of followers) {
        const { whitelist, blacklist } = filtersOf(stream.request);
        if (!admits(kept.flow, whitelist, blacklist)) continue;
        if (stream.writableLength >= WAITING) {
          state.lost += 1;
          continue;
        }
        if (state.lost > 0) tellLost(stream, state.lost, kept.node);
        state.lost = 0;
        stream.write(responseOf(kept, stream.request));
      }
    },
    loseEvents: (count, node) => {
      for (const stream of followers.keys()) tellLost(stream, count, node);
    },
    lose: (node) => {
      const message = 'rpc error: code = Unavailable desc = error reading from server: EOF';
      for (const stream of followers.keys()) {
        tell(stream, { state_change: 'NODE_ERROR', node_names: [node], message });
      }
    },
    rejectMasks: () => {
      masksRejected += 1;
      return () => {
        masksRejected = Math.max(0, masksRejected - 1);
      };
    },
  };
}

/** Relay's description of itself in its response headers. */
function relayMetadata(): Metadata {
  const metadata = new Metadata();
  metadata.set('hubble-relay-version', RELAY_VERSION);
  return metadata;
}

/** One flow as it is sent; the response's own time and node come from the masked flow (HUB-3). */
function responseOf({ flow }: Kept, request: GetFlowsRequest): GetFlowsResponse {
  const shown = masked(flow, request.field_mask?.paths ?? []);
  return {
    flow: shown,
    node_name: shown.node_name,
    time: shown.time,
  };
}

/**
 * The fields of a flow selected by a mask (`source.labels` keeps one field of `source`); all without paths. Missing paths
 * are skipped.
 */
function masked(flow: WireFlow, paths: readonly string[]): WireFlow {
  if (paths.length === 0) return flow;
  const result: Record<string, unknown> = {};
  for (const path of paths) copy(flow, result, path.split('.'));
  return result;
}

function copy(from: unknown, to: Record<string, unknown>, steps: readonly string[]): void {
  const [step, ...rest] = steps;
  if (step === undefined || !isRecord(from)) return;
  const value = from[step];
  if (value === undefined) return;
  if (rest.length === 0) {
    to[step] = value;
    return;
  }
  const inner = to[step];
  const target = isRecord(inner) ? { ...inner } : {};
  copy(value, target, rest);
  to[step] = target;
}

/** The version that Relay, its agents and their flows report. */
export const RELAY_VERSION = '1.20.2';

/** A node of the cluster with its address. */
export type NodeAddress = { readonly name: string; readonly ip: string };

/** The agents of all nodes: their rings, and which of them are connected. */
export type Agents = {
  readonly nodes: readonly NodeAddress[];
  /** Stores a flow at its node; undefined if that node is unavailable. */
  readonly keep: (flow: WireFlow) => Kept | undefined;
  readonly ring: (node: string) => Ring | undefined;
  /** Rings and names of the connected nodes. */
  readonly rings: () => readonly Ring[];
  readonly up: () => string[];
  readonly down: () => string[];
  readonly set: (node: string, state: 'connected' | 'unavailable') => void;
  /** Ns since the start, in wire format. */
  readonly uptime: () => string;
};

/** Agents that started `past` ms ago. */
export function createAgents(nodes: readonly NodeAddress[], past: number): Agents {
  const rings = new Map<string, Ring>(nodes.map(({ name }) => [name, createRing()]));
  const away = new Set<string>();
  const started = Date.now() - past;
  const up = (): string[] => nodes.map(({ name }) => name).filter((name) => !away.has(name));
  return {
    nodes,
    keep: (flow) => {
      const node = flow.node_name ?? '';
      if (away.has(node)) return undefined;
      const kept = { flow, node, time: millisecondsOf(flow.time) ?? Date.now() };
      rings.get(node)?.push(kept);
      return kept;
    },
    ring: (node) => (away.has(node) ? undefined : rings.get(node)),
    rings: () => up().flatMap((name) => rings.get(name) ?? []),
    up,
    down: () => [...away],
    set: (node, state) => {
      if (state === 'connected') away.delete(node);
      else away.add(node);
    },
    uptime: () => String((Date.now() - started) * 1_000_000),
  };
}
