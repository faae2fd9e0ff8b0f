import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import type { Session } from '../../src/session/session.ts';
import { sessionOn } from '../helpers/demo/demo-session.ts';
import { connectionTo } from '../helpers/demo/live-demo.ts';
import { openScreen, type Screen } from '../helpers/screen.tsx';

/** What people come for, from a cold start on the demo, by the keys that it takes. */

let directory: string;
let demo: Demo;
let session: Session;
let screen: Screen;
let keys: number;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-tasks-'));
  demo = await startDemo();
});

afterAll(async () => {
  await demo.stop();
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
});

beforeEach(async () => {
  keys = 0;
  session = sessionOn({
    connect: async () => ({ ...(await connectionTo(demo, directory)), namespace: 'shop' }),
  });
  screen = openScreen({ columns: 120, rows: 30, session });
  await session.start();
  await screen.until(/✗ DROP +web +db +5432/);
});

afterEach(async () => {
  await screen.close();
  await session.dispose();
});

/** Presses keys one by one, each when the one before has been drawn. */
async function press(...names: readonly string[]): Promise<void> {
  for (const name of names) {
    keys += 1;
    screen.press(name);
    await screen.settled();
  }
}

/** Leaves only the drop of web to db, as rows move while a test presses keys; then the keys count from here. */
async function toTheDrop(): Promise<void> {
  screen.press('/', '^web db', 'enter');
  await screen.until(/▸ .*✗ DROP +web +db/);
  await screen.settled();
  keys = 0;
}

test('why web can not reach db: no key at all, the row says it', async () => {
  await screen.until(/✗ DROP +web +db +5432 .*db-only-api admits app=api, not app=web/);
  expect(keys).toBe(0);
});

test('open it for 5 minutes: four keys and the reason; end it early: two', async () => {
  await toTheDrop();
  await press('g');
  await screen.until(/✓ server +dry-run accepted/);
  await press('left');
  await screen.until(/▸5m/);
  screen.press('INC-4411 orders are missing');
  await screen.until(/✓ server +dry-run accepted/);
  await screen.until(/enter grant {2}/);
  await press('enter');
  await screen.until(/▸ web → db :5432 +✓ open +[█░]{10} {2}0?4:\d\d left of 5m/);
  expect(keys).toBeLessThanOrEqual(4);

  keys = 0;
  await press('x');
  await screen.until('Revoke');
  await press('enter');
  await screen.until(/web → db :5432 +✓ closed/);
  expect(keys).toBeLessThanOrEqual(2);
});

test('who else could reach db: one key', async () => {
  await toTheDrop();
  await press('w');
  await screen.until(/What could reach StatefulSet shop\/db[\s\S]*reach it/);
  await screen.until(/shop\/api +tcp 5432/);
  expect(keys).toBeLessThanOrEqual(3);
});

test('the policy with the most drops: one key', async () => {
  await press('t');
  await screen.until(/Dropped attempts by policy[\s\S]*db-only-api +█+/);
  expect(keys).toBeLessThanOrEqual(3);
});
