import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as dial, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { type Cluster, connect } from '../../../src/kube/kube.ts';
import { eventually } from '../../helpers/eventually.ts';
import {
  failure,
  kubeconfigFor,
  type ScriptedServer,
  scriptedServer,
} from '../../helpers/servers/scripted-server.ts';
import { TEST_CA } from '../../helpers/servers/tls-pair.ts';

let server: ScriptedServer;
let sockets: WebSocketServer;
let cluster: Cluster;
let asked: { readonly url: URL; readonly protocols: string; readonly authorization?: string }[];
/** Handles a connection on the pod's side. */
let serve: (socket: WebSocket) => void;
let refusal: { readonly status: number; readonly body: unknown } | undefined;
const TARGET = { namespace: 'shop', pod: 'web', container: 'app' };
const signal = new AbortController().signal;

beforeEach(async () => {
  asked = [];
  refusal = undefined;
  sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => [...offered][0] ?? false,
  });
  server = await scriptedServer((_, response) => void response.end(), { tls: true });
  server.server.on('upgrade', (request, socket, head) => {
    asked.push({
      url: new URL(request.url ?? '', 'http://x'),
      protocols: request.headers['sec-websocket-protocol'] ?? '',
      authorization: request.headers.authorization,
    });
    if (refusal !== undefined) {
      const body = JSON.stringify(refusal.body);
      socket.end(
        `HTTP/1.1 ${refusal.status} No\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    } else sockets.handleUpgrade(request, socket, head, (open) => serve(open));
  });
  cluster = await connect({ kubeconfig: { text: server.kubeconfig('token: abc') } });
});

afterEach(async () => {
  await cluster.dispose();
  for (const open of sockets.clients) open.terminate();
  await server.close();
});

function send(socket: WebSocket, channel: number, data: string | Buffer): void {
  socket.send(Buffer.concat([Buffer.from([channel]), Buffer.from(data)]), () => undefined);
}

const SUCCESS = JSON.stringify({ status: 'Success' });

function run(command: readonly string[] = ['id'], timeout = 5_000) {
  return cluster.exec(TARGET, command, { signal, timeout });
}

test('returns outputs and exit code, and sends the command as separate arguments', async () => {
  serve = (socket) => {
    send(socket, 1, 'out\tput\n');
    send(socket, 2, 'wa\u001b[31mrn\n');
    send(
      socket,
      3,
      JSON.stringify({
        status: 'Failure',
        reason: 'NonZeroExitCode',
        details: { causes: [{ reason: 'ExitCode', message: '3' }] },
      }),
    );
  };
  expect(await run(['sh', '-c', 'a b && c'])).toEqual({
    code: 3,
    stdout: 'out\tput\n',
    stderr: 'wa␛[31mrn\n',
  });
  const [request] = asked;
  expect(request?.url.pathname).toBe('/api/v1/namespaces/shop/pods/web/exec');
  expect(request?.url.searchParams.getAll('command')).toEqual(['sh', '-c', 'a b && c']);
  expect(request?.url.searchParams.get('container')).toBe('app');
  expect(request?.protocols).toBe('v5.channel.k8s.io,v4.channel.k8s.io');
  expect(request?.authorization).toBe('Bearer abc');
});

test('success is 0, and data that arrives with the handshake is read', async () => {
  serve = (socket) => {
    send(socket, 1, 'hi');
    send(socket, 3, SUCCESS);
    socket.close();
  };
  expect(await run()).toEqual({ code: 0, stdout: 'hi', stderr: '' });
});

test('a missing program is 127, as in a shell', async () => {
  serve = (socket) =>
    send(
      socket,
      3,
      JSON.stringify({
        status: 'Failure',
        reason: 'InternalError',
        message: 'OCI runtime exec failed: exec: "ss": executable file not found in $PATH',
      }),
    );
  expect(await run()).toMatchObject({
    code: 127,
    stderr: expect.stringContaining('executable file not found'),
  });
});

test('unreadable messages are ignored', async () => {
  serve = (socket) => {
    socket.send(Buffer.alloc(0));
    socket.send('');
    socket.send(Buffer.from([255]));
    socket.send(Buffer.from([255, 1]));
    send(socket, 0, 'stdin?');
    send(socket, 9, 'what?');
    socket.ping();
    socket.once('pong', () => {
      send(socket, 1, 'hi');
      send(socket, 3, SUCCESS);
      send(socket, 1, 'late');
    });
  };
  expect(await run()).toEqual({ code: 0, stdout: 'hi', stderr: '' });
});

test('a final status that is not JSON is an error', async () => {
  serve = (socket) => send(socket, 3, 'Success');
  await expect(run()).rejects.toThrow('The connection to pod shop/web was lost before the command finished');
});

test('the path of the server is kept', async () => {
  await cluster.dispose();
  const text = kubeconfigFor(`${server.url}/clusters/one`, 'token: abc', TEST_CA);
  cluster = await connect({ kubeconfig: { text } });
  serve = (socket) => send(socket, 3, SUCCESS);
  await run();
  expect(asked[0]?.url.pathname).toBe('/clusters/one/api/v1/namespaces/shop/pods/web/exec');
});

test('an expired login is renewed once, as for any call', async () => {
  await cluster.dispose();
  const folder = await mkdtemp(join(tmpdir(), 'sluice-exec-'));
  await writeFile(join(folder, 'token'), 'abc');
  cluster = await connect({
    kubeconfig: { text: server.kubeconfig(`tokenFile: ${join(folder, 'token')}`) },
  });
  refusal = { status: 401, body: failure(401, 'Unauthorized', 'Unauthorized') };
  await expect(run()).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(asked).toHaveLength(2);
  await rm(folder, { recursive: true });
});

test('output is truncated at 1 MiB', async () => {
  serve = (socket) => {
    for (let i = 0; i < 5; i += 1) send(socket, 1, Buffer.alloc(300_000, 'line\n'));
    send(socket, 3, SUCCESS);
  };
  expect((await run()).stdout).toHaveLength(1 << 20);
});

test('a missing permission is reported with verb and resource', async () => {
  refusal = {
    status: 403,
    body: failure(
      403,
      'Forbidden',
      'pods "web" is forbidden: User "eve" cannot create resource "pods/exec" in API group "" in the namespace "shop"',
    ),
  };
  await expect(run()).rejects.toMatchObject({
    code: 'forbidden',
    message: 'User "eve" cannot create pods/exec web in namespace "shop"',
  });
});

test('a missing pod is not found', async () => {
  refusal = { status: 404, body: failure(404, 'NotFound', 'pods "web" not found') };
  await expect(run()).rejects.toMatchObject({ code: 'not-found' });
});

test('a lost connection and a failed exec are reported', async () => {
  serve = (socket) => socket.terminate();
  await expect(run()).rejects.toThrow('The connection to pod shop/web was lost before the command finished');
  serve = (socket) =>
    send(
      socket,
      3,
      JSON.stringify({ status: 'Failure', reason: 'InternalError', message: 'container not running' }),
    );
  await expect(run()).rejects.toThrow('Unable to exec in pod shop/web: container not running');
});

test('a command that does not finish times out, and its connection is closed', async () => {
  const closed = Promise.withResolvers<void>();
  serve = (socket) => socket.on('close', () => closed.resolve());
  await expect(run(['sleep', '9'], 2_000)).rejects.toMatchObject({
    code: 'failed',
    message: 'sleep in pod shop/web timed out after 2s.',
  });
  await closed.promise;
});

test('aborting closes the connection', async () => {
  const abort = new AbortController();
  const closed = Promise.withResolvers<void>();
  serve = (socket) => {
    socket.on('close', () => closed.resolve());
    abort.abort();
  };
  await expect(cluster.exec(TARGET, ['id'], { signal: abort.signal, timeout: 5_000 })).rejects.toMatchObject({
    name: 'AbortError',
  });
  await closed.promise;
});

/** The pod's side of a forward: both channels start with the port. */
function forwarded(socket: WebSocket): void {
  for (const channel of [0, 1]) send(socket, channel, Buffer.from([0x90, 0x1f]));
}

async function client(port: number): Promise<Socket> {
  const socket = dial(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

function collect(socket: Socket): () => string {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

test('data passes between local port and pod, separately for each connection', async () => {
  serve = (socket) => {
    forwarded(socket);
    socket.on('message', (data: Buffer) => send(socket, 0, `echo ${data.subarray(1).toString()}`));
  };
  const forward = await cluster.forward('shop', 'web', 8080, signal);
  const [one, two] = await Promise.all([client(forward.port), client(forward.port)]);
  const [first, second] = [collect(one), collect(two)];
  one.write('1');
  two.write('2');
  await eventually(() => expect([first(), second()]).toEqual(['echo 1', 'echo 2']));
  expect(asked.map(({ url }) => `${url.pathname}${url.search}`)).toEqual(
    Array(2).fill('/api/v1/namespaces/shop/pods/web/portforward?ports=8080'),
  );
  await forward.dispose();
  await eventually(() => expect([one.destroyed, two.destroyed]).toEqual([true, true]));
});

test('megabytes pass intact in both directions with a slow reader', async () => {
  const size = 8 << 20;
  let received = 0;
  serve = (socket) => {
    forwarded(socket);
    socket.on('message', (data: Buffer) => {
      received += data.length - 1;
      if (received === size) for (let i = 0; i < 128; i += 1) send(socket, 0, Buffer.alloc(1 << 16, i));
    });
  };
  const forward = await cluster.forward('shop', 'web', 8080, signal);
  const socket = await client(forward.port);
  socket.pause();
  socket.write(Buffer.alloc(size, 'u'));
  await eventually(() => expect(received).toBe(size));
  let back = 0;
  socket.on('data', (chunk: Buffer) => {
    back += chunk.length;
  });
  socket.resume();
  await eventually(() => expect(back).toBe(size));
  await forward.dispose();
});

/** Sends echoes through a forward until `done`, or long enough for everything else to have progressed. */
async function meanwhile(port: number, done: () => boolean): Promise<void> {
  const socket = await client(port);
  for (let i = 0; i < 1_500 && !done(); i += 1) {
    socket.write('ping');
    await once(socket, 'data');
  }
  socket.destroy();
}

const FLOOD = 64 << 20;
const BLOCK = 1 << 20;

test('a stalled reader applies backpressure to the pod, and other connections continue', async () => {
  let left = 0;
  serve = (socket) => {
    forwarded(socket);
    socket.on('message', (data: Buffer) => {
      if (data.subarray(1).toString() === 'ping') send(socket, 0, 'pong');
      else {
        const block = Buffer.concat([Buffer.from([0]), Buffer.alloc(BLOCK)]);
        for (let i = 0; i < FLOOD / BLOCK; i += 1) {
          socket.send(block, () => {
            left += BLOCK;
          });
        }
      }
    });
  };
  const forward = await cluster.forward('shop', 'web', 8080, signal);
  const stopped = await client(forward.port);
  stopped.pause();
  stopped.write('flood');
  await meanwhile(forward.port, () => left === FLOOD);
  expect(left).toBeLessThan(FLOOD);
  stopped.resume();
  await eventually(() => expect(left).toBe(FLOOD));
  await forward.dispose();
});

test('a stalled pod applies backpressure to the local side', async () => {
  const pods: WebSocket[] = [];
  serve = (socket) => {
    forwarded(socket);
    if (pods.push(socket) === 1) socket.pause();
    socket.on('message', () => send(socket, 0, 'pong'));
  };
  const forward = await cluster.forward('shop', 'web', 8080, signal);
  const local = await client(forward.port);
  let left = 0;
  for (let i = 0; i < FLOOD / BLOCK; i += 1) {
    local.write(Buffer.alloc(BLOCK), () => {
      left += BLOCK;
    });
  }
  await meanwhile(forward.port, () => left === FLOOD);
  expect(left).toBeLessThan(FLOOD);
  pods[0]?.resume();
  await eventually(() => expect(left).toBe(FLOOD));
  await forward.dispose();
});

test('a port without a listener closes that connection, and the reason is reported', async () => {
  serve = (socket) => {
    forwarded(socket);
    send(socket, 1, 'dial tcp4 127.0.0.1:8080: connection refused');
  };
  const forward = await cluster.forward('shop', 'web', 8080, signal);
  const socket = await client(forward.port);
  await eventually(() => expect(socket.destroyed).toBe(true));
  expect(forward.lastError()).toContain('Unable to forward to port 8080 of pod shop/web: dial tcp4');
  serve = (open) => {
    forwarded(open);
    send(open, 0, 'better');
  };
  const again = await client(forward.port);
  const heard = collect(again);
  await eventually(() => expect(heard()).toBe('better'));
  await forward.dispose();
});

test('a forbidden forward closes the connection, and the missing permission is reported', async () => {
  refusal = {
    status: 403,
    body: failure(
      403,
      'Forbidden',
      'pods "web" is forbidden: User "eve" cannot create resource "pods/portforward" in API group "" in the namespace "shop"',
    ),
  };
  const forward = await cluster.forward('shop', 'web', 8080, signal);
  const socket = await client(forward.port);
  await eventually(() => expect(socket.destroyed).toBe(true));
  expect(forward.lastError()).toBe('User "eve" cannot create pods/portforward web in namespace "shop"');
  await forward.dispose();
});

test('a connection that the pod drops while data is in flight closes quietly', async () => {
  serve = (socket) => {
    forwarded(socket);
    socket.on('message', () => socket.terminate());
  };
  const forward = await cluster.forward('shop', 'web', 8080, signal);
  const socket = await client(forward.port);
  for (let i = 0; i < 50; i += 1) socket.write(Buffer.alloc(10_000));
  await eventually(() => expect(socket.destroyed).toBe(true));
  await forward.dispose();
});

test('the listener closes when its signal aborts', async () => {
  const abort = new AbortController();
  const forward = await cluster.forward('shop', 'web', 8080, abort.signal);
  abort.abort();
  await eventually(async () => {
    const socket = dial(forward.port, '127.0.0.1');
    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });
});
