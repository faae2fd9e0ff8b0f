import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { SluiceError, safeText } from '../../core/common/common.ts';
import { type ApiClient, apiPath } from '../http/http.ts';
import { openSocket } from './open-socket.ts';

/** A local port forwarded to a port of a pod. */
export type Forward = {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Why the last connection failed, if one did: the client itself only sees the connection close. */
  readonly lastError: () => string | undefined;
  dispose(): Promise<void>;
};

/** The WebSocket code of a normal close. */
const NORMAL = 1_000;
const DATA = 0;
const ERROR = 1;
/** Each channel starts with the port, two bytes. */
const PORT_BYTES = 2;
/** With more data than this in flight to the pod, the local connection is paused. */
const IN_FLIGHT = 1 << 20;

/**
 * Listens on 127.0.0.1 and pipes every connection into a pod, each over its own WebSocket. A failure closes only that
 * connection. Ends when `signal` aborts or on `dispose`.
 */
export async function openForward(
  client: ApiClient,
  target: { readonly namespace: string; readonly pod: string; readonly port: number },
  signal: AbortSignal,
): Promise<Forward> {
  const ended = new AbortController();
  const within = AbortSignal.any([signal, ended.signal]);
  let lastError: string | undefined;
  const server = createServer((socket) => {
    pipe(client, target, socket, within).catch((error: unknown) => {
      if (!within.aborted) lastError = error instanceof Error ? error.message : String(error);
      socket.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening', { signal: within });
  const dispose = async () => {
    ended.abort();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  within.addEventListener('abort', () => void dispose(), { once: true });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { host: '127.0.0.1', port, lastError: () => lastError, dispose };
}

async function pipe(
  client: ApiClient,
  { namespace, pod, port }: { readonly namespace: string; readonly pod: string; readonly port: number },
  socket: Socket,
  signal: AbortSignal,
): Promise<void> {
  const heard = new Set<number>();
  let tunnel: WebSocket | undefined;
  const closed = Promise.withResolvers<void>();
  // A rejected handshake also closes, before anything awaits this.
  closed.promise.catch(() => undefined);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => tunnel?.close(NORMAL));
  socket.pause();
  tunnel = await openSocket(client, {
    about: { verb: 'create', group: '', resource: 'pods', subresource: 'portforward', namespace, name: pod },
    path: `${apiPath({ group: '', version: 'v1', resource: 'pods' }, namespace, pod, 'portforward')}?ports=${port}`,
    protocols: ['v4.channel.k8s.io'],
    signal,
    onMessage: (channel, data) => {
      const bytes = heard.has(channel) ? data : data.subarray(PORT_BYTES);
      heard.add(channel);
      if (bytes.length === 0) return true;
      if (channel === ERROR) closed.reject(podError(namespace, pod, port, bytes));
      else if (channel === DATA && socket.writable && !socket.write(bytes)) {
        tunnel?.pause();
        socket.once('drain', () => tunnel?.resume());
      }
      return true;
    },
    onClose: (why) => {
      socket.end();
      if (why === '') closed.resolve();
      else
        closed.reject(
          new SluiceError(
            'failed',
            `Lost the connection to pod ${pod}: ${why}.`,
            'The next connection opens it again.',
          ),
        );
    },
  });
  if (socket.destroyed) tunnel.close(NORMAL);
  let inFlight = 0;
  const forwardLocal = async (data: Buffer) => {
    inFlight += data.length;
    if (inFlight > IN_FLIGHT) socket.pause();
    await sent(tunnel, data);
    inFlight -= data.length;
    if (inFlight <= IN_FLIGHT) socket.resume();
  };
  socket.on('data', (data: Buffer) => void forwardLocal(data));
  socket.resume();
  try {
    await closed.promise;
  } finally {
    tunnel.close(NORMAL);
  }
}

/** Resolves when the data is sent; never rejects, because a broken connection closes on its own. */
function sent(tunnel: WebSocket | undefined, data: Buffer): Promise<void> {
  return new Promise((resolve) => {
    tunnel?.send(Buffer.concat([Buffer.from([DATA]), data]), () => resolve());
  });
}

function podError(namespace: string, pod: string, port: number, bytes: Buffer): SluiceError {
  return new SluiceError(
    'failed',
    `Unable to forward to port ${port} of pod ${safeText(`${namespace}/${pod}`)}: ${safeText(bytes.toString('utf8').trim())}`,
    'Check that the pod listens on that port.',
  );
}
