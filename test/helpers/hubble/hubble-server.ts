import {
  ServerCredentials as Credentials,
  Server,
  type ServerCredentials,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import {
  type GetFlowsRequest,
  type GetFlowsResponse,
  type ObserverHandlers,
  observerService,
  type WireFlow,
} from '../../../src/hubble/wire/protocol.ts';

export type FlowsCall = ServerWritableStream<GetFlowsRequest, GetFlowsResponse>;

/** What the server does with the nth stream, from 0. */
export type Script = (call: FlowsCall, index: number) => void;

export type FakeHubble = {
  readonly address: string;
  readonly port: number;
  /** Requests of all streams so far. */
  readonly requests: GetFlowsRequest[];
  /** Streams open now, and the most that ever were. */
  readonly open: Set<FlowsCall>;
  most: () => number;
  /** Cuts every connection and stops listening. */
  stop: () => void;
};

export type FakeOptions = {
  readonly credentials?: ServerCredentials;
  readonly port?: number;
  readonly handlers?: Partial<ObserverHandlers>;
};

/** A Hubble server on loopback that plays a script; it knows one node unless told otherwise. */
export async function startHubble(script: Script, options: FakeOptions = {}): Promise<FakeHubble> {
  const server = new Server();
  const requests: GetFlowsRequest[] = [];
  const open = new Set<FlowsCall>();
  let most = 0;
  server.addService(observerService(), {
    GetNodes: (_call, answer) => answer(null, { nodes: [{ name: 'node-1', state: 'NODE_CONNECTED' }] }),
    ServerStatus: (_call, answer) => answer(null, { version: 'hubble-relay v1.20.2+g1234' }),
    GetFlows: (call) => {
      requests.push(call.request);
      if (call.request.follow === true) {
        open.add(call);
        most = Math.max(most, open.size);
        call.on('cancelled', () => open.delete(call));
        call.on('close', () => open.delete(call));
        call.on('finish', () => open.delete(call));
      }
      script(call, requests.length - 1);
    },
    ...options.handlers,
  } satisfies Partial<ObserverHandlers>);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(
      `127.0.0.1:${options.port ?? 0}`,
      options.credentials ?? Credentials.createInsecure(),
      (error, bound) => (error === null ? resolve(bound) : reject(error)),
    );
  });
  return {
    address: `127.0.0.1:${port}`,
    port,
    requests,
    open,
    most: () => most,
    stop: () => server.forceShutdown(),
  };
}

let made = 0;

/** A response with a flow that the source lets through: a SYN that reached its pod. */
export function flowResponse(flow: WireFlow = {}): GetFlowsResponse {
  made += 1;
  return {
    flow: {
      uuid: `flow-${made}`,
      time: { seconds: 1_767_607_200 + made, nanos: 0 },
      verdict: 'FORWARDED',
      IP: { source: '10.0.0.1', destination: '10.0.0.2' },
      l4: { TCP: { source_port: 40_000 + made, destination_port: 80, flags: { SYN: true } } },
      source: { namespace: 'shop', pod_name: 'web-1' },
      destination: { namespace: 'shop', pod_name: 'db-0' },
      event_type: { type: 4 },
      trace_observation_point: 'TO_ENDPOINT',
      is_reply: { value: false },
      node_name: 'node-1',
      ...flow,
    },
    node_name: 'node-1',
    time: { seconds: 1_767_607_200 + made, nanos: 0 },
  };
}
