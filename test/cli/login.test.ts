import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { type PtyApp, runInPty } from '../helpers/pty-app.ts';
import { type GuardedServer, guardedServer } from '../helpers/servers/guarded-server.ts';

let folder: string;
let server: GuardedServer;
let app: PtyApp;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-login-'));
  server = await guardedServer('one');
});

afterEach(async () => {
  app.kill('SIGKILL');
  await app.ended;
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** Starts the app with a plug-in that asks for its token on `/dev/tty`, and logs in. */
async function loggedIn({ mode = 'IfAvailable', args = [] as readonly string[], before = '' } = {}) {
  const path = join(folder, 'login');
  await writeFile(
    path,
    `#!/bin/sh
${before}
if ! (: >/dev/tty) 2>/dev/null; then echo "no terminal to ask for the code" >&2; exit 1; fi
echo asked >> ${folder}/asked
printf 'Code? ' >/dev/tty
IFS= read -r code </dev/tty
echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"'"$code"'"}}'
`,
  );
  await chmod(path, 0o755);
  const exec = `apiVersion: client.authentication.k8s.io/v1, command: ${path}, interactiveMode: ${mode}`;
  await writeFile(join(folder, 'kubeconfig'), server.kubeconfig(`exec: {${exec}}`));
  app = runInPty(args, {
    env: {
      KUBECONFIG: join(folder, 'kubeconfig'),
      KUBERC: 'off',
      XDG_STATE_HOME: folder,
      XDG_CONFIG_HOME: folder,
    },
  });
  await app.shows(/Code\? /);
  app.press('one\r');
}

/** When a mode of the terminal was set (`h`) and reset (`l`), and when the plug-in asked. */
function switches(mode: number): readonly string[] {
  const codes = app.written().matchAll(new RegExp(`\\u001b\\[\\?${mode}([hl])|Code\\?`, 'g'));
  return Array.from(codes, ([, to]) => to ?? 'code');
}

const TABLE = /1 Pods [1-9]\d*/;
const LOGIN = /LOGIN NEEDED, l logs in/;

async function times(): Promise<number> {
  return (await readFile(join(folder, 'asked'), 'utf8')).trim().split('\n').length;
}

/** From now on another token is accepted, and `l` runs the plug-in again. */
async function logsInAgain(): Promise<void> {
  server.accept('two');
  await app.shows(LOGIN);
  app.press('l');
}

/** As `logsInAgain`, until the plug-in has asked. */
async function isAskedAgain(): Promise<void> {
  await logsInAgain();
  await app.shows(/Code\? $/m);
}

test.each(['IfAvailable', 'Always'])('a plug-in asks before the screen is taken, %s', async (mode) => {
  await loggedIn({ mode });
  await app.shows(TABLE);
  expect(app.screen()).not.toMatch(LOGIN);
  expect(app.written().indexOf('Code?')).toBeLessThan(app.written().indexOf('\u001b[?1049h'));
});

test.each(['IfAvailable', 'Always'])(
  'one that asks again in the middle gets the terminal at l, %s',
  async (mode) => {
    await loggedIn({ mode, args: ['--mouse', 'click'] });
    await app.shows(TABLE);
    server.accept('two');
    await app.shows(LOGIN);
    expect(app.screen()).not.toContain('Code?');

    app.press('l');
    await app.shows(/Logging in to test; ctrl-c goes back to sluice\.\s+Code\? $/m);
    expect(app.screen()).not.toMatch(TABLE);
    app.press('two\r');
    await app.shows(TABLE);
    await eventually(() => expect(app.screen()).not.toMatch(LOGIN));
    expect(await times()).toBe(2);

    app.press('q');
    expect(await app.ended).toBe(0);
    // The plug-in gets the terminal as it was: main screen, no mouse, no bracketed paste.
    for (const mode of [1049, 1000, 2004]) expect(switches(mode).join(' ')).toMatch(/^(code )+h l code h l$/);
  },
);

test('ctrl-c ends the plug-in, not the app', async () => {
  await loggedIn();
  await app.shows(TABLE);
  await isAskedAgain();
  app.press('\u0003');
  await app.shows(/The login to test was interrupted\.\s+l logs in, q quits\./);
  await app.shows(LOGIN);
  // By its name in the palette, too.
  app.press(':');
  await app.shows(/ command /);
  app.press('credential');
  await app.shows(/action +log in: the credential plug-in/);
  app.press('\u001b[B');
  app.press('\r');
  await app.shows(/Code\? $/m);
  app.press('two\r');
  await app.shows(TABLE);
  await eventually(() => expect(app.screen()).not.toMatch(LOGIN));
});

/** A plug-in that hangs once `hang` exists, and ends by SIGKILL alone; so does its child. */
const HANGING = (folder: string) =>
  `[ -f ${folder}/hang ] && (: >/dev/tty) 2>/dev/null && { trap '' TERM INT HUP; sh -c "trap '' TERM INT HUP; echo \\$\\$ > ${folder}/child; sleep 60"; }`;

async function hanging(): Promise<number> {
  return eventually(async () => {
    const text = await readFile(join(folder, 'child'), 'utf8');
    expect(text).toMatch(/^\d+\n$/);
    return Number(text);
  });
}

/** As `logsInAgain`, with a plug-in that hangs; its process id. */
async function hangsAgain(): Promise<number> {
  await writeFile(join(folder, 'hang'), '');
  await logsInAgain();
  return hanging();
}

const isGone = (pid: number) => eventually(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));

test('ctrl-c ends a plug-in that ignores it, with what it has started', async () => {
  await loggedIn({ before: HANGING(folder) });
  await app.shows(TABLE);
  const child = await hangsAgain();
  app.press('\u0003');
  await app.shows(/The login to test was interrupted\./);
  await isGone(child);
});

test.each(['SIGTERM', 'SIGHUP'])('%s ends the app while a plug-in hangs, and the plug-in', async (signal) => {
  await loggedIn({ before: HANGING(folder), args: ['--mouse', 'click'] });
  await app.shows(TABLE);
  const child = await hangsAgain();
  app.kill(signal);
  expect(await app.ended).toBe(130);
  await isGone(child);
  expect(switches(1049).at(-1)).toBe('l');
  expect(switches(1000).at(-1)).toBe('l');
});

test('without l, a plug-in that hangs takes no key, and ends with the app', async () => {
  await loggedIn({
    before: `[ -f ${folder}/hang ] && { echo "enter ABCD at example.org" >&2; echo $$ > ${folder}/child; sleep 60; }`,
  });
  await app.shows(TABLE);
  await writeFile(join(folder, 'hang'), '');
  server.accept('two');
  const child = await hanging();
  // Nothing of it is on the screen but what the app says.
  await app.shows(/ ✗ The credential plug-in \S+ of user tester waits: enter ABCD at example\.org/);
  await app.shows(/^ sluice .*LOGIN NEEDED/);
  app.press('?');
  await app.shows(/esc back/);
  app.press('\u0003');
  expect(await app.ended).toBe(0);
  await isGone(child);
});

test('what was typed for the plug-in, and it did not read, is not taken for keys', async () => {
  await loggedIn();
  await app.shows(TABLE);
  await isAskedAgain();
  app.press('two\rq');
  await app.shows(TABLE);
  await eventually(() => expect(app.screen()).not.toMatch(LOGIN));
  app.press('?');
  await app.shows(/esc back/);
});

test('in lines for a screen reader, the login is told, asked for and taken', async () => {
  await loggedIn({ args: ['--screen-reader'] });
  await app.shows(/cluster test: live/);
  server.accept('two');
  await app.shows(/error: The credential plug-in [\s\S]+Press l to log in/);
  app.press('l');
  await app.shows(/Code\? $/m);
  app.press('two\r');
  await app.shows(/Logged in to test\./);
  await app.shows(/cluster test: live[\s\S]+cluster test: stale[\s\S]+cluster test: live/);
});
