import { createServer, type Server } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ServeOptions, serve } from './serve.ts';
import { type UpgradeOptions, upgrade } from './tunnel.ts';

/** An API server on loopback. */
export type ApiServer = {
  readonly port: number;
  /** Ends all watches, like a restarting server. */
  readonly dropWatches: () => void;
  /** Closes the port and all connections; `reopen` serves the same port again. */
  readonly shut: () => Promise<void>;
  readonly reopen: () => Promise<void>;
};

/** Starts the server on a free port of 127.0.0.1. */
export async function startApiServer(options: ServeOptions & UpgradeOptions): Promise<ApiServer> {
  const sockets = new Set<Duplex>();
  const watches = new Set<AbortController>();
  let server = await listen(0);
  const port = portOf(server);

  async function listen(at: number): Promise<Server> {
    const made = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      void serve(options, request, response, watches);
    });
    made.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    made.on('upgrade', (request, socket, head) => upgrade(options, request, socket, head));
    await new Promise<void>((resolve, reject) => {
      made.once('error', reject);
      made.listen(at, '127.0.0.1', resolve);
    });
    return made;
  }

  return {
    port,
    dropWatches: () => {
      for (const controller of watches) controller.abort();
    },
    shut: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const controller of watches) controller.abort();
      for (const socket of sockets) {
        if (socket instanceof Socket) socket.resetAndDestroy();
        else socket.destroy();
      }
      await closed;
    },
    reopen: async () => {
      server = await listen(port);
    },
  };
}

function portOf(server: Server): number {
  const address = server.address() as AddressInfo;
  return address.port;
}
