import { PassThrough } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import type { WebSocket } from 'ws';
import { safeText } from '../../core/common/common.ts';
import {
  type About,
  type ApiClient,
  ApiError,
  apiError,
  networkError,
  readText,
  TimedOut,
} from '../http/http.ts';

export type SocketOptions = {
  readonly about: About;
  /** With its query. */
  readonly path: string;
  readonly protocols: readonly string[];
  readonly signal: AbortSignal;
  /** Takes the data of a channel; false closes the connection. */
  readonly onMessage: (channel: number, data: Buffer) => boolean;
  /** Called once, however it ended; `why` is empty for an ordinary end. */
  readonly onClose: (why: string) => void;
};

const HANDSHAKE = 15_000;
/** Pinged this often, ms, so that nothing in between takes it for idle; given up after three without answer. */
const PING = 20_000;
const LOST_PINGS = 3;
/** The code of a close that nothing is wrong with. */
const NORMAL = 1_000;
/** By which one side says that it closes a channel (`v5.channel.k8s.io`). */
const CLOSE = 255;

/**
 * Opens a WebSocket of numbered channels, each message one byte for the channel and then its data
 * (`v4.channel.k8s.io`, `v5.channel.k8s.io`), with the credentials, the CA and the proxy of every other call. A
 * refused handshake gives the server's own reason.
 *
 * @throws ApiError, NetworkError, or the signal's reason
 */
export async function openSocket(client: ApiClient, options: SocketOptions): Promise<WebSocket> {
  try {
    return await openOnce(client, options);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401 && client.transport.renew()) {
      return openOnce(client, options);
    }
    throw error;
  }
}

async function openOnce(client: ApiClient, options: SocketOptions): Promise<WebSocket> {
  const { signal, about, path, protocols } = options;
  const [{ WebSocketHandler }, { WebSocket: Plain }, config] = await Promise.all([
    import('@kubernetes/client-node/dist/web-socket-handler.js'),
    import('ws'),
    kubeConfigOf(client, signal),
  ]);
  /** What client-node's handler can't read, it throws at, and in a listener that would end the process. */
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
      readText(response, HANDSHAKE)
        .then((text) => apiError(client.origin, about, response.statusCode ?? 0, text))
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
  // Its own streams are for closed channels, which never get to it; without them it would take those of the process.
  const nowhere = new PassThrough();
  const streams = { stdin: nowhere, stdout: nowhere, stderr: nowhere };
  const handler = new WebSocketHandler(config, open, streams);
  const opened = handler.connect(path, null, (channel, data) => {
    try {
      return options.onMessage(channel, data);
    } catch {
      // It is no use to go on with who sends what can't be read, and nobody could catch this.
      return false;
    }
  });
  // It fails with what `failed` says in our words.
  opened.catch(() => undefined);
  failed.promise.catch(() => undefined);
  return Promise.race([failed.promise, opened]);
}

/** Ends a socket with its signal, or when nothing comes back; tells how it ended. */
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
    onClose(code === NORMAL ? '' : safeText(said || `the connection broke (${code})`));
  });
}

/**
 * The chosen cluster, user and context as client-node carries them, once kubectl's rules have been applied. Who asks
 * proves itself by our own credentials, over our own connections: the carrier has none.
 *
 * @param signal ends a login that is under way
 */
export async function kubeConfigOf(
  { origin, transport }: ApiClient,
  signal: AbortSignal,
): Promise<KubeConfig> {
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
  config.applyToHTTPSOptions = async (options) => {
    Object.assign(options, await transport.access(signal));
  };
  return config;
}
