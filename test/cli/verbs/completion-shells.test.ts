import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openInPty, type PtyApp } from '../../helpers/pty-app.ts';

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
] as const;

let folder: string;
let path: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-shells-'));
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await mkdir(join(folder, 'work'));
  await writeFile(join(folder, 'work', 'expectations.yaml'), '');
  const names = ['arn:aws:eks:1:cluster/prod', 'admin@one', HOSTILE];
  const contexts = names.map((name) => ({ name, context: {} }));
  await writeFile(join(folder, 'kubeconfig'), JSON.stringify({ contexts }));
  for (const name of ['sluice', 'kubectl-sluice']) {
    await symlink(resolve('dist/sluice.js'), join(bin, name));
  }
  await symlink(resolve('dist/kubectl_complete-sluice.js'), join(bin, 'kubectl_complete-sluice'));
  path = [bin, dirname(process.execPath), process.env.PATH].join(delimiter);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

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

  test.skipIf(!isThere)('never evaluates a name as code', async () => {
    expect(await completed('sluice version --context ev', '\r')).toMatch(/evil.*touch.*pwned/);
    expect(readdirSync(join(folder, 'work'))).toEqual(['expectations.yaml']);
  });
});

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
