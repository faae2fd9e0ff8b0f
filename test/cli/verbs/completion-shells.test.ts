import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Demo, startDemo } from '../../../src/demo/demo.ts';
import { openInPty, type PtyApp } from '../../helpers/pty-app.ts';
import { json, type ScriptedServer, scriptedServer } from '../../helpers/servers/scripted-server.ts';

/** A context name that would run a command if a shell evaluated it. */
const HOSTILE = 'evil$(touch pwned)';

/** How to start each shell without its configuration, and how to make its screen easy to read. */
const SHELLS = [
  ['bash', ['--norc', '--noprofile', '-i'], 'PS1="> "'],
  ['zsh', ['-f', '-i'], 'PS1="> "'],
  [
    'fish',
    ['--no-config', '--private', '-i'],
    'set fish_autosuggestion_enabled 0; function fish_prompt; printf "> "; end',
  ],
] as const;

/** What is typed before the tab, and the completed line. */
const LINES = [
  ['sluice flo', 'sluice flows '],
  ['kubectl-sluice flo', 'kubectl-sluice flows '],
  ['sluice explain web db --enf', 'sluice explain web db --enforcer '],
  ['sluice flows --output ta', 'sluice flows --output table '],
  ['sluice matrix --output=con', 'sluice matrix --output=connlist '],
  [
    'sluice flows --output js --context arn:aws:e',
    'sluice flows --output js --context arn:aws:eks:1:cluster/prod ',
  ],
  ['sluice flows --context=arn:aws:e', 'sluice flows --context=arn:aws:eks:1:cluster/prod '],
  ['sluice flows --context admin@o', 'sluice flows --context admin@one '],
  ['sluice flows --context admin@', 'sluice flows --context admin@one '],
  ['sluice check expecta', 'sluice check expectations.yaml '],
  ['sluice flows --replay=expecta', 'sluice flows --replay=expectations.yaml '],
  ['sluice flows --reason expecta', 'sluice flows --reason expecta'],
  ['sluice explain --kubeconfig ~/demo web sts/d', 'sluice explain --kubeconfig ~/demo web sts/db '],
  [
    'sluice explain --kubeconfig ~/demo monitoring/st',
    'sluice explain --kubeconfig ~/demo monitoring/sts/prometheus ',
  ],
  ['sluice grant --kubeconfig ~/demo --to=svc/d', 'sluice grant --kubeconfig ~/demo --to=svc/db '],
  ['sluice flows --kubeconfig ~/demo -n mon', 'sluice flows --kubeconfig ~/demo -n monitoring '],
  ['sluice lint --assume ipblock-matches-pods=t', 'sluice lint --assume ipblock-matches-pods=true '],
  ['sluice flows --kubeconfig ~/no-such -n mon', 'sluice flows --kubeconfig ~/no-such -n mon'],
] as const;

let folder: string;
let path: string;
let demo: Demo;
let hostile: ScriptedServer;
let secured: ScriptedServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-shells-'));
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await mkdir(join(folder, 'work'));
  await writeFile(join(folder, 'work', 'expectations.yaml'), '');
  const names = ['arn:aws:eks:1:cluster/prod', 'admin@one', HOSTILE];
  const contexts = names.map((name) => ({ name, context: {} }));
  await writeFile(join(folder, 'kubeconfig'), JSON.stringify({ contexts }));
  demo = await startDemo();
  await writeFile(join(folder, 'demo'), demo.kubeconfig, { mode: 0o600 });
  hostile = await scriptedServer((_, response) =>
    json(response, { metadata: {}, items: [{ metadata: { name: HOSTILE, namespace: 'here' } }] }),
  );
  await writeFile(join(folder, 'hostile'), hostile.kubeconfig());
  secured = await scriptedServer(
    (_, response) => json(response, { metadata: {}, items: [{ metadata: { name: 'here' } }] }),
    { tls: true },
  );
  await writeFile(join(folder, 'asking'), secured.kubeconfig(await askingUser()));
  for (const name of ['sluice', 'kubectl-sluice']) {
    await symlink(resolve('dist/sluice.js'), join(bin, name));
  }
  await symlink(resolve('dist/kubectl_complete-sluice.js'), join(bin, 'kubectl_complete-sluice'));
  path = [bin, dirname(process.execPath), process.env.PATH].join(delimiter);
});

