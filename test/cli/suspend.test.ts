import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openInPty, runInPty } from '../helpers/pty-app.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-suspend-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('ctrl-z gives the terminal back to the shell, and fg brings the app back', async () => {
  const shell = openInPty('bash', ['--norc', '--noprofile', '-i'], {
    rows: 90,
    env: { PS1: 'shell> ', XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder, NODE: process.execPath },
  });
  await shell.shows(/shell> $/m);
  shell.press('"$NODE" dist/sluice.js demo\r');
  await shell.shows(/1 Pods \d+/);

  shell.press('\u001a');
  await shell.shows(/Stopped .*demo\s+shell> $/m);
  expect(shell.screen()).not.toMatch(/1 Pods/);
  // What is typed now is the shell's, and is echoed.
  shell.press('echo "typed to the "shell\r');
  await shell.shows(/^typed to the shell$/m);

  shell.press('fg\r');
  await shell.shows(/1 Pods \d+/);
  shell.press('?');
  await shell.shows(/ctrl-z +back to the shell[\s\S]*\n .*esc back/);
  shell.press('\u001b');
  await shell.shows(/1 Pods \d+[\s\S]*\? help/);
  // In a text field too.
  shell.press('/db');
  await shell.shows(/\/db/);
  shell.press('\u001a');
  await shell.shows(/Stopped .*demo\s+shell> $/m);
  shell.press('fg\r');
  await shell.shows(/1 Pods \d+[\s\S]*\/db/);
  shell.press('\u001b');
  await shell.shows(/1 Pods \d+[\s\S]*\? help/);
  shell.press('q');
  await shell.shows(/fg\s[\s\S]*shell> $/m);
  shell.press('exit\r');
  expect(await shell.ended).toBe(0);
});

test('the mouse is the terminal’s while the shell has it, and after the end', async () => {
  const shell = openInPty('bash', ['--norc', '--noprofile', '-i'], {
    env: { PS1: 'shell> ', XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder, NODE: process.execPath },
  });
  const modes = () =>
    shell
      .written()
      .match(/\u001b\[\?1000[hl]|Stopped/g)
      ?.map((code) => code.at(-1));
  await shell.shows(/shell> $/m);
  shell.press('"$NODE" dist/sluice.js demo --mouse click\r');
  await shell.shows(/1 Pods \d+/);
  shell.press('\u001a');
  await shell.shows(/Stopped .*demo.*\s+shell> $/m);
  expect(modes()).toEqual(['h', 'l', 'd']);
  shell.press('fg\r');
  await shell.shows(/1 Pods \d+/);
  const row =
    shell
      .screen()
      .split('\n')
      .findIndex((line) => line.includes('1 Pods')) + 1;
  const column = (shell.screen().split('\n')[row - 1]?.indexOf('1 Pods') ?? 0) + 1;
  shell.press(`\u001b[<0;${column};${row}M\u001b[<0;${column};${row}m`);
  shell.press('q');
  await shell.shows(/fg\s[\s\S]*shell> $/m);
  expect(modes()).toEqual(['h', 'l', 'd', 'h', 'l']);
  shell.press('exit\r');
  expect(await shell.ended).toBe(0);
});

test('a crash gives the mouse back, too', async () => {
  const app = runInPty(['demo', '--mouse', 'scroll'], {
    env: { XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder, NODE_OPTIONS: `--import=${await crashing()}` },
  });
  await app.shows(/1 Pods \d+/);
  app.kill('SIGUSR2');
  expect(await app.ended).toBe(1);
  expect(app.written().lastIndexOf('\u001b[?1000l')).toBeGreaterThan(
    app.written().lastIndexOf('\u001b[?1000h'),
  );
});

/** A module that breaks the program when it gets a signal. */
async function crashing(): Promise<string> {
  const path = join(folder, 'crash.mjs');
  await writeFile(path, "process.on('SIGUSR2', () => { throw new Error('broken'); });");
  return pathToFileURL(path).href;
}
