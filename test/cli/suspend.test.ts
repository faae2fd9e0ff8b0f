import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openInPty } from '../helpers/pty-app.ts';

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
