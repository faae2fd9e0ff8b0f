import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import {
  type GetFlowsRequest,
  type GetFlowsResponse,
  type GetNamespacesResponse,
  type GetNodesResponse,
  observerService,
  type ServerStatusResponse,
  type WireFlow,
} from '../../../src/hubble/wire/protocol.ts';
import { PATIENCE } from '../eventually.ts';

/** Flows of an embedded cluster as a plain Observer client reads them. */
export type FlowClient = {
  /** All responses of a request that does not follow. */
  readonly responses: (request?: GetFlowsRequest) => Promise<readonly GetFlowsResponse[]>;
  readonly flows: (request?: GetFlowsRequest) => Promise<readonly WireFlow[]>;
  /** Follows until a response satisfies the test, and gives it; rejects after 10 s or when the stream ends. */
  readonly until: (
    request: GetFlowsRequest,
    test: (response: GetFlowsResponse) => boolean,
    begun?: () => void,
  ) => Promise<GetFlowsResponse>;
  readonly status: () => Promise<ServerStatusResponse>;
  readonly nodes: () => Promise<GetNodesResponse>;
  readonly namespaces: () => Promise<GetNamespacesResponse>;
  readonly close: () => void;
};

export function flowClient(address: string): FlowClient {
  const Client = makeGenericClientConstructor({ ...observerService() }, 'observer.Observer');
  const client = new Client(address, credentials.createInsecure());
  const service = observerService();
  const stream = (request: GetFlowsRequest) =>
    client.makeServerStreamRequest(
      service.GetFlows.path,
      service.GetFlows.requestSerialize,
      service.GetFlows.responseDeserialize,
      request,
    );
  const unary = <T extends object>(method: {
    readonly path: string;
    readonly requestSerialize: (value: object) => Buffer;
    readonly responseDeserialize: (bytes: Buffer) => T;
  }): Promise<T> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        {},
        (error, value) => {
          if (error !== null || value === undefined) reject(error ?? new Error('no answer'));
          else resolve(value);
        },
      );
    });
  const responses: FlowClient['responses'] = (request = {}) =>
    new Promise((resolve, reject) => {
      const found: GetFlowsResponse[] = [];
      stream(request)
        .on('data', (response: GetFlowsResponse) => found.push(response))
        .on('error', reject)
        .on('end', () => resolve(found));
    });
  return {
    responses,
    flows: async (request) => (await responses(request)).flatMap(({ flow }) => flow ?? []),
    until: (request, test, begun) =>
      new Promise((resolve, reject) => {
        const call = stream({ follow: true, ...request });
        const finish = (act: () => void): void => {
          clearTimeout(timer);
          call.cancel();
          act();
        };
        const timer = setTimeout(() => finish(() => reject(new Error('no such flow'))), PATIENCE);
        call
          .on('data', (response: GetFlowsResponse) => {
            if (response.node_status?.state_change === 'NODE_CONNECTED') begun?.();
            if (test(response)) finish(() => resolve(response));
          })
          .on('error', (error) => finish(() => reject(error)))
          .on('end', () => finish(() => reject(new Error('the stream ended'))));
      }),
    status: () => unary(service.ServerStatus),
    nodes: () => unary(service.GetNodes),
    namespaces: () => unary(service.GetNamespaces),
    close: () => client.close(),
  };
}

/** `web > db-0:5432 EGRESS 5 DROPPED`, for tests to read. */
export function brief(flow: WireFlow): string {
  const l4 = flow.l4?.TCP ?? flow.l4?.UDP;
  const end = (side: WireFlow['source'], ip: string | undefined): string =>
    side?.pod_name === undefined
      ? (side?.labels?.[0]?.replace('reserved:', '') ?? ip ?? '?')
      : shortName(side.pod_name);
  return [
    end(flow.source, flow.IP?.source),
    '>',
    `${end(flow.destination, flow.IP?.destination)}:${l4?.destination_port ?? '?'}`,
    flow.traffic_direction ?? '-',
    flow.trace_observation_point ?? `type ${flow.event_type?.type}`,
    flow.verdict,
  ].join(' ');
}

/** A pod's name without its generated parts. */
export function shortName(pod: string): string {
  return pod.replace(/-[a-z0-9]{4}-[a-z0-9]{3}$/, '');
}

/** ms since the epoch. */
export function timeOf(flow: WireFlow | undefined): number {
  return Number(flow?.time?.seconds ?? 0) * 1_000 + (flow?.time?.nanos ?? 0) / 1e6;
}
