import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { quitSummary } from '../../../src/cli/verbs/quit-summary.ts';
import type { GrantState } from '../../../src/core/grants/grant.ts';
import { wallClock } from '../../../views/text/time.ts';
import { openInPty } from '../../helpers/pty-app.ts';
import { grantLine, NOW } from '../../helpers/session-state.ts';

const told = (state: GrantState, { demo = false, now = NOW } = {}) =>
  quitSummary([{ grant: grantLine(state).grant, demo }], now)[0];

test('what became of a grant is one line', () => {
  const at = NOW;
  const open: GrantState = { name: 'open', at, after: 1, how: 'seen' };
  const end = NOW + 252_000;
  expect(told({ name: 'closed', at, by: 'revoke', proof: 'p' })).toBe(
    'revoked    7f3k  web → db :5432/tcp, closed and seen blocked',
  );
  expect(told({ name: 'closed', at, by: 'lease', proof: 'p' })).toMatch(/^ended {6}7f3k .*closed and seen/);
  expect(told({ name: 'unproven', at, by: 'revoke', proof: 'no attempt seen', pairs: [] })).toMatch(
    /^revoked .*, its policy is gone; not proven closed: no attempt seen$/,
  );
  expect(told({ name: 'flowing', at, by: 'revoke', connections: '2 connections', still: 'new' })).toMatch(
    /but traffic flows: 2 connections$/,
  );
  expect(told({ name: 'failed', at, message: 'Not revoked.', hint: 'Try again.' })).toMatch(
    /^failed .*: Not revoked. Try again.$/,
  );
  expect(told(open)).toBe(
    `left open  7f3k  web → db :5432/tcp until ${wallClock(end)} by its lease; end it with: sluice revoke 7f3k`,
  );
  expect(told(open, { now: end + 1 })).toMatch(/^ended .* by its lease$/);
  expect(told(open, { demo: true })).toMatch(/^ended .* with the cluster of the demo$/);
});

test.each([[['demo']], [['demo', '--screen-reader']]])('%s leaves it on the terminal', async (args) => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-quit-'));
  const shell = openInPty('bash', ['--norc', '--noprofile', '-i'], {
    env: { PS1: 'shell> ', XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder, NODE: process.execPath },
  });
  await shell.shows(/shell> $/m);
  shell.press(`"$NODE" dist/sluice.js ${args.join(' ')}\r`);
  await shell.shows(/web.* db/);
  shell.press(':web db 5432\r');
  shell.press('g');
  await shell.shows(/reason/i);
  await shell.shows(/dry-run accepted/);
  shell.press('why');
  await shell.shows(/why/);
  shell.press('\r');
  await shell.shows(/✓ open .* left of|db :5432: open$/m);
  shell.press(':q!\r');
  await shell.shows(/revoke it/);
  shell.press('r');
  await shell.shows(/^revoked {4}\w+ {2}web → db :5432\/tcp, .*\n+shell> $/m);
  shell.press('exit\r');
  expect(await shell.ended).toBe(0);
  await rm(folder, { recursive: true, force: true });
});
