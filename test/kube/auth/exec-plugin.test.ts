import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Cluster, connect } from '../../../src/kube/kube.ts';
import { eventually } from '../../helpers/eventually.ts';
import {
  failure,
  json,
  type Reply,
  type ScriptedServer,
  scriptedServer,
} from '../../helpers/servers/scripted-server.ts';
import { TEST_CERT } from '../../helpers/servers/tls-pair.ts';

const V1 = 'client.authentication.k8s.io/v1';
const POD = { group: '', version: 'v1', resource: 'pods', namespace: 'here', name: 'web' };

const base64 = (text: string) => Buffer.from(text).toString('base64');

let folder: string;
let server: ScriptedServer;
let cluster: Cluster | undefined;
/** Tokens that the server accepts; undefined: any. */
let accepted: readonly string[] | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-plugin-'));
  vi.stubEnv('KUBERC', join(folder, 'kuberc'));
  accepted = undefined;
  const reply: Reply = (request, response) => {
    const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
    if (accepted !== undefined && !accepted.includes(token))
      json(response, failure(401, 'Unauthorized', 'Unauthorized'), 401);
    else json(response, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', annotations: { token } } });
  };
  server = await scriptedServer(reply, { tls: true });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await cluster?.dispose();
  await server.close();
  await rm(folder, { recursive: true });
});

