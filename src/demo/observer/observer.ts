import { Server, ServerCredentials } from '@grpc/grpc-js';
import { type ObserverHandlers, observerService, type WireFlow } from '../../hubble/wire/wire.ts';
import { createAgents, type NodeAddress } from './agents.ts';
import { createFlowStreams, relayMetadata } from './flow-streams.ts';
import { HEALTH_HANDLERS, HEALTH_SERVICE } from './health.ts';
import { namespacesOf, nodesOf, statusOf } from './summaries.ts';

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
  readonly shut: () => void;
  readonly reopen: () => Promise<void>;
};

export type ObserverOptions = {
  readonly nodes: readonly NodeAddress[];
  /** The name of Relay's pod. */
  readonly relay: string;
  /** ms that the agents have been up before. */
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
      // A node that comes back is not announced: its flows just begin (HUB-6).
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
