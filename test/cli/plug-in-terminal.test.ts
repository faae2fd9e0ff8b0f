import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { runInPty } from '../helpers/pty-app.ts';
import { failure, json, type ScriptedServer, scriptedServer } from '../helpers/servers/scripted-server.ts';

let folder: string;
let server: ScriptedServer;
let env: Readonly<Record<string, string>>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-terminal-'));
  server = await scriptedServer(
    (_, response) => json(response, failure(403, 'Forbidden', 'pods is forbidden: User "a" cannot'), 403),
    { tls: true },
  );
  env = {
    KUBECONFIG: join(folder, 'kubeconfig'),
    KUBERC: 'off',
    XDG_STATE_HOME: folder,
    XDG_CONFIG_HOME: folder,
  };
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** A user whose plug-in prompts on `/dev/tty`, as tools with a second factor do. */
async function asking(interactiveMode: string, script = ''): Promise<void> {
  const path = join(folder, 'login');
  await writeFile(
    path,
    `#!/bin/sh
${script}
if ! (: >/dev/tty) 2>/dev/null; then echo "no terminal to ask for the code" >&2; exit 1; fi
printf 'Code? ' >/dev/tty
IFS= read -r code </dev/tty
case "$KUBERNETES_EXEC_INFO" in *'"interactive":true'*) [ -t 0 ] && code="$code-stdin";; esac
echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"'"$code"'"}}'
`,
  );
  await chmod(path, 0o755);
  const exec = `apiVersion: client.authentication.k8s.io/v1, command: ${path}, interactiveMode: ${interactiveMode}`;
  await writeFile(join(folder, 'kubeconfig'), server.kubeconfig(`exec: {${exec}}`));
}

test('a plug-in that fails before the screen is taken is reported as by a verb', async () => {
  await asking('IfAvailable', 'echo "the session has expired" >&2; exit 3');
  const app = runInPty([], { env, columns: 400 });
  expect(await app.ended).toBe(1);
  expect(app.written()).not.toContain('\u001b[?1049h');
  await app.shows(
    /^the session has expired\s+sluice: The credential plug-in \S+ of user tester failed with exit code 3\.$/m,
  );
});

test.each(['\u0003', 'SIGTERM'])(
  'a plug-in that hangs before the screen is taken ends with %j',
  async (how) => {
    await asking('IfAvailable', `trap '' TERM; echo $$ > ${folder}/pid; sleep 600`);
    const app = runInPty([], { env });
    await eventually(async () => expect(await isAlive()).toBe(true));
    if (how === 'SIGTERM') app.kill(how);
    else app.press(how);
    expect(await app.ended).toBe(130);
    await eventually(async () => expect(await isAlive()).toBe(false));
  },
);

test.each(['IfAvailable', 'Always'])('a verb gives its terminal to a plug-in, %s', async (mode) => {
  await asking(mode);
  const verb = runInPty(['grants'], { env });
  await verb.shows(/Code\? /);
  verb.press('abc\r');
  await verb.ended;
  expect(server.requests[0]?.headers.authorization).toBe('Bearer abc-stdin');
});

/** Whether the plug-in that wrote its pid is still running. */
async function isAlive(): Promise<boolean> {
  const pid = Number(await readFile(join(folder, 'pid'), 'utf8').catch(() => ''));
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
