import { expect, test } from 'vitest';
import { plural, several } from '../../../src/core/common/safe-text.ts';
import { compact } from '../../../views/text/count.ts';
import { age } from '../../../views/text/time.ts';

test('ages are short, and a clock that is ahead is now', () => {
  const ages = [-5, 0, 999, 1000, 59_999, 250_000, 600_000, 3_600_000, 11_100_000, 90_000_000, 950_400_000];
  expect(ages.map(age)).toEqual([
    'now',
    'now',
    'now',
    '1s',
    '59s',
    '4m10s',
    '10m',
    '1h0m',
    '3h5m',
    '25h',
    '11d',
  ]);
});

test('large numbers take four columns', () => {
  expect([7, 999, 1000, 1234, 9949, 9999, 12_345, 999_999, 3_400_000].map(compact)).toEqual([
    '7',
    '999',
    '1.0k',
    '1.2k',
    '9.9k',
    '9.9k',
    '12k',
    '999k',
    '3.4M',
  ]);
});

test('lists in sentences say how many they leave out', () => {
  expect(several(['a', 'b'], 2)).toBe('a, b');
  expect(several(['a', 'b', 'c'], 2)).toBe('a, b and 1 more');
  expect([plural(1, 'pod'), plural(2, 'pod')]).toEqual(['1 pod', '2 pods']);
});
