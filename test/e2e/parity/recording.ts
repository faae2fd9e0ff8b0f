import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttp, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';

/** What a server has seen of who asks, and how. */
export type Seen = {
  readonly server: string;
  readonly path: string;
  readonly certificate: string;
  /** Authorization, Impersonate-* and Accept-Encoding, as they came. */
  readonly headers: readonly string[];
};

/** API servers and proxies on loopback that write down what they are asked. */
export type Recording = {
  /** What the placeholders of the cases stand for: the port of each server. */
  readonly ports: Readonly<Record<string, number>>;
  /** What was asked since the last call. */
  take(): { readonly seen: readonly Seen[]; readonly proxies: readonly string[] };
  close(): Promise<void>;
};

const POD = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'here', uid: 'u' } };

export async function startRecording(pki: string): Promise<Recording> {
  let seen: Seen[] = [];
  let proxies: string[] = [];
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const pem = (name: string) => readFileSync(join(pki, name));
  const listen = async (server: Server, host = '127.0.0.1') => {
    servers.push(server);
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    });
    server.listen(0, host);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const answer = (server: string) => (asked: IncomingMessage, response: ServerResponse) => {
    const { socket, rawHeaders, url = '' } = asked;
    const pairs = rawHeaders.flatMap((name, i) =>
      i % 2 === 0 ? [`${name.toLowerCase()}: ${rawHeaders[i + 1]}`] : [],
    );
    seen.push({
      server,
      path: url,
      certificate: socket instanceof TLSSocket ? String(socket.getPeerCertificate().subject?.CN ?? '') : '',
      headers: pairs.filter((line) => /^(authorization|impersonate-|accept-encoding)/.test(line)).toSorted(),
    });
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(POD));
  };
  const secure = (name: string, cert = name, key = cert) =>
    createHttps(
      {
        cert: pem(`${cert}.crt`),
        key: pem(`${key}.key`),
        ca: pem('root.crt'),
        requestCert: true,
        rejectUnauthorized: false,
        ciphers: 'DEFAULT:@SECLEVEL=0',
      },
      answer(name),
    );
  const onward = (client: Socket, host: string, port: number, ready: () => void) => {
    const up = dial(port, host.endsWith('.lab.invalid') ? '127.0.0.1' : host, () => {
      ready();
      client.pipe(up).pipe(client);
    });
    up.on('error', () => client.destroy());
    client.on('error', () => undefined).on('close', () => up.destroy());
  };
  const proxy = (name: string, server: Server) =>
    server
      .on('connect', (asked: IncomingMessage, socket: Socket) => {
        proxies.push(`${name} CONNECT ${asked.headers['proxy-authorization'] ?? ''}`);
        const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(asked.url ?? '') ?? [];
        onward(socket, host, Number(port), () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
      })
      .on('request', (asked: IncomingMessage, response: ServerResponse) => {
        proxies.push(`${name} GET ${asked.headers['proxy-authorization'] ?? ''}`);
        const url = new URL(asked.url ?? '');
        const host = url.hostname.endsWith('.lab.invalid') ? '127.0.0.1' : url.hostname;
        request({ host, port: url.port, path: url.pathname, headers: asked.headers }, (got) => {
          response.writeHead(got.statusCode ?? 0, got.headers);
          got.pipe(response);
        }).end();
      });
  const socks = createServer((client) => {
    client.on('error', () => undefined);
    client.once('data', () => {
      client.write(Buffer.from([5, 0]));
      client.once('data', (asked: Buffer) => {
        const type = asked[3];
        proxies.push(`socks ${type}`);
        const host = type === 3 ? asked.subarray(5, -2).toString() : '127.0.0.1';
        onward(client, host, asked.readUInt16BE(asked.length - 2), () =>
          client.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0])),
        );
      });
    });
  });
  const refusing = createHttp().on('connect', (_, socket: Socket) => {
    proxies.push('refusing');
    socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
  });
  const ports = {
    PLAIN: await listen(createHttp(answer('plain'))),
    CHAIN: await listen(secure('chain', 'chain', 'leaf')),
    LEAF: await listen(secure('leaf')),
    SELF: await listen(secure('self')),
    NAMED: await listen(secure('named')),
    SMALL: await listen(secure('small')),
    OVER: await listen(secure('over')),
    SIX: await listen(secure('six', 'self'), '::1'),
    HTTP: await listen(proxy('http', createHttp())),
    HTTPS: await listen(proxy('https', createHttps({ cert: pem('chain.crt'), key: pem('leaf.key') }))),
    SOCKS: await listen(socks),
    REFUSING: await listen(refusing),
  };
  return {
    ports,
    take: () => {
      const taken = { seen, proxies };
      [seen, proxies] = [[], []];
      return taken;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    },
  };
}
