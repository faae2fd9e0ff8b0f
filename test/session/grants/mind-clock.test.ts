import { expect, test } from 'vitest';
import type { ClusterApi } from '../../../src/core/ports/ports.ts';
import { createServerClock } from '../../../src/kube/http/exchange.ts';
import { mindClock } from '../../../src/session/grants/grant-ender.ts';

const HOUR = 3_600_000;
const half = { direction: 'ingress', namespace: 'shop', policy: { name: 'p', uid: 'u' } } as const;

/** A server whose time is `server`, and a machine whose clock is `local`. */
function machine() {
  const time = { server: Date.UTC(2026, 10, 22), local: Date.UTC(2026, 10, 22), monotonic: 0 };
  const clock = createServerClock(() => time.local);
  let asked = 0;
  const answer = () => clock.learn(new Date(time.server).toUTCString(), time.local, time.local);
  answer();
  const api: Pick<ClusterApi, 'clock' | 'read'> = {
    clock,
    read: async () => {
      asked += 1;
      answer();
      return undefined;
    },
  };
  const deps = { api, clock: { now: () => time.local, monotonic: () => time.monotonic } };
  const minded = mindClock(deps, { halves: [half] });
  const pass = (ms: number) => {
    for (const key of ['server', 'local', 'monotonic'] as const) time[key] += ms;
  };
  return { time, minded, pass, asked: () => asked };
}

test('while the clocks agree the server is not asked', async () => {
  const { time, minded, pass, asked } = machine();
  pass(HOUR);
  expect(Math.abs(minded.now() - time.server)).toBeLessThan(1_000);
  await minded.settled();
  expect(asked()).toBe(0);
});

test.each([
  ['set forward', HOUR],
  ['set back', -HOUR],
])('a local clock that was %s does not move the end of a grant', async (_, by) => {
  const { time, minded, asked } = machine();
  time.local += by;
  minded.now();
  await minded.settled();
  expect(asked()).toBe(1);
  expect(Math.abs(minded.now() - time.server)).toBeLessThan(1_000);
});

test('after a sleep the server is asked, and the time that passed has passed', async () => {
  const { time, minded, asked } = machine();
  time.server += HOUR;
  time.local += HOUR;
  minded.now();
  await minded.settled();
  expect(asked()).toBe(1);
  expect(Math.abs(minded.now() - time.server)).toBeLessThan(1_000);
});
