import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  EVERYTHING,
  either,
  NOTHING,
  portsText,
  without,
} from '../../../../src/core/policy/model/connections.ts';

describe('sets of ports', () => {
  const range = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 5 }));
  const set = fc
    .array(range, { maxLength: 5 })
    .map((ranges) =>
      ranges
        .map(([first, more]) => ({ ...NOTHING, TCP: [[first, first + more] as const] }))
        .reduce((a, b) => either(a, b), NOTHING),
    );
  const numbers = (of: typeof NOTHING) =>
    new Set(of.TCP.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i)));

  test('are united and taken from each other as sets of numbers are', () => {
    fc.assert(
      fc.property(set, set, (a, b) => {
        expect(numbers(either(a, b))).toEqual(new Set([...numbers(a), ...numbers(b)].sort((x, y) => x - y)));
        expect(numbers(without(a, b))).toEqual(numbers(a).difference(numbers(b)));
      }),
    );
  });

  test('are told in few words', () => {
    expect(portsText(EVERYTHING)).toBe('all ports');
    expect(
      portsText({
        ...NOTHING,
        TCP: [
          [80, 80],
          [8000, 8100],
        ],
        UDP: [[1, 65_535]],
      }),
    ).toBe('tcp 80,8000-8100 · udp all');
    expect(portsText(NOTHING)).toBe('');
  });
});
