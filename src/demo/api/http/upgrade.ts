import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { User } from '../access.ts';
import type { MayDo } from '../read/reviews.ts';
import { ApiFailure } from '../status.ts';
import { addressOf, identify, type Tokens } from './identify.ts';
import { routeOf } from './route.ts';

/** A connection to a port of a pod, asked for by a WebSocket. */
export type Tunnel = {
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
  readonly namespace: string;
  readonly pod: string;
};

export type UpgradeOptions = {
  readonly tokens: Tokens;
  readonly mayDo: MayDo;
  /** Takes over the connection. Absent: nothing can be forwarded. */
  readonly tunnel?: (tunnel: Tunnel, socket: Duplex, head: Buffer) => void;
};

/** Handles a request that asks to change protocols: `pods/portforward` is the only one. */
export function upgrade(
  options: UpgradeOptions,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const { url } = addressOf(request);
  const route = routeOf(url.pathname);
  socket.on('error', () => socket.destroy());
  const refuse = (line: string): void => {
    socket.end(`HTTP/1.1 ${line}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  };
  const user = whoIs(options, request);
  if (user === undefined) refuse('401 Unauthorized');
  else if (route.type === 'path' || route.subresource !== 'portforward' || options.tunnel === undefined) {
    refuse('404 Not Found');
  } else {
    const { namespace = '', name: pod = '' } = route;
    const wish = { verb: 'create', group: '', resource: 'pods/portforward', namespace };
    if (!options.mayDo(user, wish)) refuse('403 Forbidden');
    else options.tunnel({ request, query: url.searchParams, namespace, pod }, socket, head);
  }
}

function whoIs(options: UpgradeOptions, request: IncomingMessage): User | undefined {
  try {
    return identify(options.tokens, request, options.mayDo);
  } catch (error) {
    if (error instanceof ApiFailure) return undefined;
    throw error;
  }
}