afterAll(async () => {
  await demo.stop();
  await hostile.close();
  await secured.close();
  await rm(folder, { recursive: true, force: true });
});

const environment = () => ({ PATH: path, HOME: folder, KUBECONFIG: join(folder, 'kubeconfig') });

describe.each(SHELLS)('%s', (shell, args, setUp) => {
  const isThere = has(shell);
  let terminal: PtyApp;

  beforeAll(async () => {
    if (!isThere) return;
    terminal = openInPty(shell, args, { cwd: join(folder, 'work'), env: environment() });
    terminal.press(`${setUp}; ${inHelp(shell)}\r`);
    terminal.press('echo re""ady\r');
    await terminal.shows(/^ready$/m);
  });

  afterAll(async () => {
    if (!isThere) return;
    terminal.kill('SIGKILL');
    await terminal.ended;
  });

  /** Types a line with a tab and an `X`; returns the line once the `X` shows, and leaves it with a key. */
  async function completed(typed: string, key = '\u0015'): Promise<string> {
    terminal.press(`\u0015${typed}\tX`);
    await terminal.shows(/^> .*X$/m);
    const [line = ''] = /(?<=^> ).*(?=X$)/m.exec(terminal.screen()) ?? [];
    terminal.press(`${key}echo do""ne\r`);
    await terminal.shows(/^done$/m);
    terminal.press('clear\r');
    await terminal.shows(/^> *\s*$/);
    return line;
  }

  test.skipIf(!isThere).each(LINES)('"%s"', async (typed, expected) => {
    expect(await completed(typed)).toBe(expected);
  });

  test
    .skipIf(!isThere)
    .each([
      'sluice version --context ev',
      'sluice version --kubeconfig ~/hostile -n ev',
      'sluice version --kubeconfig ~/hostile --namespace=ev',
      'sluice explain --kubeconfig ~/hostile ev',
      'sluice explain --kubeconfig ~/hostile pod/ev',
      'sluice explain --kubeconfig ~/hostile svc/ev',
    ])('never evaluates a name as code: "%s"', async (typed) => {
    expect(await completed(typed, '\r')).toMatch(/evil.*touch.*pwned/);
    expect(readdirSync(join(folder, 'work'))).toEqual(['expectations.yaml']);
  });

  test.skipIf(!isThere)('never lets a credential plug-in ask on the terminal', async () => {
    expect(await completed('sluice version --kubeconfig ~/asking -n he')).toBe(
      'sluice version --kubeconfig ~/asking -n here ',
    );
    expect(terminal.written()).not.toContain('Code?');
  });
});

/** A user whose credential plug-in asks for a code if there is a terminal. */
async function askingUser(): Promise<string> {
  const plugin = join(folder, 'login');
  const answer =
    '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"t"}}';
  const ask = `if (: >/dev/tty) 2>/dev/null; then printf 'Code? ' >/dev/tty; read -r code </dev/tty; fi`;
  await writeFile(plugin, `#!/bin/sh\n${ask}\necho '${answer}'\n`, { mode: 0o755 });
  return `exec: {apiVersion: client.authentication.k8s.io/v1, command: ${plugin}, interactiveMode: IfAvailable}`;
}

/** The line that the help says to put in the shell's startup file. */
function inHelp(shell: string): string {
  const help = execFileSync(process.execPath, ['dist/sluice.js', 'completion', '--help'], {
    encoding: 'utf8',
  });
  return new RegExp(`^ +# ${shell}: .*\\n +(.*)$`, 'm').exec(help)?.[1] ?? '';
}

const hasKubectl = has('kubectl', 'version', '--client');

test.skipIf(!hasKubectl)('kubectl completes its plugin', () => {
  const env = { ...process.env, ...environment() };
  const ask = (...words: readonly string[]) =>
    execFileSync('kubectl', ['__complete', 'sluice', ...words], { env, encoding: 'utf8', stdio: 'pipe' });
  expect(ask('ver')).toBe('version\tprint the version\n:4\n');
  expect(ask('flows', '--context', 'admin')).toBe('admin@one\n:4\n');
  expect(ask('check', '')).toBe(':0\n');
});

function has(program: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(program, args.length === 0 ? ['--version'] : args, { stdio: 'ignore' });
    return true;
  } catch {
    console.warn(`\n*** SKIPPED: no ${program} to complete in ***\n`);
    return false;
  }
}
