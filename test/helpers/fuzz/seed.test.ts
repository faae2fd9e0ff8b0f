import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fuzzSeed } from './seed.ts';

/** What a property meets that names no seed of its own. */
function drawn(): readonly number[] {
  const numbers: number[] = [];
  fc.assert(fc.property(fc.integer(), (number) => void numbers.push(number)));
  return numbers;
}

test('properties draw from one seed, the same at every run', () => {
  const { seed } = fc.readConfigureGlobal();
  expect(seed).toBe(fuzzSeed(process.env.SLUICE_FUZZ_SEED));
  expect(drawn()).toEqual(drawn());
});

test('SLUICE_FUZZ_SEED sets another, as a failure tells it', () => {
  expect(fuzzSeed('-563449427')).toBe(-563449427);
  for (const text of ['', 'full', '1.5', '12345678901']) expect(() => fuzzSeed(text)).toThrow(`"${text}"`);
});
