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

test('a plug-in that prompts has no terminal while the app is on screen, and that is reported', async () => {
  await asking('IfAvailable');
  const app = runInPty([], { env, columns: 400 });
  expect(await app.ended).toBe(1);
  expect(app.written()).not.toContain('Code?');
  await app.shows(/failed with exit code 1: no terminal to ask for the code\./);
  await app.shows(/Log in again with kubectl get pods.*: it can't prompt here\.$/m);
});

test('a hanging plug-in takes no keys, and ends with the app', async () => {
  await asking('IfAvailable', `echo $$ > ${folder}/pid; sleep 600`);
  const app = runInPty([], { env });
  await eventually(async () => expect(await isAlive()).toBe(true));
  await app.shows(/sluice/);
  app.press('\u0003');
  await app.ended;
  await eventually(async () => expect(await isAlive()).toBe(false));
});

test.each(['IfAvailable', 'Always'])('a verb gives its terminal to a plug-in, %s', async (mode) => {
  await asking(mode);
  const verb = runInPty(['grants'], { env });
  await verb.shows(/Code\? /);
  verb.press('abc\r');
  await verb.ended;
  expect(server.requests[0]?.headers.authorization).toBe('Bearer abc-stdin');
});

/** Whether the plug-in that wrote its pid, or a child of it, is still running. */
async function isAlive(): Promise<boolean> {
  const group = Number(await readFile(join(folder, 'pid'), 'utf8').catch(() => ''));
  if (!(group > 0)) return false;
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}
