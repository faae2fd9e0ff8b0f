import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Cluster, connect } from '../../../src/kube/kube.ts';
import { eventually } from '../../helpers/eventually.ts';
import { failure, json, type ScriptedServer, scriptedServer } from '../../helpers/servers/scripted-server.ts';

const V1 = 'client.authentication.k8s.io/v1';
const POD = { group: '', version: 'v1', resource: 'pods', namespace: 'here', name: 'web' };

let folder: string;
let server: ScriptedServer;
let cluster: Cluster;
/** Tokens that the server accepts. */
let accepted: readonly string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-login-'));
  vi.stubEnv('KUBERC', 'off');
  accepted = ['one'];
  server = await scriptedServer(
    (request, response) => {
      const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
      if (!accepted.includes(token)) json(response, failure(401, 'Unauthorized', 'Unauthorized'), 401);
      else
        json(response, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', annotations: { token } } });
    },
    { tls: true },
  );
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await cluster.dispose();
  await server.close();
  await rm(folder, { recursive: true });
});

/**
 * A cluster whose plug-in gives what is in `token`, and fails without it. Each run adds a line to `runs`, which tells
 * whether it had the terminal: then its stderr is not read.
 */
async function withPlugin({ mode = 'IfAvailable', script = '' } = {}): Promise<void> {
  const path = join(folder, 'login');
  await writeFile(
    path,
    `#!/bin/sh
echo run >> ${folder}/runs
${script}
token=$(cat ${folder}/token 2>/dev/null) || { echo "nobody to ask" >&2; exit 1; }
echo '{"apiVersion":"${V1}","kind":"ExecCredential","status":{"token":"'$token'"}}'
`,
  );
  await chmod(path, 0o755);
  const user = `exec: {apiVersion: ${V1}, command: ${path}, interactiveMode: ${mode}}`;
  cluster = await connect({ kubeconfig: { text: server.kubeconfig(user) } });
}

const give = (token: string) => writeFile(join(folder, 'token'), token);
const loseToken = () => rm(join(folder, 'token'));
const runs = async () =>
  (await readFile(join(folder, 'runs'), 'utf8').catch(() => '')).split('\n').length - 1;
const token = async () => (await cluster.api.read(POD))?.metadata.annotations?.token;

/** Listens as the app does; what it is told, in order. */
function told(): { readonly whys: (string | undefined)[]; readonly leave: () => void } {
  const whys: (string | undefined)[] = [];
  const leave = cluster.login?.listen((why) => whys.push(why)) ?? (() => undefined);
  return { whys, leave };
}

const logIn = (signal = new AbortController().signal) => cluster.login?.run(signal);

test('one run of the plug-in serves all calls that were rejected with one token', async () => {
  await give('one');
  await withPlugin();
  expect(await token()).toBe('one');
  await give('two');
  accepted = ['two'];
  expect(await Promise.all([token(), token(), token(), token()])).toEqual(['two', 'two', 'two', 'two']);
  expect(await runs()).toBe(2);
});

test('all calls wait for the login where somebody can ask for it', async () => {
  await withPlugin();
  const { whys } = told();
  const calls = [token(), token()];
  await eventually(() =>
    expect(whys).toEqual([expect.stringContaining('failed with exit code 1: nobody to ask.')]),
  );
  calls.push(token());
  await give('one');
  await logIn();
  expect(await Promise.all(calls)).toEqual(['one', 'one', 'one']);
  expect(whys).toEqual([expect.any(String), undefined]);
  expect(await runs()).toBe(2);
});

test('a plug-in that always wants a terminal is not run before the login', async () => {
  await withPlugin({ mode: 'Always' });
  const { whys, leave } = told();
  const call = token();
  await eventually(() => expect(whys).toEqual([expect.stringContaining('needs an interactive terminal.')]));
  leave();
  await expect(call).rejects.toThrow('needs an interactive terminal');
  expect(await runs()).toBe(0);
});

test('a login that is asked for again, when its token is rejected, serves the waiting calls', async () => {
  await give('one');
  await withPlugin();
  const { whys } = told();
  expect(await token()).toBe('one');
  await loseToken();
  accepted = ['two'];
  const calls = [token(), token()];
  await eventually(() => expect(whys).toHaveLength(1));
  await give('two');
  await logIn();
  expect(await Promise.all(calls)).toEqual(['two', 'two']);
});

test('a login that fails is reported, and the calls go on waiting for the next', async () => {
  await withPlugin();
  const { whys } = told();
  const call = token();
  await eventually(() => expect(whys).toHaveLength(1));
  await expect(logIn()).rejects.toThrow('failed with exit code 1');
  await give('one');
  await logIn();
  expect(await call).toBe('one');
  expect(await runs()).toBe(3);
});

test('calls that wait for a login fail once nobody can be asked any more', async () => {
  await withPlugin();
  const { whys, leave } = told();
  const call = token();
  await eventually(() => expect(whys).toHaveLength(1));
  leave();
  await expect(call).rejects.toThrow('failed with exit code 1: nobody to ask');
});

test('a login that is aborted ends the plug-in with what it has started, whatever signals they ignore', async () => {
  await withPlugin({
    script: `[ -f ${folder}/hang ] && { trap '' TERM INT; sh -c "trap '' TERM INT; echo \\$\\$ > ${folder}/child; sleep 20 & wait; sleep 20"; }`,
  });
  const { whys } = told();
  token().catch(() => undefined);
  await eventually(() => expect(whys).toHaveLength(1));
  await writeFile(join(folder, 'hang'), '');
  const abort = new AbortController();
  const login = logIn(abort.signal);
  const child = await eventually(async () => {
    const text = await readFile(join(folder, 'child'), 'utf8');
    expect(text).toMatch(/^\d+\n$/);
    return Number(text);
  });
  abort.abort(new Error('ctrl-c'));
  await expect(login).rejects.toThrow('ctrl-c');
  await eventually(() => expect(() => process.kill(child, 0)).toThrow('ESRCH'));
});

test('what a plug-in says without a terminal is told, if it then waits', async () => {
  await give('one');
  await withPlugin({
    script: `echo "enter ABCD at example.org" >&2; until [ -f ${folder}/entered ]; do sleep 0.05; done`,
  });
  const { whys } = told();
  const call = token();
  await eventually(() =>
    expect(whys).toEqual([
      expect.stringMatching(/^The credential plug-in .* waits: enter ABCD at example\.org$/),
    ]),
  );
  await writeFile(join(folder, 'entered'), '');
  expect(await call).toBe('one');
  expect(whys.at(-1)).toBeUndefined();
});

test('a plug-in that never asks has no login', async () => {
  await withPlugin({ mode: 'Never' });
  expect(cluster.login).toBeUndefined();
});
