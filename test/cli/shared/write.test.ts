import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { drainedOf } from '../../../src/cli/shared/write.ts';

test('a reader that is often behind costs one listener, and each wait ends', async () => {
  const stream = new PassThrough({ highWaterMark: 1 });
  let ends = 0;
  const slow = drainedOf(stream, () => {
    ends += 1;
  });
  const listeners = stream.listenerCount('drain');
  for (let round = 0; round < 20; round += 1) {
    stream.write('much');
    const wait = slow();
    expect(wait).toBeInstanceOf(Promise);
    expect(slow()).toBe(wait);
    stream.read();
    await wait;
    expect(slow()).toBeUndefined();
  }
  expect([stream.listenerCount('drain'), ends]).toEqual([listeners, 1]);
});

test('a wait ends with the stream', async () => {
  const stream = new PassThrough({ highWaterMark: 1 });
  const slow = drainedOf(stream, (go) => stream.once('close', go));
  stream.write('much');
  const wait = slow();
  stream.destroy();
  await wait;
});
