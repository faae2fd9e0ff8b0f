import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Cluster, connect } from '../../../src/kube/kube.ts';
import { type Issuer, type IssuerOptions, startIssuer } from '../../helpers/servers/issuer.ts';
import {
  json,
  type ScriptedServer,
  scriptedServer,
  unusedPort,
} from '../../helpers/servers/scripted-server.ts';
import { TEST_CERT } from '../../helpers/servers/tls-pair.ts';

const POD = { group: '', version: 'v1', resource: 'pods', namespace: 'here', name: 'web' };

let server: ScriptedServer;
let issuer: Issuer | undefined;
let cluster: Cluster | undefined;

beforeEach(async () => {
  server = await scriptedServer(
    (_, response) => json(response, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' } }),
    { tls: true },
  );
});

afterEach(async () => {
  await cluster?.dispose();
  await issuer?.close();
  await server.close();
  cluster = undefined;
  issuer = undefined;
});

type Change = Readonly<Record<string, string | undefined>>;

/** Connects as a user of an issuer. */
async function loggedIn(options: IssuerOptions = {}, change: (issuer: Issuer) => Change = () => ({})) {
  issuer = await startIssuer(options);
  const text = server.kubeconfig(issuer.user(change(issuer)));
  cluster = await connect({ kubeconfig: { text } });
  return { issuer, read: () => cluster?.api.read(POD) };
}

const sent = () => server.requests.map(({ headers }) => headers.authorization);

test('a valid ID token is sent as is, without contacting the issuer', async () => {
  let token = '';
  const { issuer, read } = await loggedIn({}, ({ idToken }) => {
    token = idToken(600);
    return { 'id-token': token };
  });
  await read();
  expect(sent()).toEqual([`Bearer ${token}`]);
  expect(issuer.refreshes()).toEqual([]);
});

test.each<NonNullable<IssuerOptions['auth']>>(['client_secret_basic', 'client_secret_post', 'none'])(
  'an expired one is renewed, with the CA of the issuer and client authentication %s',
  async (auth) => {
    const { issuer, read } = await loggedIn({ auth });
    await read();
    expect(claims(sent()[0])).toMatchObject({ iss: issuer.url, made: 2 });
  },
);

test('the CA may be a file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-oidc-'));
  await writeFile(join(folder, 'ca.crt'), TEST_CERT);
  const { read } = await loggedIn({}, () => ({
    'idp-certificate-authority-data': undefined,
    'idp-certificate-authority': join(folder, 'ca.crt'),
  }));
  await read();
  expect(claims(sent()[0])).toMatchObject({ made: 2 });
  await rm(folder, { recursive: true });
});

test('a refresh token that the issuer rotates is tracked', async () => {
  // They expire within the time that tokens are renewed early.
  const { issuer, read } = await loggedIn({ lasts: 5 });
  for (let i = 0; i < 3; i += 1) await read();
  expect(sent().map((header) => claims(header).made)).toEqual([2, 3, 4]);
  expect(issuer.refreshes().map(({ body }) => new URLSearchParams(body).get('refresh_token'))).toEqual([
    'refresh-1',
    'refresh-2',
    'refresh-3',
  ]);
});

test('concurrent calls share one refresh', async () => {
  const { issuer, read } = await loggedIn();
  await Promise.all([read(), read(), read()]);
  expect(issuer.refreshes()).toHaveLength(1);
});

const LOG_IN = 'Log in again at your identity provider.';

