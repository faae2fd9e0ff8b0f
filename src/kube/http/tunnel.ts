import https from 'node:https';
import { isIP, isIPv6, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import { plainHttp } from './plain-http.ts';
import { hostOf, type ProxyServer } from './proxy.ts';

/** A proxy that did not connect to the server. Says nothing about the server itself. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly proxy: ProxyServer;
  /** The HTTP status that it answered with; absent for other failures, whose `cause` says more. */
  readonly status?: number;

  constructor(
    proxy: ProxyServer,
    message: string,
    more: { readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.proxy = proxy;
    if (more.status !== undefined) this.status = more.status;
  }
}

/** How long a proxy may take to connect, ms. */
const TIMEOUT = 15_000;

/** Where to connect through a proxy; the host of an IPv6 address is without brackets. */
type Destination = { readonly host: string; readonly port: number };

/**
 * Connects to a server through a proxy. Names go to the proxy, which may know some that nobody else does (API-48).
 *
 * @param secure what to trust on the way to an `https://` proxy
 * @throws ProxyError
 */
export function openTunnel(
  proxy: ProxyServer,
  secure: SecureContext | undefined,
  to: Destination,
): Promise<Duplex> {
  return proxy.url.protocol.startsWith('socks') ? throughSocks(proxy, to) : throughHttp(proxy, secure, to);
}

/** The header with the user and password of a proxy, if its URL has them. */
export function proxyLogin({ url }: ProxyServer): Readonly<Record<string, string>> {
  if (url.username === '' && url.password === '') return {};
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return { 'Proxy-Authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

function throughHttp(
  proxy: ProxyServer,
  secure: SecureContext | undefined,
  to: Destination,
): Promise<Duplex> {
  const { url } = proxy;
  const host = hostOf(url);
  const path = `${isIPv6(to.host) ? `[${to.host}]` : to.host}:${to.port}`;
  const options = {
    method: 'CONNECT',
    host,
    ...(url.port === '' ? {} : { port: url.port }),
    path,
    setHost: false,
    headers: { Host: path, ...proxyLogin(proxy) },
    agent: false,
  } as const;
  const request =
    url.protocol === 'https:'
      ? https.request({
          ...options,
          servername: isIP(host) === 0 ? host : '',
          ...(secure === undefined ? {} : { secureContext: secure }),
        })
      : plainHttp().request(options);
  return new Promise((resolve, reject) => {
    const fail = (error: ProxyError) => {
      clearTimeout(timer);
      reject(error);
      request.destroy();
    };
    const timer = setTimeout(
      () => fail(new ProxyError(proxy, `timed out after ${TIMEOUT / 1_000}s`)),
      TIMEOUT,
    );
    request.on('error', (cause) => fail(new ProxyError(proxy, cause.message, { cause })));
    const refused = (status = 0) => fail(new ProxyError(proxy, `HTTP ${status}`, { status }));
    request.once('response', ({ statusCode }) => refused(statusCode));
    request.once('connect', ({ statusCode = 0 }, socket: Socket, head: Buffer) => {
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        refused(statusCode);
        return;
      }
      clearTimeout(timer);
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.end();
  });
}

async function throughSocks(proxy: ProxyServer, to: Destination): Promise<Duplex> {
  // A module of the old kind, whose names are lost in the bundle.
  const { default: socks } = await import('socks');
  const { url } = proxy;
  try {
    const { socket } = await socks.SocksClient.createConnection({
      proxy: {
        host: hostOf(url),
        port: Number(url.port || 1_080),
        type: url.protocol === 'socks4:' ? 4 : 5,
        ...(url.username === ''
          ? {}
          : { userId: decodeURIComponent(url.username), password: decodeURIComponent(url.password) }),
      },
      command: 'connect',
      destination: to,
      timeout: TIMEOUT,
    });
    return socket;
  } catch (error) {
    // The library's error carries the password.
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    throw new ProxyError(proxy, message, { cause: typeof code === 'string' ? { code } : undefined });
  }
}
