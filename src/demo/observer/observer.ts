import { Metadata, Server, ServerCredentials, type ServerWritableStream, status } from '@grpc/grpc-js';
import {
  type GetFlowsRequest,
  type GetFlowsResponse,
  type ObserverHandlers,
  observerService,
  type WireFlow,
} from '../../hubble/wire/wire.ts';
import { admits } from './filters.ts';
import { HEALTH_HANDLERS, HEALTH_SERVICE } from './health.ts';
import { masked } from './mask.ts';
import { createRing, type Kept, type Ring } from './ring.ts';
import { filtersOf, history, millisecondsOf, timestampOf } from './select.ts';
import { RELAY_VERSION } from './version.ts';

/** Hubble Relay's Observer API over the agents of all nodes, on loopback, plaintext. */
export type Observer = {
  readonly port: number;
  readonly address: string;
  /** Takes in flows; each names its node and its time. */
  readonly publish: (flows: readonly WireFlow[]) => void;
  readonly loseEvents: (count: number, node?: string) => void;
  readonly setNode: (node: string, state: 'connected' | 'unavailable') => void;
  /** Requests with a field mask fail, as those with a path that an agent does not know. */
  readonly rejectMasks: () => () => void;
  /** Ends all streams and closes the port; `reopen` serves the same port again. */
  readonly shut: () => Promise<void>;
  readonly reopen: () => Promise<void>;
};

type FlowStream = ServerWritableStream<GetFlowsRequest, GetFlowsResponse>;

export type ObserverOptions = {
  readonly nodes: readonly { readonly name: string; readonly ip: string }[];
  readonly relay: string;
};

