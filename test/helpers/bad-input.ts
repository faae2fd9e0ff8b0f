import { expect } from 'vitest';
import type { Ran } from './verb.ts';

/** Expects a verb to have ended with a code, and to have said why in two lines: what is at fault, and the next step. */
export function expectRefused(ran: Ran, code: number, says: RegExp): void {
  const lines = ran.errors.trimEnd().split('\n');
  expect(lines[0]).toMatch(says);
  expect(ran.code).toBe(code);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^sluice: .*\.$/);
  expect(lines[1]).toMatch(/^ {8}\S.*[.?]$/);
}
