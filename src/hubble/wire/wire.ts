import type { handleServerStreamingCall, handleUnaryCall, MethodDefinition } from '@grpc/grpc-js';
import type protobuf from 'protobufjs';
import type {
  GetFlowsRequest,
  GetFlowsResponse,
  GetNamespacesResponse,
  GetNodesResponse,
  Nothing,
  ServerStatusResponse,
} from './messages.ts';
import { wireRoot } from './root.ts';

export type * from './messages.ts';

/** The service definition that grpc-js takes, for `server.addService` and for calls by path. */
export type ObserverService = {
  readonly GetFlows: MethodDefinition<GetFlowsRequest, GetFlowsResponse>;
  readonly GetNodes: MethodDefinition<Nothing, GetNodesResponse>;
  readonly GetNamespaces: MethodDefinition<Nothing, GetNamespacesResponse>;
  readonly ServerStatus: MethodDefinition<Nothing, ServerStatusResponse>;
};

/** What a server implements. Methods left out answer UNIMPLEMENTED. */
export type ObserverHandlers = {
  GetFlows: handleServerStreamingCall<GetFlowsRequest, GetFlowsResponse>;
  GetNodes: handleUnaryCall<Nothing, GetNodesResponse>;
  GetNamespaces: handleUnaryCall<Nothing, GetNamespacesResponse>;
  ServerStatus: handleUnaryCall<Nothing, ServerStatusResponse>;
};

let service: ObserverService | undefined;

/** `observer.Observer` with plain objects as messages; made on first use. */
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
 * Turns one message type to bytes and back. The type parameter is a claim about the `.proto`; the test of the wire
 * holds both to the official numbers.
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
