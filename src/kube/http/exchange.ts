import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import https from 'node:https';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { ServerClock } from '../../core/ports/ports.ts';
import type { Agent } from './agent.ts';
import { TimedOut } from './network-error.ts';
import { plainHttp } from './plain-http.ts';

/** One HTTP request. Header values that are lists are sent as one line each. */
export type Outgoing = {
  readonly agent: Agent;
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
  /** Aborts the exchange at any time, including the body. */
  readonly signal?: AbortSignal;
  /** Timeout for the response headers, ms. */
  readonly timeout: number;
};

/** A response whose body is not read yet. Times are local, ms since the epoch. */
export type Incoming = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
  readonly sent: number;
  readonly received: number;
};

/** Sends a request and waits for the response headers. Rejects with Node's error, or `TimedOut`. */
export function exchange(outgoing: Outgoing): Promise<Incoming> {
  const { agent, url, signal, timeout } = outgoing;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    let sent = Date.now();
    const request = (url.protocol === 'https:' ? https : plainHttp()).request(url, {
      method: outgoing.method,
      agent,
      ...(agent.forwards === undefined ? {} : { path: url.href }),
      headers: { ...lines(outgoing.headers), ...agent.forwards },
      ...(signal === undefined ? {} : { signal }),
    });
    // Without a connection the request never reports an error: a proxy may still be making one.
    const timer = setTimeout(() => {
      const late = new TimedOut(timeout);
      request.destroy(late);
      reject(late);
    }, timeout);
    const abort = () => reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    request.once('close', () => signal?.removeEventListener('abort', abort));
    request.once('finish', () => {
      sent = Date.now();
    });
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(signal?.aborted ? signal.reason : error);
    });
    request.once('response', (response) => {
      clearTimeout(timer);
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: decoded(response),
        sent,
        received: Date.now(),
      });
    });
    request.end(outgoing.body);
  });
}

function lines(headers: Outgoing['headers']): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
  );
}

function decoded(response: IncomingMessage): Readable {
  if (response.headers['content-encoding'] !== 'gzip') return response;
  // The reader gets the error from the decoder; the callback only prevents an unhandled one here.
  return pipeline(response, createGunzip(), () => undefined);
}

/**
 * Reads a body to its end as text.
 *
 * @param timeout total, ms
 */
export async function readText(body: Readable, timeout: number): Promise<string> {
  const timer = setTimeout(() => body.destroy(new TimedOut(timeout)), timeout);
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(bytesOf(chunk));
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    clearTimeout(timer);
  }
}

/** A chunk of a body as bytes, without copying. */
export function bytesOf(chunk: unknown): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  return chunk instanceof Uint8Array
    ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    : Buffer.from(String(chunk));
}

/** A clock that learns from responses. */
export type LearningClock = ServerClock & {
  /** Processes one response: its `Date` header, and the local times when it was requested and received, ms. */
  learn(date: string | undefined, sent: number, received: number): void;
};

/**
 * The server's time from `Date` headers. These have whole seconds, so each response bounds the offset (server minus
 * local): `Date − received ≤ offset < Date + 1 s − sent`; the bounds of many are intersected. If a new one contradicts
 * the earlier ones, a clock was changed, and only the new one is kept (API-10).
 *
 * @param local the local clock, ms since the epoch
 */
export function createServerClock(local: () => number = Date.now): LearningClock {
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  const known = () => low > Number.NEGATIVE_INFINITY;
  return {
    learn: (date, sent, received) => {
      const server = Date.parse(date ?? '');
      if (Number.isNaN(server)) return;
      const newLow = server - received;
      const newHigh = server + 1_000 - sent;
      const agrees = newLow <= high && newHigh >= low;
      low = agrees ? Math.max(low, newLow) : newLow;
      high = agrees ? Math.min(high, newHigh) : newHigh;
    },
    now: () => local() + (known() ? (low + high) / 2 : 0),
    get offset() {
      return known() ? (low + high) / 2 : 0;
    },
    get error() {
      return known() ? (high - low) / 2 : Number.POSITIVE_INFINITY;
    },
  };
}
