import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial } from 'node:net';
import type { Duplex } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test, vi } from 'vitest';
import { type Cluster, connect } from '../../../src/kube/kube.ts';
import {
  failure,
  json,
  kubeconfigFor,
  type Reply,
  type ScriptedServer,
  scriptedServer,
  unusedPort,
} from '../../helpers/servers/scripted-server.ts';
import { TEST_CA } from '../../helpers/servers/tls-pair.ts';

let server: ScriptedServer | undefined;
let cluster: Cluster | undefined;

afterEach(async () => {
  await cluster?.dispose();
  await server?.close();
  cluster = undefined;
  server = undefined;
  vi.unstubAllEnvs();
});

async function talkTo(
  reply: Reply,
  options: {
    readonly user?: string;
    readonly as?: string;
    readonly asGroups?: readonly string[];
    readonly tls?: boolean;
  } = {},
): Promise<Cluster> {
  const { as, asGroups, tls } = options;
  server = await scriptedServer(reply, { tls });
  cluster = await connect({ kubeconfig: { text: server.kubeconfig(options.user) }, as, asGroups });
  return cluster;
}

const POD = { group: '', version: 'v1', resource: 'pods', namespace: 'here', name: 'web' };
const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'here', uid: 'u' } };
const JOBS = { group: 'batch', version: 'v1', resource: 'jobs', namespace: 'here' };
const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'sluice-a', namespace: 'here' } };

test('a read returns the object, and undefined for 404', async () => {
  const { api } = await talkTo((request, response) =>
    request.path === '/api/v1/namespaces/here/pods/web'
      ? json(response, pod)
      : json(response, failure(404, 'NotFound', 'pods "x" not found'), 404),
  );
  expect(await api.read(POD)).toEqual(pod);
  expect(await api.read({ ...POD, name: 'x' })).toBeUndefined();
});

test('foreign text is sanitized where it enters', async () => {
  const { api } = await talkTo((_, response) =>
    json(response, { ...pod, metadata: { ...pod.metadata, annotations: { a: '\u001b]52;c;x\u0007' } } }),
  );
  expect((await api.read(POD))?.metadata.annotations).toEqual({ a: '␛]52;c;x\\u{7}' });
});

test('lists are read page by page, and restarted when the token has expired', async () => {
  let expired = false;
  const { api } = await talkTo((request, response) => {
    const token = request.query.get('continue');
    const page = (names: readonly string[], next?: string) =>
      json(response, {
        apiVersion: 'v1',
        kind: 'PodList',
        metadata: { resourceVersion: '7', continue: next ?? '' },
        items: names.map((name) => ({ metadata: { name } })),
      });
    if (token === null) page(expired ? ['a2', 'b2'] : ['a', 'b'], 'more');
    else if (expired) page(['c2']);
    else {
      expired = true;
      json(response, failure(410, 'Expired', 'The provided continue parameter is too old'), 410);
    }
  });
  const pods = await api.list({ group: '', version: 'v1', resource: 'pods' }, { labels: 'app=web' });
  expect(pods.map((item) => [item.kind, item.apiVersion, item.metadata.name])).toEqual([
    ['Pod', 'v1', 'a2'],
    ['Pod', 'v1', 'b2'],
    ['Pod', 'v1', 'c2'],
  ]);
  expect(server?.requests[0]?.query.get('limit')).toBe('500');
  expect(server?.requests[0]?.query.get('labelSelector')).toBe('app=web');
});

test('a create is strict, sends its audit id, and returns warnings', async () => {
  const { api } = await talkTo((request, response) =>
    json(response, JSON.parse(request.body), 201, {
      'audit-id': String(request.headers['audit-id']),
      warning: '299 - "unknown field \\"spec.x\\"", 299 - "second"',
    }),
  );
  const answer = await api.create(JOBS, job, { dryRun: true, auditId: 'sluice-1' });
  expect(answer).toEqual({
    object: job,
    auditId: 'sluice-1',
    warnings: ['unknown field "spec.x"', 'second'],
  });
  const [request] = server?.requests ?? [];
  expect(request?.method).toBe('POST');
  expect(request?.path).toBe('/apis/batch/v1/namespaces/here/jobs');
  expect(Object.fromEntries(request?.query ?? [])).toEqual({
    dryRun: 'All',
    fieldManager: 'sluice',
    fieldValidation: 'Strict',
  });
});