test.each<readonly [string, IssuerOptions, Change, string, string]>([
  [
    'the issuer rejects it',
    { refuses: { error: 'invalid_grant', error_description: 'session \u001b[31mended' } },
    {},
    'and ISSUER did not renew it: invalid_grant, session ␛[31mended.',
    LOG_IN,
  ],
  [
    'the client secret is wrong',
    {},
    { 'client-secret': 'other' },
    'and ISSUER did not renew it: invalid_client.',
    'Check client-id and client-secret of the user in the kubeconfig.',
  ],
  [
    'no ID token is returned',
    { identifies: false },
    {},
    'and ISSUER renewed it without an ID token.',
    'Log in again with the openid scope, or use the credential plug-in of your identity provider.',
  ],
  [
    'its CA is unknown',
    {},
    { 'idp-certificate-authority-data': undefined },
    "and its issuer can't be reached: Unable to connect to HOST: its certificate is signed by an unknown authority.",
    'Check idp-issuer-url and idp-certificate-authority of the user in the kubeconfig.',
  ],
  [
    'the issuer URL is wrong',
    {},
    { 'idp-issuer-url': 'https://HOST/other' },
    'and https://HOST/other did not renew it: unexpected HTTP response status code.',
    'Check idp-issuer-url of the user in the kubeconfig.',
  ],
  [
    'the issuer has no TLS',
    {},
    { 'idp-issuer-url': 'http://HOST/realm' },
    'and http://HOST/realm did not renew it: only requests to HTTPS are allowed.',
    'Check idp-issuer-url of the user in the kubeconfig.',
  ],
  [
    'the issuer is not a URL',
    {},
    { 'idp-issuer-url': 'login' },
    'and its idp-issuer-url login is not a valid URL.',
    'Check idp-issuer-url of the user in the kubeconfig.',
  ],
  ['there is no refresh token', {}, { 'refresh-token': undefined }, 'and it has no refresh-token.', LOG_IN],
  ['there is no issuer', {}, { 'idp-issuer-url': undefined }, 'and it has no idp-issuer-url.', LOG_IN],
  ['there is no client id', {}, { 'client-id': '' }, 'and it has no client-id.', LOG_IN],
])('if %s, that is reported', async (_, options, change, why, hint) => {
  const host = (text: string | undefined) => text?.replaceAll('HOST', new URL(issuer?.url ?? '').host);
  const { issuer: asked, read } = await loggedIn(options, (made) => {
    issuer = made;
    return Object.fromEntries(Object.entries(change).map(([key, value]) => [key, host(value)]));
  });
  await expect(read()).rejects.toMatchObject({
    code: 'unauthenticated',
    message: `The login of user tester has expired, ${host(why)?.replaceAll('ISSUER', asked.url)}`,
    hint,
  });
  expect(server.requests).toEqual([]);
});

test('an unreachable issuer is reported', async () => {
  const port = await unusedPort();
  const { read } = await loggedIn({}, () => ({ 'idp-issuer-url': `https://127.0.0.1:${port}` }));
  await expect(read()).rejects.toThrow(
    `and its issuer can't be reached: Unable to connect to 127.0.0.1:${port}: connection refused.`,
  );
});

function claims(authorization: string | undefined): Readonly<Record<string, unknown>> {
  const payload = authorization?.replace('Bearer ', '').split('.')[1] ?? '';
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}

describe('the kubeconfig', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-oidc-'));
    path = join(folder, 'config');
  });

  afterEach(() => rm(folder, { recursive: true }));

  /** Connects with a file; returns the notices. */
  async function fromFile(text: string, mode = 0o600): Promise<readonly string[]> {
    const said: string[] = [];
    await writeFile(path, text, { mode });
    cluster = await connect({ kubeconfig: path, notice: (line) => said.push(line) });
    await cluster.api.read(POD);
    return said;
  }

  test('gets the new tokens if the issuer rotated them, as with kubectl, and is otherwise unchanged', async () => {
    issuer = await startIssuer();
    const text = `# mine\n${server.kubeconfig(issuer.user())}# the end\n`;
    const old = { id: oneOf(text, 'id-token'), refresh: oneOf(text, 'refresh-token') };
    expect(await fromFile(text, 0o640)).toEqual([]);
    const now = await readFile(path, 'utf8');
    const token = sent()[0]?.replace('Bearer ', '') ?? '';
    expect(now).toBe(text.replace(old.id, token).replace(old.refresh, 'refresh-2'));
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect(await readdir(folder)).toEqual(['config']);
  });

  test('does not get an ID token that it did not have', async () => {
    issuer = await startIssuer();
    const text = server.kubeconfig(issuer.user({ 'id-token': undefined }));
    expect(await fromFile(text)).toEqual([]);
    expect(await readFile(path, 'utf8')).toBe(text.replace('refresh-1', 'refresh-2'));
  });

  test('is not changed if the refresh token stays the same', async () => {
    issuer = await startIssuer({ rotates: false });
    const text = server.kubeconfig(issuer.user());
    await fromFile(text);
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  test('is not changed while kubectl writes it, and that is reported', async () => {
    issuer = await startIssuer();
    const text = server.kubeconfig(issuer.user());
    await writeFile(`${path}.lock`, '');
    expect(await fromFile(text)).toEqual([
      expect.stringMatching(/^The new refresh token of user tester was not saved to .*config, .*: EEXIST/),
    ]);
    expect(await readFile(path, 'utf8')).toBe(text);
    expect(await readdir(folder)).toEqual(['config', 'config.lock']);
  });

  test('is not changed if it was modified meanwhile', async () => {
    let theirs = '';
    issuer = await startIssuer({ changed: () => writeFile(path, theirs) });
    const text = server.kubeconfig(issuer.user());
    theirs = text.replace('refresh-1', 'refresh-of-kubectl');
    expect(await fromFile(text)).toEqual([
      expect.stringContaining('its refresh-token has changed since it was read'),
    ]);
    expect(await readFile(path, 'utf8')).toBe(theirs);
    expect(await readdir(folder)).toEqual(['config']);
  });

  const oneOf = (text: string, field: string) => new RegExp(`"${field}":"([^"]+)"`).exec(text)?.[1] ?? '';
});
