import { expect, test } from 'vitest';
import { usageText } from '../../../src/core/grants/usage.ts';

test.each([
  [{ connections: 12, seconds: 200, of: 3_600 }, 'used 4 of 60 minutes, 12 connections'],
  [{ connections: 1, seconds: 0, of: 900 }, 'used 1 of 15 minutes, 1 connection'],
  [{ connections: 3, seconds: 60, of: 120 }, 'used 1 of 2 minutes, 3 connections'],
  [{ connections: 2, seconds: 9, of: 10 }, 'used 9 of 10 seconds, 2 connections'],
  [{ connections: 0, seconds: 0, of: 900 }, 'not used'],
  [undefined, 'use not known'],
])('%j is told as %s', (usage, text) => {
  expect(usageText(usage)).toBe(text);
});