test('a delete puts its options in the body, and 404 is gone', async () => {
  let there = true;
  const { api } = await talkTo((_, response) => {
    json(response, there ? {} : failure(404, 'NotFound', ''), there ? 200 : 404);
    there = false;
  });
  const ref = { ...JOBS, name: 'sluice-a' };
  expect(await api.delete(ref, { uid: 'u1', propagation: 'Foreground' })).toBe('deleted');
  expect(await api.delete(ref, { uid: 'u1', propagation: 'Foreground' })).toBe('gone');
  expect([...(server?.requests[0]?.query.keys() ?? [])]).toEqual([]);
  expect(JSON.parse(server?.requests[0]?.body ?? '')).toEqual({
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    propagationPolicy: 'Foreground',
    preconditions: { uid: 'u1' },
  });
});

test('a patch is a merge patch, and a wrong uid is a conflict', async () => {
  const { api } = await talkTo((request, response) =>
    request.headers['content-type'] === 'application/merge-patch+json'
      ? json(
          response,
          failure(
            422,
            'Invalid',
            'Job.batch "sluice-a" is invalid: metadata.uid: Invalid value: field is immutable',
          ),
          422,
        )
      : json(response, {}, 415),
  );
  await expect(api.patch({ ...JOBS, name: 'sluice-a' }, { metadata: { uid: 'x' } })).rejects.toMatchObject({
    code: 'conflict',
  });
});

test('each impersonated group has its own header', async () => {
  const { api } = await talkTo((_, response) => json(response, pod), {
    as: 'eve',
    asGroups: ['one', 'two, three'],
  });
  await api.read(POD);
  const raw = server?.requests[0]?.rawHeaders ?? [];
  expect(raw.filter((_, i) => raw[i - 1] === 'Impersonate-Group')).toEqual(['one', 'two, three']);
  expect(server?.requests[0]?.headers['impersonate-user']).toBe('eve');
});

const base64 = (text: string) => Buffer.from(text).toString('base64');
const EXPIRED = `x.${Buffer.from('{"exp":1}').toString('base64url')}.y`;

test.each([
  ['token: abc', 'Bearer abc'],
  ['username: u, password: p', `Basic ${base64('u:p')}`],
])('a user with %s is sent as by kubectl', async (user, authorization) => {
  const { api } = await talkTo((_, response) => json(response, pod), { user, tls: true });
  await api.read(POD);
  expect(server?.requests[0]?.headers.authorization).toBe(authorization);
});

test.each([
  'token: abc',
  'tokenFile: /nowhere/token',
  'username: u, password: p',
  'exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin-here}',
  `auth-provider: {name: oidc, config: {id-token: ${EXPIRED}}}`,
])('without TLS, %s is not sent, read or run', async (user) => {
  const { api } = await talkTo((_, response) => json(response, pod), { user, as: 'eve' });
  expect(await api.read(POD)).toEqual(pod);
  expect(server?.requests[0]?.headers).not.toHaveProperty('authorization');
  expect(server?.requests[0]?.headers['impersonate-user']).toBe('eve');
});

test.each<readonly [number, string, string, string]>([
  [401, 'Unauthorized', 'Unauthorized', 'requires credentials, which are not sent over plain http://'],
  [
    403,
    'Forbidden',
    'pods "web" is forbidden: User "system:anonymous" cannot get resource "pods" in API group "" in the namespace "here"',
    'User "system:anonymous" cannot get pods web in namespace "here"',
  ],
])('a %d without TLS reports that no credentials were sent', async (code, reason, text, says) => {
  const { api } = await talkTo((_, response) => json(response, failure(code, reason, text), code), {
    user: 'token: abc',
  });
  await expect(api.read(POD)).rejects.toMatchObject({
    message: expect.stringContaining(says),
    hint: 'Set an https:// server address in the kubeconfig: like kubectl, sluice sends credentials only over TLS.',
  });
});

test('a read is retried after 429 and 5xx', async () => {
  const { api } = await talkTo((_, response, index) => {
    if (index === 0)
      json(response, failure(429, 'TooManyRequests', 'slow down'), 429, { 'retry-after': '0' });
    else if (index === 1) response.destroy();
    else if (index === 2) json(response, failure(500, 'InternalError', 'etcd'), 500);
    else json(response, pod);
  });
  expect(await api.read(POD)).toEqual(pod);
  expect(server?.requests).toHaveLength(4);
});

test('a write is never sent twice', async () => {
  const { api } = await talkTo((_, response) =>
    json(response, failure(503, 'ServiceUnavailable', 'etcd is away'), 503, { 'retry-after': '0' }),
  );
  await expect(api.create(JOBS, job)).rejects.toMatchObject({ code: 'failed' });
  expect(server?.requests).toHaveLength(1);
});

