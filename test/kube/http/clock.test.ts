import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createServerClock } from '../../../src/kube/http/exchange.ts';

/** The `Date` header of a server whose clock is `offset` ms ahead, written at local time `at`. */
function header(at: number, offset: number): string {
  return new Date(Math.floor((at + offset) / 1_000) * 1_000).toUTCString();
}

const START = Date.UTC(2026, 10, 22);

test('initially it is the local time, with no bound on the error', () => {
  const clock = createServerClock(() => START);
  expect(clock.now()).toBe(START);
  expect(clock.error).toBe(Number.POSITIVE_INFINITY);
  clock.learn('yesterday', START, START);
  expect(clock.error).toBe(Number.POSITIVE_INFINITY);
});

test('for any offset and delays, the true offset is within the error', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -100_000, max: 100_000 }),
      fc.array(fc.record({ gap: fc.nat(3_000), there: fc.nat(200), back: fc.nat(200) }), { minLength: 1 }),
      (offset, calls) => {
        const clock = createServerClock(() => START);
        let now = START;
        for (const { gap, there, back } of calls) {
          const sent = now + gap;
          now = sent + there + back;
          clock.learn(header(sent + there, offset), sent, now);
        }
        expect(Math.abs(clock.offset - offset)).toBeLessThanOrEqual(clock.error);
        expect(clock.error).toBeLessThanOrEqual(700);
      },
    ),
  );
});

test('many responses narrow it down to tens of milliseconds', () => {
  const clock = createServerClock(() => START);
  for (let i = 0; i < 40; i += 1) {
    const sent = START + i * 137;
    clock.learn(header(sent + 2, 5_000), sent, sent + 4);
  }
  expect(clock.error).toBeLessThan(50);
  expect(clock.now()).toBeGreaterThan(START + 4_950);
});

test.each([60_000, -60_000])('a clock change by %d ms replaces the earlier bounds', (shift) => {
  const clock = createServerClock(() => START);
  for (let i = 0; i < 40; i += 1) clock.learn(header(START + i * 137, 0), START + i * 137, START + i * 137);
  clock.learn(header(START + 9_000, shift), START + 9_000, START + 9_000);
  expect(Math.abs(clock.offset - shift)).toBeLessThanOrEqual(500);
});
