import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import type { Session } from '../../src/session/session.ts';
import { sessionOn } from '../helpers/demo/demo-session.ts';
import { connectionTo } from '../helpers/demo/live-demo.ts';
import { paneText } from '../helpers/pane-text.ts';
import { openScreen, type Screen } from '../helpers/screen.tsx';

let directory: string;
let demo: Demo;
let session: Session;
let screen: Screen;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-story-'));
  demo = await startDemo();
  session = sessionOn({
    connect: async () => ({ ...(await connectionTo(demo, directory)), namespace: 'shop' }),
  });
  screen = openScreen({ columns: 140, rows: 40, session });
  await session.start();
});

afterAll(async () => {
  await screen.close();
  await session.dispose();
  await demo.stop();
  await rm(directory, { recursive: true, force: true });
});

test('the whole way: a drop is seen, explained, opened for a while, seen open, revoked and seen closed', async () => {
  await screen.until(/✗ DROP +web +db +5432/);

  screen.press('/', 'web.*5432', 'enter');
  await screen.until(/▸ .*✗ DROP +web +db +5432/);
  await screen.until(() =>
    paneText(screen.lines(), 'Path').startsWith(
      'web → db :5432/tcp egress ✓ not isolated ingress ✗ db-only-api',
    ),
  );

  screen.press('e');
  await screen.until(/╭ web → db :5432\/tcp ─+ ✗ DENY/);
  expect(screen.text()).toMatch(/misses by peer: web has app=web/);
  expect(screen.text()).toMatch(/seen by Hubble +✗ DROP {2}Policy denied/);

  screen.press('g');
  await screen.until(/✓ server +dry-run accepted/);
  expect(screen.text()).toMatch(/✓ opens +2 pairs: .* → db-0, tcp 5432, nothing else/);
  screen.press('INC-4411 payment page shows no orders', 'enter');

  await screen.until(/▸ web → db :5432 +✓ open +[█░]{10} {2}14:\d\d left of 15m/);
  expect(screen.text()).toContain('INC-4411 payment page shows no orders');
  await screen.until(/✓ ALLOW +web +db +5432/);

  // Paused, so that charts and table count the same.
  screen.press('3', 'space');
  await screen.until('paused');
  screen.press('esc');
  await screen.until(/▸3 Attempts \d+ /);
  screen.press('t');
  await screen.until(/◷ web → db ─/);
  const { attempts } = session.store.getState();
  const dropped = attempts.reduce((sum, { row }) => sum + row.dropped, 0);
  expect(screen.text()).toMatch(new RegExp(`Dropped attempts by policy ─+ ✗ ${dropped} ─╮`));
  screen.press('tab');
  await screen.until(/▸ [a-z-]+ +█* +\d/);
  // Which policy dropped the most so far depends on how fast the machine is.
  while (!/▸ db-only-api /.test(screen.text())) {
    screen.press('j');
    await screen.settled();
  }
  screen.press('enter');
  await screen.until('/denied:db-only-api');
  const shown = session.visibleRows(session.store.getState(), 'attempts').map(({ key }) => key);
  const denied = attempts.filter(({ droppedBy }) => droppedBy === 'db-only-api').map(({ key }) => key);
  expect(shown).toEqual(denied);
  expect(shown.length).toBeGreaterThan(0);
  screen.press('space', '4', 'z');
  await screen.until('▸4 Grants 1 ');
  screen.press('3');
  await screen.until(/◷ 1 grant 14:\d\d/);

  screen.press('4', 'x');
  await screen.until('╭ Revoke ');
  screen.press('enter');
  await screen.until(/web → db :5432 +✓ closed +\d\d:\d\d:\d\d, /);
});

test('q ends the app once nothing is open', async () => {
  screen.press('q');
  await screen.done;
  expect(session.store.getState().ended).toBe(true);
});
