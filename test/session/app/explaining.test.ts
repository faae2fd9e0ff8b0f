import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Demo, startDemo } from '../../../src/demo/demo.ts';
import type { Session } from '../../../src/session/session.ts';
import { sessionOn, showStory } from '../../helpers/demo/demo-session.ts';
import { connectionTo } from '../../helpers/demo/live-demo.ts';
import { eventually } from '../../helpers/eventually.ts';

let demo: Demo;
let session: Session;
let folder: string;
/** What the clock does while it is looked at: with `jumps`, every slice of work is over at once; with `stands`, none is. */
let time: 'runs' | 'jumps' | 'stands' = 'runs';
let now = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-explaining-'));
  demo = await startDemo();
  const monotonic = () => {
    if (time !== 'stands') now = Math.max(now + (time === 'jumps' ? 100 : 0), performance.now());
    return now;
  };
  session = sessionOn({
    connect: () => connectionTo(demo, folder),
    clock: { now: () => Date.now(), monotonic },
  });
  await session.start();
});

afterEach(async () => {
  time = 'runs';
  await session.dispose();
  await demo.stop();
  await rm(folder, { recursive: true, force: true });
});

function price(): string | undefined {
  const { overlay } = session.store.getState();
  return overlay.type === 'explain' ? overlay.verdict?.ingress.nearMisses[0]?.edit?.price?.text : undefined;
}

test('a suggested edit has its price; where that takes long, the answer is there before it', async () => {
  await showStory(session);
  time = 'stands';
  session.commands.explain();
  expect(price()).toMatch(/^opens \d path/);
  session.commands.back();
  time = 'jumps';
  session.commands.explain();
  expect(session.store.getState().overlay.type).toBe('explain');
  expect(price()).toBeUndefined();
  await eventually(() => expect(price()).toMatch(/^opens \d path/));
});
