import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startDemo } from '../../../src/demo/demo.ts';
import { sessionOn } from '../../helpers/demo/demo-session.ts';
import { connectionTo } from '../../helpers/demo/live-demo.ts';
import { eventually } from '../../helpers/eventually.ts';

test('a source of flows that ends for good shows as failed, though it worked before', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-news-'));
  const demo = await startDemo();
  const broken = Promise.withResolvers<void>();
  const session = sessionOn({
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