test('a 403 right after a lost connection is retried', async () => {
  const { api } = await talkTo((_, response, index) => {
    if (index === 0) response.destroy();
    else if (index < 4)
      json(response, failure(403, 'Forbidden', 'pods is forbidden: User "a" cannot get'), 403);
    else json(response, pod);
  });
  expect(await api.read(POD)).toEqual(pod);
});

test('any other 403 is reported at once', async () => {
  const { api } = await talkTo((_, response) =>
    json(
      response,
      failure(
        403,
        'Forbidden',
        'networkpolicies.networking.k8s.io is forbidden: User "alice" cannot list resource "networkpolicies" in API group "networking.k8s.io" in the namespace "payments"',
      ),
      403,
    ),
  );
  const policies = { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' };
  await expect(api.list(policies, { namespace: 'payments' })).rejects.toMatchObject({
    code: 'forbidden',
    message: 'User "alice" cannot list networkpolicies in namespace "payments"',
    hint: 'Request permission to list networkpolicies (networking.k8s.io) in namespace "payments": the role sluice-viewer of sluice manifests rbac has it.',
  });
  expect(server?.requests).toHaveLength(1);
});

test('a 401 names the user whose credentials were rejected', async () => {
  const { api } = await talkTo(
    (_, response) => json(response, failure(401, 'Unauthorized', 'Unauthorized'), 401),
    { tls: true },
  );
  await expect(api.read(POD)).rejects.toMatchObject({
    code: 'unauthenticated',
    message: `127.0.0.1:${server?.port} rejected the credentials of tester (context test).`,
  });
});

test('a refused connection is reported with host and port', async () => {
  const port = await unusedPort();
  cluster = await connect({ kubeconfig: { text: kubeconfigFor(`http://127.0.0.1:${port}`) } });
  await expect(cluster.api.read(POD)).rejects.toMatchObject({
    code: 'unreachable',
    message: `Unable to connect to 127.0.0.1:${port}: connection refused.`,
  });
});

test('a name that does not resolve is reported', async () => {
  cluster = await connect({ kubeconfig: { text: kubeconfigFor('https://no-such-host.invalid:6443') } });
  await expect(cluster.api.read(POD)).rejects.toMatchObject({
    code: 'unreachable',
    message: 'Unable to connect to no-such-host.invalid:6443: no such host no-such-host.invalid.',
  });
});

test('an unknown certificate is rejected, and accepted with its CA or insecure-skip-tls-verify', async () => {
  server = await scriptedServer((_, response) => json(response, pod), { tls: true });
  const read = async (fields: string) => {
    await cluster?.dispose();
    cluster = await connect({ kubeconfig: { text: kubeconfigFor(server?.url ?? '', '', fields) } });
    return cluster.api.read(POD);
  };
  await expect(read('')).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('signed by an unknown authority'),
  });
  expect(await read(TEST_CA)).toEqual(pod);
  expect(await read('insecure-skip-tls-verify: true')).toEqual(pod);
  expect(await read(`${TEST_CA}, tls-server-name: localhost`)).toEqual(pod);
  await expect(read(`${TEST_CA}, tls-server-name: other.example`)).rejects.toThrow('is not valid for');
});

test('TLS to a plain server, and the reverse, is reported', async () => {
  server = await scriptedServer((_, response) => json(response, pod));
  cluster = await connect({ kubeconfig: { text: kubeconfigFor(`https://127.0.0.1:${server.port}`) } });
  await expect(cluster.api.read(POD)).rejects.toThrow('the server does not use TLS');
});

test('a server that never responds times out', async () => {
  const { api } = await talkTo(() => undefined);
  await expect(api.read(POD, AbortSignal.timeout(50))).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('aborting rejects a call with the reason of the abort', async () => {
  const abort = new AbortController();
  const { api } = await talkTo(() => abort.abort());
  await expect(api.read(POD, abort.signal)).rejects.toMatchObject({ name: 'AbortError' });
});

test('a disposed cluster aborts pending calls and accepts no more', async () => {
  const asked = Promise.withResolvers<void>();
  const { api } = await talkTo(() => asked.resolve());
  const call = api.read(POD);
  await asked.promise;
  await cluster?.dispose();
  await expect(call).rejects.toMatchObject({ code: 'interrupted' });
  await expect(api.read(POD)).rejects.toMatchObject({ code: 'interrupted' });
});

test('responses may be compressed', async () => {
  const { api } = await talkTo((request, response) => {
    expect(request.headers['accept-encoding']).toBe('gzip');
    response.writeHead(200, { 'content-encoding': 'gzip' });
    response.end(gzipSync(JSON.stringify(pod)));
  });
  expect(await api.read(POD)).toEqual(pod);
});

test('a server that is not an API server is recognized', async () => {
  const { api } = await talkTo((_, response) => {
    response.writeHead(404, { 'content-type': 'text/html' });
    response.end('<html><style>p{}</style><h1>Not   here</h1></html>');
  });
  await expect(api.list({ group: '', version: 'v1', resource: 'pods' })).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringMatching(/does not respond like a Kubernetes API server \(HTTP 404\): Not here/),
  });
});