/** A shell script plug-in; each run adds a line to `runs`. */
async function plugin(script: string): Promise<string> {
  const path = join(folder, 'login');
  await writeFile(path, `#!/bin/sh\necho run >> ${folder}/runs\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

async function runs(): Promise<number> {
  return (await readFile(join(folder, 'runs'), 'utf8')).trim().split('\n').length;
}

function credential(status: unknown, apiVersion = V1): string {
  return `echo '${JSON.stringify({ apiVersion, kind: 'ExecCredential', status })}'`;
}

async function token(command: string, fields = '', notice?: (line: string) => void): Promise<string> {
  const path = join(folder, 'config');
  const user = `exec: {apiVersion: ${V1}, command: ${command}${fields === '' ? '' : `, ${fields}`}}`;
  await writeFile(path, server.kubeconfig(user));
  cluster ??= await connect({ kubeconfig: path, notice });
  const pod = await cluster.api.read(POD);
  return pod?.metadata.annotations?.token ?? '';
}

afterEach(() => {
  cluster = undefined;
});

test('the token of the plug-in is used, and it runs once while the token is valid', async () => {
  const path = await plugin(credential({ token: 'abc', expirationTimestamp: '2120-01-01T00:00:00Z' }));
  const config = server.kubeconfig(`exec: {apiVersion: ${V1}, command: ${path}}`);
  cluster = await connect({ kubeconfig: { text: config } });
  await Promise.all([cluster.api.read(POD), cluster.api.read(POD)]);
  expect((await cluster.api.read(POD))?.metadata.annotations?.token).toBe('abc');
  expect(await runs()).toBe(1);
});

test('an expired token is fetched again', async () => {
  const path = await plugin(credential({ token: 'abc', expirationTimestamp: '2020-01-01T00:00:00Z' }));
  await token(path);
  await token(path);
  expect(await runs()).toBeGreaterThan(1);
});

test('after a 401 the plug-in runs again, once', async () => {
  const path = await plugin(
    `n=$(wc -l < ${folder}/runs)\necho '{"apiVersion":"${V1}","kind":"ExecCredential","status":{"token":"t'$n'"}}'`,
  );
  expect(await token(path)).toBe('t1');
  accepted = ['t2'];
  expect(await token(path)).toBe('t2');
  accepted = [];
  await expect(token(path)).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(await runs()).toBe(3);
});

test('it gets its request in the environment, and no terminal', async () => {
  const path = await plugin(
    `echo "$KUBERNETES_EXEC_INFO" > ${folder}/info\necho "$COLOUR $1" > ${folder}/args\ntest -t 0 && exit 9\n${credential({ token: 'x' })}`,
  );
  await token(path, 'args: [get], env: [{name: COLOUR, value: blue}], provideClusterInfo: true');
  expect(JSON.parse(await readFile(join(folder, 'info'), 'utf8'))).toEqual({
    kind: 'ExecCredential',
    apiVersion: V1,
    spec: {
      interactive: false,
      cluster: { server: server.url, 'certificate-authority-data': base64(TEST_CERT), config: null },
    },
  });
  expect(await readFile(join(folder, 'args'), 'utf8')).toBe('blue get\n');
});

test('a missing program is reported, with the hint from the kubeconfig', async () => {
  await expect(token('no-such-login', 'installHint: "Get it\\n  from example.org"')).rejects.toMatchObject({
    code: 'unauthenticated',
    message: 'The credential plug-in no-such-login of user tester is not installed.',
    hint: 'Get it from example.org',
  });
});

test('a failure shows its last line, sanitized', async () => {
  const path = await plugin(`printf 'first\\nlogin \\033[31mexpired\\n' >&2; exit 4`);
  await expect(token(path)).rejects.toMatchObject({
    code: 'unauthenticated',
    message: `The credential plug-in ${path} of user tester failed with exit code 4: login ␛[31mexpired.`,
    hint: expect.stringContaining('Log in again'),
  });
});

test('one failure is shared by concurrent calls, and by calls right after', async () => {
  const login = await plugin('exit 3');
  await expect(token(login)).rejects.toThrow('failed with exit code 3');
  await Promise.allSettled([token(login), token(login)]);
  await expect(token(login)).rejects.toThrow('failed with exit code 3');
  expect(await runs()).toBe(1);
});

test('its stderr is shown line by line while it runs', async () => {
  const path = await plugin(`printf 'open https://x and type ABCD\\n' >&2; ${credential({ token: 'x' })}`);
  const lines: string[] = [];
  await token(path, '', (line) => lines.push(line));
  expect(lines).toEqual(['open https://x and type ABCD']);
});

test.each([
  ['nothing', 'true', 'did not print an ExecCredential'],
  [
    'another version',
    credential({ token: 'x' }, 'client.authentication.k8s.io/v1beta1'),
    'printed apiVersion client',
  ],
  ['no credential', credential({}), 'returned neither a token nor a certificate with its key'],
])('one that prints %s is rejected', async (_, script, message) => {
  await expect(token(await plugin(script))).rejects.toThrow(message);
});

test('a removed version is rejected, with the supported ones in the hint', async () => {
  const path = await plugin(credential({ token: 'x' }));
  const config = server.kubeconfig(
    `exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: ${path}}`,
  );
  await expect(connect({ kubeconfig: { text: config } })).rejects.toMatchObject({
    message: expect.stringContaining(
      'has an exec with the unsupported apiVersion client.authentication.k8s.io/v1alpha1',
    ),
    hint: expect.stringContaining(`${V1} or`),
  });
});

test('one that needs a terminal is not run', async () => {
  const path = await plugin(credential({ token: 'x' }));
  await expect(token(path, 'interactiveMode: Always')).rejects.toThrow('needs an interactive terminal');
  await expect(runs()).rejects.toThrow();
});

test('a plug-in of a world-writable kubeconfig is not run', async () => {
  const path = await plugin(credential({ token: 'x' }));
  const config = join(folder, 'shared');
  await writeFile(config, server.kubeconfig(`exec: {apiVersion: ${V1}, command: ${path}}`));
  await chmod(config, 0o666);
  cluster = await connect({ kubeconfig: config });
  await expect(cluster.api.read(POD)).rejects.toThrow(`its kubeconfig ${config} is world-writable`);
  await expect(runs()).rejects.toThrow();
});

test("kubectl's policy for plug-ins is enforced", async () => {
  const path = await plugin(credential({ token: 'x' }));
  const policy = (text: string) => writeFile(join(folder, 'kuberc'), text);
  await policy('credentialPluginPolicy: DenyAll');
  await expect(token(path)).rejects.toMatchObject({ code: 'refused' });
  await policy('credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{name: aws}]');
  await expect(token(path)).rejects.toThrow('credentialPluginPolicy Allowlist in');
  await policy('credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{name: login}]');
  expect(await token(path)).toBe('x');
});

test('a token file is read, and read again after a 401', async () => {
  const path = join(folder, 'token');
  await writeFile(path, 'one\n');
  cluster = await connect({ kubeconfig: { text: server.kubeconfig(`tokenFile: ${path}, token: old`) } });
  const ask = async () => (await cluster?.api.read(POD))?.metadata.annotations?.token;
  expect(await ask()).toBe('one');
  await writeFile(path, 'two\n');
  accepted = ['two'];
  expect(await ask()).toBe('two');
});

test('a removed auth provider is rejected, with what to use instead', async () => {
  const config = server.kubeconfig('auth-provider: {name: gcp}');
  await expect(connect({ kubeconfig: { text: config } })).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('auth provider gcp'),
  });
});

test('an aborted call stops waiting, and closing the connection ends the plug-in and its children', async () => {
  const path = await plugin(`echo $$ > ${folder}/pid\nsleep 600 & wait`);
  const config = server.kubeconfig(`exec: {apiVersion: ${V1}, command: ${path}}`);
  cluster = await connect({ kubeconfig: { text: config } });
  const abort = new AbortController();
  const read = cluster.api.read(POD, abort.signal);
  const group = await eventually(async () => {
    const text = await readFile(join(folder, 'pid'), 'utf8');
    expect(text).toMatch(/^\d+\n$/);
    return Number(text);
  });
  abort.abort();
  await expect(read).rejects.toMatchObject({ name: 'AbortError' });
  expect(() => process.kill(-group, 0)).not.toThrow();
  await cluster.dispose();
  await eventually(() => expect(() => process.kill(-group, 0)).toThrow('ESRCH'));
});
