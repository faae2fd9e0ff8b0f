import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiFailure, unauthorized } from '../status.ts';
import { type AnswerOptions, answer } from './answer.ts';
import { addressOf, identify, type Tokens } from './identify.ts';
import { type Form, formOf, send } from './respond.ts';

/** What happens to a request before it is looked at. */
export type Gate = (request: {
  readonly method: string;
  readonly path: string;
  readonly signal: AbortSignal;
}) => Promise<'pass' | 'unauthorized' | 'reset'>;

export type ServeOptions = AnswerOptions & { readonly tokens: Tokens; readonly gate: Gate };

/** Serves one request to its end; never rejects. `watches` gets a controller for every watch while it runs. */
export async function serve(
  options: ServeOptions,
  request: IncomingMessage,
  response: ServerResponse,
  watches: Set<AbortController>,
): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const { url } = addressOf(request);
  response.setHeader('Audit-Id', String(request.headers['audit-id'] ?? randomUUID()));
  response.setHeader('Cache-Control', 'no-cache, private');
  const gate = await options.gate({
    method: request.method ?? 'GET',
    path: url.pathname,
    signal: gone.signal,
  });
  if (gone.signal.aborted) return;
  if (gate === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  let form: Form = 'json';
  try {
    const user = identify(options.tokens, request, options.mayDo);
    if (user === undefined || gate === 'unauthorized') throw unauthorized();
    form = formOf(request.headers.accept);
    await answer(options, { request, response, url, user, form, gone: gone.signal, watches });
  } catch (error) {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    fail(response, error, form === 'yaml' ? 'yaml' : 'json');
  }
}

function fail(response: ServerResponse, error: unknown, form: Form): void {
  if (error instanceof ApiFailure) {
    if (error.code === 504) response.setHeader('Retry-After', '1');
    send(response, error.code, error.status, form);
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  send(
    response,
    500,
    new ApiFailure(500, 'InternalError', `Internal error occurred: ${message}`).status,
    form,
  );
}
