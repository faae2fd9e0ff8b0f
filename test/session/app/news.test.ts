import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../../src/core/common/limits.ts';
import { startDemo } from '../../../src/demo/demo.ts';
import { createSession } from '../../../src/session/session.ts';
import { connectionTo } from '../../helpers/demo/live-demo.ts';
import { eventually } from '../../helpers/eventually.ts';

test('a source of flows that ends for good shows as failed, though it worked before', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-news-'));
  const demo = await startDemo();
  const broken = Promise.withResolvers<void>();
  const session = createSession({
    connect: async () => ({
      ...(await connectionTo(demo, folder)),
      traffic: async () => ({
        name: 'hubble',
        run: (_, { state }) => {
          state({ source: 'hubble', status: 'live', detail: 'relay', lost: 2 });
          return broken.promise;
        },
      }),
    }),
    contexts: async () => ({ names: ['demo'], current: 'demo' }),
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    version: 'test',
    limits: DEFAULT_LIMITS,
    allNamespaces: false,
  });
  await session.start();
  const traffic = () => session.store.getState().traffic;
  await eventually(() => expect(traffic().status).toBe('live'));
  broken.reject(new Error('the ring is gone'));
  await eventually(() =>
    expect(traffic()).toEqual({
      source: 'hubble',
      status: 'failed',
      detail: 'Unexpected error: the ring is gone',
      lost: 2,
    }),
  );
  await session.dispose();
  await demo.stop();
  await rm(folder, { recursive: true, force: true });
});
