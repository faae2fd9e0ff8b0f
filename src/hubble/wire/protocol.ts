import type { handleServerStreamingCall, handleUnaryCall, MethodDefinition } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import flowText from './flow.proto';
import type {
  GetFlowsRequest,
  GetFlowsResponse,
  GetNamespacesResponse,
  GetNodesResponse,
  Nothing,
  ServerStatusResponse,
} from './messages.ts';
import observerText from './observer.proto';
import relayText from './relay.proto';

export type * from './messages.ts';

/** The service definition for grpc-js, for `server.addService` and for calls by path. */
export type ObserverService = {
  readonly GetFlows: MethodDefinition<GetFlowsRequest, GetFlowsResponse>;
  readonly GetNodes: MethodDefinition<Nothing, GetNodesResponse>;
  readonly GetNamespaces: MethodDefinition<Nothing, GetNamespacesResponse>;
  readonly ServerStatus: MethodDefinition<Nothing, ServerStatusResponse>;
};

/** The handlers of a server. Missing methods return UNIMPLEMENTED. */
export type ObserverHandlers = {
  GetFlows: handleServerStreamingCall<GetFlowsRequest, GetFlowsResponse>;
  GetNodes: handleUnaryCall<Nothing, GetNodesResponse>;
  GetNamespaces: handleUnaryCall<Nothing, GetNamespacesResponse>;
  ServerStatus: handleUnaryCall<Nothing, ServerStatusResponse>;
};

let service: ObserverService | undefined;

/** `observer.Observer` with plain objects as messages; created on first use. */
export function observerService(): ObserverService {
  service ??= {
    GetFlows: method('GetFlows', { streaming: true }),
    GetNodes: method('GetNodes'),
    GetNamespaces: method('GetNamespaces'),
    ServerStatus: method('ServerStatus'),
  };
  return service;
}

function method<Request extends object, Response extends object>(
  name: string,
  { streaming = false } = {},
): MethodDefinition<Request, Response> {
  const request = plainCodec<Request>(`observer.${name}Request`);
  const response = plainCodec<Response>(`observer.${name}Response`);
  return {
    path: `/observer.Observer/${name}`,
    requestStream: false,
    responseStream: streaming,
    requestSerialize: request.encode,
    requestDeserialize: request.decode,
    responseSerialize: response.encode,
    responseDeserialize: response.decode,
  };
}

const PLAIN: protobuf.IConversionOptions = { longs: String, enums: String, oneofs: true, defaults: false };

/**
 * Encodes and decodes one message type. The type parameter must match the `.proto`; the wire test checks both against
 * the official numbers.
 */
function plainCodec<Message extends object>(
  name: string,
): { encode(message: Message): Buffer; decode(bytes: Buffer): Message } {
  const type = wireRoot().lookupType(name);
  return {
    encode: (message) => Buffer.from(type.encode(type.fromObject(message)).finish()),
    decode: (bytes) => type.toObject(type.decode(bytes), PLAIN) as Message,
  };
}

let root: protobuf.Root | undefined;

/**
 * The packages `observer`, `flow` and `relay` with their well-known types, parsed from the `.proto` files on first use.
 * Field names are kept as on the wire: some are literally `IP`, `Type`, `TCP` (HUB-1).
 */
export function wireRoot(): protobuf.Root {
  root ??= load();
  return root;
}

function load(): protobuf.Root {
  const made = new protobuf.Root();
  for (const name of ['timestamp', 'wrappers', 'field_mask']) {
    made.addJSON(protobuf.common.get(`google/protobuf/${name}.proto`)?.nested ?? {});
  }
  for (const text of [relayText, flowText, observerText]) protobuf.parse(text, made, { keepCase: true });
  made.resolveAll();
  return made;
}
