import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadKubeconfig } from '../../../src/kube/config/kubeconfig.ts';
import { chooseTarget } from '../../../src/kube/config/target.ts';
import { listContexts } from '../../../src/kube/kube.ts';
import { TEST_CERT, TEST_KEY } from '../../helpers/servers/tls-pair.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-kubeconfig-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

function config(
  name: string,
  options: { readonly current?: string; readonly server?: string; readonly user?: string } = {},
): string {
  return `
${options.current === undefined ? '' : `current-context: ${options.current}`}
contexts: [{name: ${name}, context: {cluster: shared, user: me, namespace: payments}}]
clusters: [{name: shared, cluster: {server: "${options.server ?? `https://${name}.example`}"}}]
users: [{name: me, user: {${options.user ?? ''}}}]
`;
}

test('the first of several files to define an entry, and the current context, wins', async () => {
  const first = await file('a', config('one'));
  const second = await file('b', config('two', { current: 'two' }));
  const third = await file('c', config('three', { current: 'three' }));
  vi.stubEnv('KUBECONFIG', [first, join(folder, 'absent'), second, third].join(delimiter));
  const loaded = await loadKubeconfig(undefined);
  expect(await listContexts()).toEqual({ names: ['one', 'two', 'three'], current: 'two' });
  const target = await chooseTarget(loaded, {});
  expect(target.cluster.server.host).toBe('one.example');
  expect(target.context).toBe('two');
});

test('without KUBECONFIG the file in the home directory is read', async () => {
  vi.stubEnv('KUBECONFIG', '');
  vi.stubEnv('HOME', folder);
  await mkdir(join(folder, '.kube'));
  await writeFile(join(folder, '.kube', 'config'), config('home', { current: 'home' }));
  expect((await loadKubeconfig(undefined)).current).toBe('home');
});

test('without any file, the error lists where it was searched', async () => {
  vi.stubEnv('KUBECONFIG', join(folder, 'nothing'));
  await expect(loadKubeconfig(undefined)).rejects.toMatchObject({
    code: 'config',
    message: `No kubeconfig found: ${join(folder, 'nothing')} does not exist.`,
    hint: expect.stringContaining('--kubeconfig'),
  });
});

test('a file named by flag must exist', async () => {
  await expect(loadKubeconfig(join(folder, 'typo'))).rejects.toMatchObject({
    code: 'config',
    message: `The kubeconfig ${join(folder, 'typo')} does not exist.`,
  });
});

test('invalid YAML is reported with the line', async () => {
  const path = await file('bad', 'contexts:\n- name: a\n  context: {cluster: [}\n');
  await expect(loadKubeconfig(path)).rejects.toThrow(`${path}: line 3: `);
});

test('merge keys are applied, and the last of duplicate keys wins, with a warning', async () => {
  const path = await file(
    'scripted',
    `current-context: gone
contexts:
- name: a
  context: &base {cluster: shared, user: me}
- name: b
  context: {<<: *base, namespace: payments}
clusters: [{name: shared, cluster: {server: 'https://one.example'}}]
users: [{name: me, user: {token: 'on'}}]
current-context: b
`,
  );
  const loaded = await loadKubeconfig(path);
  expect(await chooseTarget(loaded, {})).toMatchObject({
    context: 'b',
    namespace: 'payments',
    user: { name: 'me' },
  });
  expect(loaded.warnings).toEqual([
    `The kubeconfig ${path} has the duplicate key current-context on line 9; the last one wins, as in kubectl.`,
  ]);
});

test('a file may be UTF-16, as PowerShell writes it', async () => {
  const path = join(folder, 'wide');
  await writeFile(path, `\ufeff${config('wide', { current: 'wide' }).replaceAll('\n', '\r\n')}`, 'utf16le');
  const loaded = await loadKubeconfig(path);
  expect(loaded.current).toBe('wide');
  expect(loaded.warnings).toEqual([]);
});

test('bytes that are not text are reported with the line', async () => {
  const path = join(folder, 'binary');
  await writeFile(path, Buffer.from([97, 58, 10, 0xff, 0xff]));
  await expect(loadKubeconfig(path)).rejects.toThrow(`${path}: line 2 is not valid UTF-8`);
});

test('an unknown context suggests similar names, else lists all', async () => {
  const loaded = await loadKubeconfig({ text: config('kind-production', { current: 'kind-production' }) });
  await expect(chooseTarget(loaded, { context: 'kind-prodution' })).rejects.toMatchObject({
    message: 'Context "kind-prodution" does not exist in the kubeconfig.',
    hint: 'Did you mean kind-production?',
  });
  await expect(chooseTarget(loaded, { context: 'elsewhere' })).rejects.toMatchObject({
    hint: 'Available contexts: kind-production.',
  });
});

test('a context with a missing cluster is reported', async () => {
  const loaded = await loadKubeconfig({
    text: 'current-context: a\ncontexts: [{name: a, context: {cluster: gone}}]',
  });
  await expect(chooseTarget(loaded, {})).rejects.toThrow(
    'Context "a" refers to the cluster "gone", which does not exist in the kubeconfig.',
  );
});

test('flags win over the context, and the namespace falls back to default', async () => {
  const loaded = await loadKubeconfig({ text: config('a', { current: 'a' }) });
  expect((await chooseTarget(loaded, {})).namespace).toBe('payments');
  expect((await chooseTarget(loaded, { namespace: 'web' })).namespace).toBe('web');
  const bare = await loadKubeconfig({
    text: 'current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: "https://x"}}]',
  });
  expect((await chooseTarget(bare, {})).namespace).toBe('default');
});

test('paths in a file are relative to its directory, and inline data wins over a file', async () => {
  await file('ca.crt', TEST_CERT);
  await file('tls.key', TEST_KEY);
  const path = await file(
    'config',
    `current-context: a
contexts: [{name: a, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://x", certificate-authority: ca.crt}}]
users:
- name: u
  user:
    client-certificate: absent.crt
    client-certificate-data: ${Buffer.from(TEST_CERT).toString('base64')}
    client-key: tls.key
    tokenFile: token
    exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login}
`,
  );
  const target = await chooseTarget(await loadKubeconfig(path), {});
  expect(target.cluster.ca).toBe(TEST_CERT);
  expect(target.user.cert).toBe(TEST_CERT);
  expect(target.user.key).toBe(TEST_KEY);
  expect(target.user.tokenFile).toBe(join(folder, 'token'));
  expect(target.user.exec?.command).toBe(join(folder, 'login'));
});

test('a missing certificate authority is reported with its path', async () => {
  const loaded = await loadKubeconfig({
    text: 'current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: "https://x", certificate-authority: /no/such.crt}}]',
  });
  await expect(chooseTarget(loaded, {})).rejects.toThrow(
    'Unable to read certificate-authority /no/such.crt of cluster c: it does not exist.',
  );
});

test('--as replaces the impersonation of the user entry, and --as-group needs a user', async () => {
  const own = await loadKubeconfig({
    text: config('a', { current: 'a', user: 'as: robot, as-groups: [bots]' }),
  });
  expect((await chooseTarget(own, {})).impersonate).toMatchObject({ user: 'robot', groups: ['bots'] });
  expect((await chooseTarget(own, { as: 'eve', asGroups: ['x'] })).impersonate).toMatchObject({
    user: 'eve',
    groups: ['x'],
  });
  const none = await loadKubeconfig({ text: config('a', { current: 'a' }) });
  await expect(chooseTarget(none, { asGroups: ['x'] })).rejects.toMatchObject({ code: 'usage' });
});

test('an invalid server URL is rejected before anything is sent', async () => {
  const loaded = await loadKubeconfig({ text: config('a', { current: 'a', server: 'ftp://x' }) });
  await expect(chooseTarget(loaded, {})).rejects.toThrow(
    'Invalid server ftp://x of cluster shared: not a supported URL.',
  );
});
