import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { setImmediate, setTimeout } from 'node:timers/promises';

/** Something on loopback that a connect test can meet. */
export type Peer = { readonly port: number; readonly close: () => Promise<void> };

/** Accepts and then says nothing, for as long as the client likes; or closes at once. */
export async function openPeer(manners: 'holds' | 'closes' = 'holds'): Promise<Peer> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    sockets.add(socket);
    if (manners === 'closes') socket.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A port on which nothing listens any more. */
export async function closedPeer(): Promise<Peer> {
  const peer = await openPeer();
  await peer.close();
  return { port: peer.port, close: async () => undefined };
}

/** Drops every SYN: a listener that never accepts, its queue filled to the brim. */
export async function blackHole(): Promise<Peer> {
  const child = spawn(process.execPath, ['-e', SLEEPING_LISTENER], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  const port = Number(String(line));
  const fillers: net.Socket[] = [];
  for (let full = false; !full && fillers.length < 16; ) {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    fillers.push(socket);
    await Promise.race([once(socket, 'connect'), setTimeout(500)]);
    // A connection that was made while this process had no turn is told only now.
    await setImmediate();
    full = socket.connecting;
  }
  return {
    port,
    close: async () => {
      for (const socket of fillers) socket.destroy();
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

const SLEEPING_LISTENER = `const server = require('net').createServer();
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  require('fs').writeSync(1, String(server.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;

/** Answers datagrams, or takes them in silence. */
export async function datagramPeer(manners: 'answers' | 'silent'): Promise<Peer> {
  const socket = dgram.createSocket('udp4');
  if (manners === 'answers') {
    socket.on('message', (data, from) => socket.send(data, from.port, from.address));
  }
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

function portOf(server: net.Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not on TCP');
  return address.port;
}
