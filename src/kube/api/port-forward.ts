import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { SluiceError, safeText } from '../../core/common/common.ts';
import { type ApiClient, apiPath } from '../http/http.ts';
import { openSocket } from './open-socket.ts';

/** A port of this machine that leads to a port of a pod. */
export type Forward = {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Why the last connection through it failed, if one did: what connects sees no more than its end. */
  readonly lastError: () => string | undefined;
  dispose(): Promise<void>;
};

/** The code of a close that nothing is wrong with. */
const NORMAL = 1_000;
const DATA = 0;
const ERROR = 1;
/** Each channel begins with the port, two bytes. */
const PORT_BYTES = 2;
/** Above so much data on its way to the pod, the local connection is held back. */
const IN_FLIGHT = 1 << 20;

/**
 * Listens on 127.0.0.1 and pipes every connection into a pod, each over a WebSocket of its own. What fails closes
 * that one connection and nothing else. Ends when `signal` aborts or with `dispose`.
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
  // A refused handshake closes too, before anybody waits for this.
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
          new SluiceError('failed', `The forward to ${pod} ended: ${why}.`, 'It is opened again.'),
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

/** Resolves when the data has left; never rejects, as a broken connection ends by itself. */
function sent(tunnel: WebSocket | undefined, data: Buffer): Promise<void> {
  return new Promise((resolve) => {
    tunnel?.send(Buffer.concat([Buffer.from([DATA]), data]), () => resolve());
  });
}

function podError(namespace: string, pod: string, port: number, bytes: Buffer): SluiceError {
  return new SluiceError(
    'failed',
    `Port ${port} of pod ${safeText(`${namespace}/${pod}`)} can't be reached: ${safeText(bytes.toString('utf8').trim())}`,
    'Check that the pod listens there.',
  );
}
