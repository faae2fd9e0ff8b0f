import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findRealCluster } from '../../helpers/real-cluster.ts';
import { type Benches, openBenches } from './benches.ts';
import { mayActOutside } from './dial.ts';
import { judgeNow } from './judgement.ts';
import { isInside } from './paths.ts';
import { type RandomRound, randomRound } from './random-round.ts';
import { relabel } from './relabel.ts';
import { createTotals, faults, OPEN_QUESTIONS } from './report.ts';
import { type Bench, type Draft, tryPaths, writePolicies } from './round.ts';

const isFull = process.env.SLUICE_FUZZ === 'full';
const cluster = isFull ? await findRealCluster() : undefined;
const onHost = cluster !== undefined && (await mayActOutside());
const ROUNDS = Number(process.env.SLUICE_FUZZ_ROUNDS ?? 60);
const SEED = Number(process.env.SLUICE_FUZZ_SEED ?? Math.floor(Math.random() * 1e9));
/** Timeout for one round, including the shrinking of a failure, ms. */
const EACH = 120_000;

describe.skipIf(cluster === undefined)(`packets agree under random policies, seeds from ${SEED}`, () => {
  const totals = createTotals();
  let benches: Benches;

  beforeAll(async () => {
    if (cluster !== undefined) benches = await openBenches(cluster, 1);
  }, 180_000);

  afterAll(async () => {
    console.log(`\n${ROUNDS} rounds, seeds from ${SEED}: ${totals.text()}\n`);
    await benches?.dispose();
  });

  test.concurrent.for(Array.from({ length: ROUNDS }, (_, index) => SEED + index))(
    'seed %i',
    { timeout: ROUNDS * EACH },
    (seed) => benches.use((bench) => run(bench, seed)),
  );

  async function run(bench: Bench, seed: number): Promise<void> {
    const { paths, ...drawn } = randomRound(bench.cell, seed);
    const round = { ...drawn, paths: paths.filter((path) => onHost || isInside(path)) };
    await relabel(bench, round);
    const remove = await writePolicies(bench, round.drafts);
    let found: readonly string[];
    try {
      const result = await tryPaths(bench, round.paths);
      totals.add(round.drafts.length, result);
      found = faults(result, round.drafts, OPEN_QUESTIONS);
    } finally {
      await remove();
    }
    if (found.length === 0) return;
    const least = await shrunk(bench, round, found);
    // At once, because a run of hours may be stopped early.
    console.warn(`seed ${seed}:\n${least.join('\n')}`);
    expect(least).toEqual([]);
  }
});

/** The faults of the smallest failing set of policies; the original faults with a note if they don't recur. */
async function shrunk(
  bench: Bench,
  { drafts, paths }: RandomRound,
  found: readonly string[],
): Promise<readonly string[]> {
  const again = async (kept: readonly Draft[]) => {
    const remove = await writePolicies(bench, kept);
    try {
      const judge = judgeNow(bench.live, bench.cell);
      const asked = paths.filter((path) => judge(path).verdict !== 'undecidable');
      return faults(await tryPaths(bench, asked), kept, OPEN_QUESTIONS);
    } finally {
      await remove();
    }
  };
  let kept = drafts;
  let faulty = await again(drafts);
  if (faulty.length === 0) return ['did not show again', ...found];
  for (const draft of drafts) {
    const fewer = kept.filter((other) => other !== draft);
    const still = await again(fewer);
    if (still.length === 0) continue;
    kept = fewer;
    faulty = still;
  }
  return faulty;
}
