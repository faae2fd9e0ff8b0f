import { PassThrough } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import type { WebSocket } from 'ws';
import { safeText } from '../../core/common/common.ts';
import {
  type About,
  type Access,
  type ApiClient,
  apiError,
  networkError,
  readText,
  redirectError,
  TimedOut,
} from '../http/http.ts';

export type SocketOptions = {
  readonly about: About;
  /** Includes the query. */
  readonly path: string;
  readonly protocols: readonly string[];
  readonly signal: AbortSignal;
  /** Handles the data of a channel; returning false closes the connection. */
  readonly onMessage: (channel: number, data: Buffer) => boolean;
  /** Called exactly once; `why` is empty after a normal close. */
  readonly onClose: (why: string) => void;
};

const HANDSHAKE = 15_000;
/** Ping interval, ms, so that proxies don't see the connection as idle; closed after three unanswered pings. */
const PING = 20_000;
const LOST_PINGS = 3;
/** The WebSocket code of a normal close. */
const NORMAL = 1_000;
/** The channel number that announces the close of a channel (`v5.channel.k8s.io`). */
const CLOSE = 255;

/**
 * Opens a WebSocket of numbered channels, where each message is one byte for the channel and then its data
 * (`v4.channel.k8s.io`, `v5.channel.k8s.io`), with the same credentials, CA and proxy as every other call. A rejected
 * handshake fails with the server's reason.
 *
 * @throws ApiError, NetworkError, or the signal's reason
 */
export async function openSocket(client: ApiClient, options: SocketOptions): Promise<WebSocket> {
  return client.transport.authorized((access) => openWith(access, client, options), options.signal);
}

async function openWith(access: Access, client: ApiClient, options: SocketOptions): Promise<WebSocket> {
  const { signal, about, path, protocols } = options;
  const [{ WebSocketHandler }, { WebSocket: Plain }, config] = await Promise.all([
    import('@kubernetes/client-node/dist/web-socket-handler.js'),
    import('ws'),
    kubeConfigOf(client),
  ]);
  config.applyToHTTPSOptions = async (given) => {
    Object.assign(given, access);
  };
  /** client-node's handler throws on messages that it can't parse, and in a listener that would end the process. */
  class Socket extends Plain {
    override emit(event: string | symbol, ...values: readonly unknown[]): boolean {
      const [data] = values;
      const isUnread = event === 'message' && data instanceof Buffer && (data[0] ?? CLOSE) === CLOSE;
      return isUnread ? false : super.emit(event, ...values);
    }
  }
  const failed = Promise.withResolvers<never>();
  const open = (uri: string, _: readonly string[], common: object): WebSocket => {
    signal.throwIfAborted();
    const socket = new Socket(uri, [...protocols], {
      ...common,
      handshakeTimeout: HANDSHAKE,
      perMessageDeflate: false,
    });
    attend(socket, options);
    socket.on('unexpected-response', (request, response) => {
      const { statusCode: status = 0, headers } = response;
      readText(response, HANDSHAKE)
        .then((text) =>
          status >= 300 && status < 400
            ? redirectError(client.origin, status, headers.location)
            : apiError(client.origin, about, status, text),
        )
        .then(failed.reject, failed.reject)
        .finally(() => request.destroy());
    });
    socket.on('error', (error) => {
      const late = error.message === 'Opening handshake has timed out';
      failed.reject(
        signal.aborted ? signal.reason : networkError(client.origin, late ? new TimedOut(HANDSHAKE) : error),
      );
    });
    return socket;
  };
  // For closed channels, which never reach the handler; without them it would use the process's own streams.
  const nowhere = new PassThrough();
  const streams = { stdin: nowhere, stdout: nowhere, stderr: nowhere };
  const handler = new WebSocketHandler(config, open, streams);
  const opened = handler.connect(path, null, (channel, data) => {
    try {
      return options.onMessage(channel, data);
    } catch {
      // Close on unreadable data; an error thrown here could not be caught.
      return false;
    }
  });
  // `failed` reports the same failure with our message.
  opened.catch(() => undefined);
  failed.promise.catch(() => undefined);
  return Promise.race([failed.promise, opened]);
}

/** Closes a socket when its signal aborts or its pings go unanswered, and reports how it closed. */
function attend(socket: WebSocket, { signal, onClose }: SocketOptions): void {
  const abort = () => socket.terminate();
  signal.addEventListener('abort', abort, { once: true });
  let missed = 0;
  let broken = '';
  const pings = setInterval(() => {
    missed += 1;
    if (missed > LOST_PINGS) socket.terminate();
    else if (socket.readyState === socket.OPEN) socket.ping();
  }, PING);
  pings.unref();
  socket.on('pong', () => {
    missed = 0;
  });
  socket.on('error', (error) => {
    broken = error.message;
  });
  socket.on('close', (code, reason) => {
    clearInterval(pings);
    signal.removeEventListener('abort', abort);
    const said = reason.toString('utf8') || broken;
    onClose(code === NORMAL ? '' : safeText(said || `connection lost (${code})`));
  });
}

/**
 * The resolved cluster, user and context as a client-node KubeConfig. It carries no credentials: requests use our own
 * credentials and connections.
 */
export async function kubeConfigOf({ origin, transport }: ApiClient): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  const { context, user } = origin;
  const cluster = context;
  config.loadFromOptions({
    currentContext: context,
    contexts: [{ name: context, cluster, user }],
    clusters: [{ name: cluster, server: transport.url('').href.replace(/\/$/, ''), skipTLSVerify: false }],
    users: [{ name: user }],
  });
  return config;
}