test('the clock learns from every response with a Date', async () => {
  const { api } = await talkTo((_, response) => json(response, pod));
  for (let i = 0; i < 5; i += 1) await api.read(POD);
  expect(api.clock.error).toBeLessThanOrEqual(1_000);
  expect(Math.abs(api.clock.now() - Date.now())).toBeLessThan(1_100);
});

/** Pipes a socket to a loopback port and back. */
function tunnel(socket: Duplex, port: number, ready: () => void): void {
  const onward = dial(port, '127.0.0.1', () => {
    ready();
    socket.pipe(onward).pipe(socket);
  });
  socket.on('close', () => onward.destroy());
  socket.on('error', () => onward.destroy());
}

test('an HTTP proxy tunnels to a server with TLS', async () => {
  server = await scriptedServer((_, response) => json(response, pod), { tls: true });
  const proxy = await scriptedServer(() => undefined);
  const tunnels: string[] = [];
  proxy.server.on('connect', (request, socket) => {
    tunnels.push(request.url ?? '');
    tunnel(socket, Number(request.url?.split(':')[1]), () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
  });
  const text = kubeconfigFor(server.url, '', `${TEST_CA}, proxy-url: "${proxy.url}"`);
  cluster = await connect({ kubeconfig: { text } });
  expect(await cluster.api.read(POD)).toEqual(pod);
  expect(tunnels).toEqual([`127.0.0.1:${server.port}`]);
  await cluster.dispose();
  await proxy.close();
});

test('an HTTP proxy forwards each request to a server without TLS, and gets its own password', async () => {
  const asked: unknown[] = [];
  server = await scriptedServer(({ rawHeaders }, response) => {
    asked.push(rawHeaders[rawHeaders.indexOf('Host') + 1], rawHeaders.includes('Proxy-Authorization'));
    json(response, pod);
  });
  server.server.prependListener('request', ({ url }) => asked.push(url));
  const proxy = server.url.replace('//', '//me:p%40ss@');
  const text = kubeconfigFor('http://api.invalid:6443', '', `proxy-url: "${proxy}"`);
  cluster = await connect({ kubeconfig: { text } });
  expect(await cluster.api.read(POD)).toEqual(pod);
  expect(asked).toEqual([
    'http://api.invalid:6443/api/v1/namespaces/here/pods/web',
    'api.invalid:6443',
    true,
  ]);
  expect(server.requests[0]?.headers['proxy-authorization']).toBe('Basic bWU6cEBzcw==');
});

test.each(['socks5', 'socks5h'])('a %s proxy is used, and resolves names itself', async (scheme) => {
  server = await scriptedServer((_, response) => json(response, pod), { tls: true });
  const asked: (readonly [type: number | undefined, name: string])[] = [];
  const proxy = createServer((socket) => {
    // RFC 1928: no authentication, then CONNECT to a name (type 3).
    socket.once('data', () => {
      socket.write(Buffer.from([5, 0]));
      socket.once('data', (request: Buffer) => {
        asked.push([request[3], request.subarray(5, -2).toString()]);
        const port = request.readUInt16BE(request.length - 2);
        tunnel(socket, port, () => socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0])));
      });
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  const fields = `${TEST_CA}, tls-server-name: localhost, proxy-url: "${scheme}://127.0.0.1:${port}"`;
  const text = kubeconfigFor(`https://known-to-the-proxy.invalid:${server.port}`, '', fields);
  cluster = await connect({ kubeconfig: { text } });
  expect(await cluster.api.read(POD)).toEqual(pod);
  expect(asked).toEqual([[3, 'known-to-the-proxy.invalid']]);
  await cluster.dispose();
  proxy.close();
  await once(proxy, 'close');
});
