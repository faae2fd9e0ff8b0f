import type { ServerResponse } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { connect } from '../../../src/kube/kube.ts';
import {
  failure,
  json,
  kubeconfigFor,
  type ScriptedServer,
  scriptedServer,
  unusedPort,
} from '../../helpers/servers/scripted-server.ts';
import { TEST_CERT, TEST_KEY } from '../../helpers/servers/tls-pair.ts';

const PODS = { group: '', version: 'v1', resource: 'pods', namespace: 'here' };
const POD = { ...PODS, name: 'web' };
const base64 = (text: string) => Buffer.from(text).toString('base64');
const jwt = (claims: unknown) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;

let server: ScriptedServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

type Answer = (response: ServerResponse) => void;

/** What a read says that fails: message and next step. */
async function told(
  answer: Answer,
  user: string,
  more: { readonly tls?: boolean; readonly cluster?: string } = {},
) {
  server = await scriptedServer((_, response) => answer(response), { tls: more.tls ?? true });
  const text = server.kubeconfig(user, more.cluster);
  const failed = await connect({ kubeconfig: { text } })
    .then(async (cluster) => {
      try {
        // A write is not tried again.
        return await cluster.api.create(PODS, {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'web', namespace: 'here' },
        });
      } finally {
        await cluster.dispose();
      }
    })
    .catch((error: unknown) => error);
  const { message, hint } = failed as { readonly message: string; readonly hint: string };
  return { message: message.replaceAll(String(server.port), 'PORT'), hint };
}

const rejected: Answer = (response) => json(response, failure(401, 'Unauthorized', 'Unauthorized'), 401);
const page =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'text/html', ...headers }).end('<h1>Welcome</h1>');

test.each<[what: string, answer: Answer, user: string, message: string, hint: RegExp]>([
  [
    'a token that has expired',
    rejected,
    `token: ${jwt({ exp: 1_600_000_000 })}`,
    '127.0.0.1:PORT rejected the credentials of tester (context test): the token expired at 2020-09-13T12:26:40Z.',
    /^Log in again/,
  ],
  [
    'a token of the future',
    rejected,
    `token: ${jwt({ nbf: 7_000_000_000 })}`,
    '127.0.0.1:PORT rejected the credentials of tester (context test): the token is not valid before 2191-10-27T12:26:40Z.',
    /^Log in again/,
  ],
  [
    'a clock that is behind',
    (response) => {
      response.setHeader('Date', new Date(Date.now() + 600_000).toUTCString());
      rejected(response);
    },
    'token: x',
    '127.0.0.1:PORT rejected the credentials of tester (context test).',
    /^Set the clock of this machine, which is 10 min behind that of the server/,
  ],
  [
    'a redirect to a login page',
    page(302, { location: 'https://sso.example/login?state=hush' }),
    'token: x',
    '127.0.0.1:PORT redirects to https://sso.example/login (HTTP 302) instead of answering like a Kubernetes API server.',
    /login page/,
  ],
  [
    'a web page',
    page(200),
    'token: x',
    '127.0.0.1:PORT does not respond like a Kubernetes API server (HTTP 200): Welcome',
    /server address in the kubeconfig/,
  ],
  [
    'a page that forbids',
    page(403),
    'token: x',
    '127.0.0.1:PORT does not respond like a Kubernetes API server (HTTP 403): Welcome',
    /server address in the kubeconfig/,
  ],
  [
    'a load balancer without a server',
    page(502),
    'token: x',
    '127.0.0.1:PORT failed to create pods in namespace here (HTTP 502): Welcome',
    /the proxy in front of it/,
  ],
  [
    'a token with a line break',
    rejected,
    'token: "x\\n"',
    'User tester has a token with a line break or another control character, which no HTTP header can carry.',
    /^Write the token on one line/,
  ],
  [
    'a certificate without a key',
    rejected,
    `client-certificate-data: ${base64(TEST_CERT)}`,
    'User tester has a client-certificate-data but no client-key.',
    /^Add the key/,
  ],
  [
    'a certificate that is no PEM',
    rejected,
    `client-certificate-data: ${base64('x')}, client-key-data: ${base64('x')}`,
    'User tester has a client-certificate-data without a PEM certificate.',
    /^Paste or name the whole PEM/,
  ],
  [
    'a key that is no PEM',
    rejected,
    `client-certificate-data: ${base64(TEST_CERT)}, client-key-data: ${base64(TEST_CERT)}`,
    'User tester has a client-key-data without a PEM private key.',
    /^Paste or name the whole PEM/,
  ],
  [
    'a token that is a number',
    rejected,
    'token: 123',
    'User tester has a token that is a number, not a text.',
    /^Put it in quotes/,
  ],
])('%s is told as what it is', async (_, answer, user, message, hint) => {
  const said = await told(answer, user);
  expect(said.message).toBe(message);
  expect(said.hint).toMatch(hint);
});

test('the key of another certificate is told by its field', async () => {
  const { generateKeyPairSync } = await import('node:crypto');
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const pair = (key: string) =>
    `client-certificate-data: ${base64(TEST_CERT)}, client-key-data: ${base64(key)}`;
  expect((await told(rejected, pair(privateKey))).message).toBe(
    'User tester has a client-key-data that is not the key of its client-certificate-data.',
  );
  await server?.close();
  expect((await told(rejected, pair(TEST_KEY))).message).toContain('rejected the credentials');
});

test('a proxy that is down, that wants a password, or that does not connect is named without its password', async () => {
  const messageOf = async (proxy: string) => {
    const text = kubeconfigFor('https://api.invalid:6443', 'token: x', `proxy-url: "${proxy}"`);
    const cluster = await connect({ kubeconfig: { text } });
    const error = await cluster.api.read(POD).catch((reason: unknown) => reason);
    await cluster.dispose();
    const { message, hint } = error as { readonly message: string; readonly hint: string };
    return `${message} ${hint}`;
  };
  const down = await unusedPort();
  expect(await messageOf(`http://me:hush@127.0.0.1:${down}`)).toBe(
    `Unable to connect to the proxy http://127.0.0.1:${down}: connection refused. Check proxy-url of the cluster in the kubeconfig, and whether the proxy is running.`,
  );
  let status = 407;
  server = await scriptedServer(() => undefined);
  server.server.on('connect', (_, socket) =>
    socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`),
  );
  expect(await messageOf(server.url)).toContain(
    `The proxy ${server.url} wants a user and a password to connect to api.invalid:6443. Put them into proxy-url`,
  );
  expect(await messageOf(server.url.replace('//', '//me:hush@'))).toContain(
    `The proxy ${server.url} rejected the user and password to connect`,
  );
  status = 502;
  expect(await messageOf(server.url.replace('//', '//me:hush@'))).toContain(
    `The proxy ${server.url} does not connect to api.invalid:6443: HTTP 502. Check`,
  );
});
