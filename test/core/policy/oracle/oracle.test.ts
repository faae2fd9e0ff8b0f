import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { POLICY_KINDS } from '../../../../src/core/policy/kinds/policy-kinds.ts';
import { compare, createTally, everyQuestion, someQuestions } from './compare.ts';
import { KEPT } from './kept.ts';
import { ENFORCERS, randomForeign, randomWorld } from './worlds.ts';

const QUERIES = process.env.SLUICE_FUZZ === 'full' ? 300_000 : Number(process.env.SLUICE_FUZZ ?? 50_000);

/** How many questions are drawn from a world. */
const PER_WORLD = 100;

test(`two evaluators agree on ${QUERIES} queries`, { timeout: 600_000 }, () => {
  const seen = createTally();
  fc.assert(
    fc.property(randomWorld, randomForeign, fc.nat(1_000_000), (world, foreign, seed) =>
      compare(world, foreign, (ends) => someQuestions(ends, seed, PER_WORLD), seen),
    ),
    { numRuns: Math.ceil(QUERIES / PER_WORLD) },
  );
  const { asked, verdicts, kinds, enforcers } = seen;
  process.stdout.write(
    `oracle: ${asked} queries, ${[...verdicts].map(([name, count]) => `${name} ${percent(count, asked)}`).join(', ')}\n`,
  );
  // A world whose pods have all finished is asked nothing.
  expect(asked).toBeGreaterThan(QUERIES * 0.98);
  expect((verdicts.get('allow') ?? 0) / asked).toBeGreaterThan(0.2);
  expect((verdicts.get('deny') ?? 0) / asked).toBeGreaterThan(0.2);
  expect((verdicts.get('undecidable') ?? 0) / asked).toBeLessThan(0.4);
  // Every kind decided halves, and every enforcer was met.
  expect(
    POLICY_KINDS.filter(({ kind }) => (kinds.get(kind) ?? 0) < asked / 200).map(({ kind }) => kind),
  ).toEqual([]);
  expect(new Set(ENFORCERS)).toEqual(new Set(enforcers.keys()));
});

function percent(part: number, whole: number): string {
  return `${Math.round((100 * part) / whole)} %`;
}

describe('they agree on what they differed on once', () => {
  test.each(KEPT.map((kept) => [kept.title, kept] as const))('%s', (_, { foreign = [], ...world }) => {
    const seen = createTally();
    compare(world, foreign, everyQuestion, seen);
    expect(seen.asked).toBeGreaterThan(0);
  });
});
