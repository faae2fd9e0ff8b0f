import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { User } from './access.ts';
import { addressOf, identify, type Tokens } from './identify.ts';
import type { Authorizer } from './reviews.ts';
import { routeOf } from './route.ts';
import { ApiFailure } from './status.ts';

/** Where a port of a pod really is on this machine; undefined: nothing listens there. */
export type Reach = (namespace: string, pod: string, port: number) => number | undefined;

const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const;

/**
 * Port-forwarding over WebSockets as the kubelet does it: for the n-th port, channel 2n carries data and 2n+1 an
 * error; the first message on each is the port, two bytes, little-endian.
 */
export function createTunnels(reach: Reach): (tunnel: Tunnel, socket: Duplex, head: Buffer) => void {
  const server = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => PROTOCOLS.find((protocol) => offered.has(protocol)) ?? false,
  });
  return (tunnel, socket, head) => {
    const ports = tunnel.query.getAll('ports').flatMap((text) => text.split(',').map(Number));
    server.handleUpgrade(tunnel.request, socket, head, (client) => serve(client, tunnel, ports, reach));
  };
}

function serve(client: WebSocket, { namespace, pod }: Tunnel, ports: readonly number[], reach: Reach): void {
  const pipes = ports.map((port, i) => {
    const send = (channel: number, data: Buffer, sent: () => void = () => undefined): void =>
      client.send(Buffer.concat([Buffer.from([2 * i + channel]), data]), sent);
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16LE(port);
    send(0, bytes);
    send(1, bytes);
    const refuse = (why: string): void => {
      send(1, Buffer.from(`error forwarding port ${port} to pod ${namespace}/${pod}: ${why}`), () =>
        client.close(1000),
      );
    };
    const local = reach(namespace, pod, port);
    if (local === undefined) {
      refuse(`failed to connect to localhost:${port}: connection refused`);
      return undefined;
    }
    return pipe(local, send, refuse, () => client.close(1000));
  });
  client.on('message', (data: Buffer) => {
    const channel = data[0] ?? 0;
    if (channel % 2 === 0 && data.length > 1) pipes[channel / 2]?.write(data.subarray(1));
  });
  const end = (): void => {
    for (const socket of pipes) socket?.destroy();
  };
  client.on('close', end);
  client.on('error', end);
}

/** A connection to a local port whose bytes go to the client, held back while these wait. */
function pipe(
  port: number,
  send: (channel: number, data: Buffer, sent?: () => void) => void,
  refuse: (why: string) => void,
  ended: () => void,
): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('data', (data: Buffer) => {
    socket.pause();
    send(0, data, () => socket.resume());
  });
  socket.on('error', (error) => refuse(error.message));
  socket.on('close', ended);
  return socket;
}

/** A connection to a port of a pod, asked for by a WebSocket. */
export type Tunnel = {
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
  readonly namespace: string;
  readonly pod: string;
};

export type UpgradeOptions = {
  readonly tokens: Tokens;
  readonly mayDo: Authorizer;
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
    const attributes = { verb: 'create', group: '', resource: 'pods/portforward', namespace };
    if (!options.mayDo(user, attributes)) refuse('403 Forbidden');
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
