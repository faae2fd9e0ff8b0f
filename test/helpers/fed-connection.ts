import type { ClusterEvent } from '../../src/core/live/events.ts';
import type { TrafficSink } from '../../src/core/ports/ports.ts';
import type { Flow } from '../../src/core/traffic/flow.ts';
import { untilAborted } from '../../src/session/grants/wait.ts';
import type { Connection } from '../../src/session/runtime/connection.ts';

/** A connection to no cluster: objects and flows are what it is fed with. */
export type FedConnection = {
  readonly connection: Connection;
  readonly objects: (events: readonly ClusterEvent[]) => void;
  readonly flows: (batch: readonly Flow[]) => void;
};

const never = () => new Promise<never>(() => undefined);

const api = {
  info: async () => ({
    context: 'fed',
    server: 'https://fed',
    version: '1.36',
    gitVersion: 'v1.36.0',
    minor: 36,
    enforcer: 'cilium',
    enforcerEvidence: 'fed',
  }),
  identity: async () => ({ username: 'fed', groups: [], extra: {}, impersonating: false }),
  read: async () => undefined,
  list: async () => [],
  workload: async () => undefined,
  create: never,
  clock: { now: () => Date.now(), error: 0, offset: 0 },
};

/** A connection whose feed and traffic are open from the start, without a rights check or a write that answers. */
export function fedConnection(): FedConnection {
  let listen: (events: readonly ClusterEvent[]) => void = () => undefined;
  let sink: TrafficSink | undefined;
  const connection = {
    api,
    context: 'fed',
    demo: false,
    records: async function* () {},
    feed: {
      run: async ({ onEvents, onState }: Parameters<Connection['feed']['run']>[0], signal: AbortSignal) => {
        onState('pods', { state: 'live' });
        onState('networkpolicies', { state: 'live' });
        listen = onEvents;
        await untilAborted(signal);
      },
    },
    foreign: async () => ({ objects: [], denied: [] }),
    traffic: fedTraffic((given) => {
      sink = given;
    }),
    dispose: async () => undefined,
  } as unknown as Connection;
  return {
    connection,
    objects: (events) => listen(events),
    flows: (batch) => sink?.flows(batch),
  };
}

/** Traffic that is live from the start, whose flows a test gives to the sink that it gets. */
export function fedTraffic(onSink: (sink: TrafficSink) => void): Connection['traffic'] {
  return async () => ({
    name: 'hubble',
    run: async (_context, sink, signal) => {
      onSink(sink);
      sink.state({ source: 'hubble', status: 'live', detail: 'fed', lost: 0 });
      await untilAborted(signal);
    },
  });
}