/** Starts the server on a free port of 127.0.0.1. */
export async function startObserver({ nodes, relay }: ObserverOptions): Promise<Observer> {
  const rings = new Map<string, Ring>(nodes.map(({ name }) => [name, createRing()]));
  const down = new Set<string>();
  const followers = new Set<FlowStream>();
  const started = Date.now();
  let masksRejected = 0;

  const ringsUp = (): readonly Ring[] =>
    [...rings].filter(([name]) => !down.has(name)).map(([, ring]) => ring);
  const namesUp = (): string[] => nodes.map(({ name }) => name).filter((name) => !down.has(name));
  const sum = (of: (ring: Ring) => number): number => ringsUp().reduce((total, ring) => total + of(ring), 0);
  const tell = (stream: FlowStream, status: NonNullable<GetFlowsResponse['node_status']>): void => {
    stream.write({ node_status: status, node_name: relay, time: timestampOf(Date.now()) });
  };
  const uptime = (): string => String((Date.now() - started) * 1_000_000);

  const handlers: ObserverHandlers = {
    GetFlows: (stream) => {
      const { request } = stream;
      stream.sendMetadata(relayMetadata());
      if (request.first === true && request.follow === true) {
        stream.emit('error', {
          code: status.INVALID_ARGUMENT,
          details: 'first cannot be specified with follow',
        });
        return;
      }
      tell(stream, { state_change: 'NODE_CONNECTED', node_names: namesUp() });
      if (down.size > 0) tell(stream, { state_change: 'NODE_UNAVAILABLE', node_names: [...down] });
      if (masksRejected > 0 && (request.field_mask?.paths ?? []).length > 0) {
        tell(stream, { state_change: 'NODE_ERROR', node_names: namesUp(), message: 'invalid fieldmask' });
        stream.end();
        return;
      }
      for (const kept of history(ringsUp(), request)) stream.write(responseOf(kept, request));
      if (request.follow !== true) {
        stream.end();
        return;
      }
      followers.add(stream);
      const gone = (): void => {
        followers.delete(stream);
      };
      stream.on('cancelled', gone);
      stream.on('close', gone);
      stream.on('error', gone);
    },
    GetNodes: (_call, done) => {
      done(null, {
        nodes: nodes.map(({ name, ip }) => {
          const ring = rings.get(name);
          const tls = { enabled: true, server_name: `${name}.default.hubble-grpc.cilium.io` };
          if (ring === undefined || down.has(name)) {
            return { name, address: `${ip}:4244`, state: 'NODE_UNAVAILABLE', tls };
          }
          return {
            name,
            version: `cilium v${RELAY_VERSION}`,
            address: `${ip}:4244`,
            state: 'NODE_CONNECTED',
            tls,
            uptime_ns: uptime(),
            num_flows: ring.size(),
            max_flows: ring.capacity,
            seen_flows: ring.seen(),
          };
        }),
      });
    },
    GetNamespaces: (_call, done) => {
      const names = new Set(
        ringsUp().flatMap((ring) =>
          ring.all().flatMap(({ flow }) => [flow.source?.namespace, flow.destination?.namespace]),
        ),
      );
      const namespaces = [...names].filter((name) => name !== undefined).sort();
      done(null, { namespaces: namespaces.map((namespace) => ({ cluster: 'default', namespace })) });
    },
    ServerStatus: (_call, done) => {
      const since = Date.now() - 60_000;
      const recent = ringsUp().flatMap((ring) => ring.all().filter(({ time }) => time >= since));
      const first = recent.reduce((least, { time }) => Math.min(least, time), Date.now() - 1_000);
      done(
        null,
        {
          num_flows: sum((ring) => ring.size()),
          max_flows: sum((ring) => ring.capacity),
          seen_flows: sum((ring) => ring.seen()),
          uptime_ns: uptime(),
          num_connected_nodes: { value: nodes.length - down.size },
          num_unavailable_nodes: { value: down.size },
          unavailable_nodes: [...down].slice(0, 10),
          version: `hubble-relay v${RELAY_VERSION}`,
          flows_rate: (recent.length * 1_000) / (Date.now() - first),
        },
        relayMetadata(),
      );
    },
  };

  const listen = async (port: number): Promise<{ readonly server: Server; readonly port: number }> => {
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
  };
  let current = await listen(0);
  const { port } = current;

  return {
    port,
    address: `127.0.0.1:${port}`,
    publish: (flows) => {
      for (const flow of flows) {
        const node = flow.node_name ?? '';
        const kept = { flow, node, time: millisecondsOf(flow.time) ?? Date.now() };
        if (down.has(node)) continue;
        rings.get(node)?.push(kept);
        for (const stream of followers) {
          const { whitelist, blacklist } = filtersOf(stream.request);
          if (admits(flow, whitelist, blacklist)) stream.write(responseOf(kept, stream.request));
        }
      }
    },
    loseEvents: (count, node = nodes[0]?.name ?? '') => {
      const time = timestampOf(Date.now());
      for (const stream of followers) {
        stream.write({
          lost_events: { source: 'HUBBLE_RING_BUFFER', num_events_lost: count, first: time, last: time },
          node_name: node,
          time,
        });
      }
    },
    setNode: (node, state) => {
      if (state === 'connected') {
        // Not announced to streams that run: their flows just begin (facts/hubble-checked.md).
        down.delete(node);
        return;
      }
      down.add(node);
      const message = 'rpc error: code = Unavailable desc = error reading from server: EOF';
      for (const stream of followers)
        tell(stream, { state_change: 'NODE_ERROR', node_names: [node], message });
    },
    rejectMasks: () => {
      masksRejected += 1;
      return () => {
        masksRejected = Math.max(0, masksRejected - 1);
      };
    },
    shut: async () => {
      followers.clear();
      current.server.forceShutdown();
    },
    reopen: async () => {
      current = await listen(port);
    },
  };
}

/** One flow as it is sent; the response's own time and node come from the masked flow (facts/traffic.md §2.3). */
function responseOf({ flow }: Kept, request: GetFlowsRequest): GetFlowsResponse {
  const shown = masked(flow, request.field_mask?.paths ?? []);
  return {
    flow: shown,
    ...(shown.node_name === undefined ? {} : { node_name: shown.node_name }),
    ...(shown.time === undefined ? {} : { time: shown.time }),
  };
}

function relayMetadata(): Metadata {
  const metadata = new Metadata();
  metadata.set('hubble-relay-version', RELAY_VERSION);
  return metadata;
}
