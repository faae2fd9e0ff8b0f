import { expect } from 'vitest';
import type { Program } from './program.ts';

/** Expects a program to end with a code, and to say why in two lines: what is at fault, and the next step. */
export async function expectRefused(program: Program, code: number, says: RegExp): Promise<void> {
  const exit = await program.ended;
  const lines = program.errors().trimEnd().split('\n');
  expect(lines[0]).toMatch(says);
  expect(exit).toBe(code);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^sluice: .*\.$/);
  expect(lines[1]).toMatch(/^ {8}\S.*[.?]$/);
}
