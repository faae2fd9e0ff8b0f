import { type Client, type MethodDefinition, type ServiceError, status } from '@grpc/grpc-js';
import { type DecodedResponse, decodeResponse, type GetFlowsRequest, observerService } from '../wire/wire.ts';

/** One unary call. Rejects with grpc-js's `ServiceError`, or with the signal's reason. */
export function call<Request, Response>(
  client: Client,
  method: MethodDefinition<Request, Response>,
  request: Request,
  timeout: number,
  signal: AbortSignal,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const cancel = () => running.cancel();
    const running = client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      { deadline: Date.now() + timeout },
      (error, response) => {
        signal.removeEventListener('abort', cancel);
        if (response !== undefined) resolve(response);
        else reject(signal.aborted ? signal.reason : error);
      },
    );
    signal.addEventListener('abort', cancel, { once: true });
  });
}

/** How a stream ended: `OK`, or an error. */
export type StreamEnd = { readonly code: number; readonly details: string };

export type Reading = {
  readonly onResponse: (response: DecodedResponse) => void;
  /** Returns a promise while the consumer is behind; reading then pauses, which applies backpressure to the server. */
  readonly slow: () => Promise<void> | undefined;
  readonly signal: AbortSignal;
  /** Longest gap between two responses, ms; absent: unlimited. */
  readonly silence?: number;
};

/**
 * Reads GetFlows until it ends, and resolves once it is closed, so that streams never overlap. An aborted signal cancels
 * it.
 */
export function readFlows(
  client: Client,
  request: GetFlowsRequest,
  { onResponse, slow, signal, silence }: Reading,
): Promise<StreamEnd> {
  const { path, requestSerialize } = observerService().GetFlows;
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve({ code: status.CANCELLED, details: 'cancelled' });
      return;
    }
    const stream = client.makeServerStreamRequest(path, requestSerialize, decodeResponse, request);
    let silent = false;
    const cancel = () => {
      stream.cancel();
      stream.resume();
    };
    const onSilence = () => {
      if (stream.isPaused()) timer?.refresh();
      else {
        silent = true;
        cancel();
      }
    };
    const timer = silence === undefined ? undefined : setTimeout(onSilence, silence);
    signal.addEventListener('abort', cancel, { once: true });
    stream.on('data', (response: DecodedResponse) => {
      timer?.refresh();
      onResponse(response);
      const wait = stream.isPaused() ? undefined : slow();
      if (wait === undefined) return;
      stream.pause();
      void wait.finally(() => stream.resume());
    });
    stream.on('error', () => {});
    stream.on('status', ({ code, details }) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      resolve(silent ? { code: status.DEADLINE_EXCEEDED, details: 'no response' } : { code, details });
    });
  });
}

/** Whether an error is from grpc-js. */
export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error && typeof error.code === 'number';
}
