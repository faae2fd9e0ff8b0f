import type { WebSocket } from 'ws';
import { safeText } from '../../core/safe-text.ts';
import { ApiError, apiError } from '../errors.ts';
import type { About } from '../http/about.ts';
import type { ApiClient } from '../http/client.ts';
import { readText } from '../http/exchange.ts';
import { networkError, TimedOut } from '../http/network-error.ts';

/**
 * An open connection of numbered channels, each message one byte for the channel and then its data
 * (`v4.channel.k8s.io`, `v5.channel.k8s.io`).
 */
export type Channels = {
  /** Resolves when the data has left; never rejects, as a broken connection ends with `onClose`. */
  send(channel: number, data: Buffer): Promise<void>;
  /** Holds back the other side, for a reader that can't keep up. */
  pause(): void;
  resume(): void;
  close(): void;
};

export type ChannelsOptions = {
  readonly about: About;
  /** With its query. */
  readonly path: string;
  readonly protocols: readonly string[];
  readonly signal: AbortSignal;
  readonly onMessage: (channel: number, data: Buffer) => void;
  /** Called once, however it ended; `why` is empty for an ordinary end. */
  readonly onClose: (why: string) => void;
};

const HANDSHAKE = 15_000;
/** Pinged this often, ms, so that nothing in between takes it for idle; given up after three without answer. */
const PING = 20_000;
const LOST_PINGS = 3;
const NORMAL = 1_000;
/** `readyState` of an open WebSocket. */
const OPEN = 1;

/**
 * Opens channels over a WebSocket, with the credentials, the CA and the proxy of every other call. A refused
 * handshake gives the server's own reason.
 *
 * @throws ApiError, NetworkError, or the signal's reason
 */
export async function openChannels(client: ApiClient, options: ChannelsOptions): Promise<Channels> {
  try {
    return await openOnce(client, options);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401 && client.transport.renew()) {
      return openOnce(client, options);
    }
    throw error;
  }
}

async function openOnce(client: ApiClient, options: ChannelsOptions): Promise<Channels> {
  const { signal, about } = options;
  const [{ WebSocket }, access] = await Promise.all([import('ws'), client.transport.access(signal)]);
  signal.throwIfAborted();
  const url = client.transport.url(options.path);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url, options.protocols, {
    agent: access.agent,
    headers: access.headers,
    handshakeTimeout: HANDSHAKE,
    perMessageDeflate: false,
  });
  // Messages may come with the handshake itself, so everything is attached before it.
  const channels = attach(socket, options);
  await new Promise<void>((resolve, reject) => {
    socket.on('open', resolve);
    socket.on('unexpected-response', (request, response) => {
      readText(response, HANDSHAKE)
        .then((text) => reject(apiError(client.origin, about, response.statusCode ?? 0, text)), reject)
        .finally(() => request.destroy());
    });
    socket.on('error', (error) => {
      const late = error.message === 'Opening handshake has timed out';
      reject(
        signal.aborted ? signal.reason : networkError(client.origin, late ? new TimedOut(HANDSHAKE) : error),
      );
    });
  });
  return channels;
}

function attach(socket: WebSocket, options: ChannelsOptions): Channels {
  const { signal } = options;
  const abort = () => socket.terminate();
  signal.addEventListener('abort', abort, { once: true });
  let missed = 0;
  let broken = '';
  const pings = setInterval(() => {
    missed += 1;
    if (missed > LOST_PINGS) socket.terminate();
    else if (socket.readyState === OPEN) socket.ping();
  }, PING);
  pings.unref();
  socket.on('pong', () => {
    missed = 0;
  });
  socket.on('error', (error) => {
    broken = error.message;
  });
  socket.on('message', (data) => {
    const [channel] = data;
    if (channel !== undefined) options.onMessage(channel, data.subarray(1));
  });
  socket.on('close', (code, reason) => {
    clearInterval(pings);
    signal.removeEventListener('abort', abort);
    const said = reason.toString('utf8') || broken;
    options.onClose(code === NORMAL ? '' : safeText(said || `the connection broke (${code})`));
  });
  return {
    send: (channel, data) =>
      new Promise((resolve) => {
        socket.send(Buffer.concat([Buffer.from([channel]), data]), () => resolve());
      }),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.close(NORMAL),
  };
}
