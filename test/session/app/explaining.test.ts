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
/** How much later it is whenever somebody looks at the clock, ms: with 100, every slice of work is over at once. */
let late = 0;
let readings = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-explaining-'));
  demo = await startDemo();
  const monotonic = () => {
    readings += 1;
    return performance.now() + late * readings;
  };
  session = sessionOn({
    connect: () => connectionTo(demo, folder),
    clock: { now: () => Date.now(), monotonic },
  });
  await session.start();
});

afterEach(async () => {
  late = 0;
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
  session.commands.explain();
  expect(price()).toMatch(/^opens \d path/);
  session.commands.back();
  late = 100;
  session.commands.explain();
  expect(session.store.getState().overlay.type).toBe('explain');
  expect(price()).toBeUndefined();
  await eventually(() => expect(price()).toMatch(/^opens \d path/));
});
