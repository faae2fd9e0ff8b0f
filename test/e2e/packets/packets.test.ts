import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findRealCluster } from '../../helpers/real-cluster.ts';
import { type Benches, openBenches } from './benches.ts';
import { mayActOutside } from './dial.ts';
import { hold } from './established.ts';
import { isUp, leavingYaml } from './fleet.ts';
import { judgeNow } from './judgement.ts';
import { every, isInside, type Path } from './paths.ts';
import { createTotals, faults } from './report.ts';
import { type Bench, type Round, tryPaths, writePolicies } from './round.ts';
import { ADDRESSES } from './scenarios/addresses.ts';
import { DIRECTIONS } from './scenarios/directions.ts';
import { ODD } from './scenarios/odd.ts';
import { PORTS } from './scenarios/ports.ts';
import { inX, type Scenario } from './scenarios/scenario.ts';
import { SELECTORS } from './scenarios/selectors.ts';
import { SERVICES } from './scenarios/services.ts';

const cluster = await findRealCluster();
const onHost = cluster !== undefined && (await mayActOutside());
if (cluster !== undefined && !onHost)
  console.warn('\n*** SKIPPED: no rights on the node: nothing is tried from it or from outside ***\n');

/** How many scenarios run in parallel, each in its own cell. */
const CELLS = 3;
const GROUPS = { SELECTORS, ADDRESSES, PORTS, DIRECTIONS, SERVICES, ODD };
const MINUTES = 60_000;

describe.skipIf(cluster === undefined)('packets agree with the verdicts', () => {
  const totals = createTotals();
  const start = performance.now();
  let ready = 0;
  let benches: Benches;

  beforeAll(async () => {
    if (cluster === undefined) return;
    benches = await openBenches(cluster, CELLS);
    ready = performance.now() - start;
  }, 3 * MINUTES);

  afterAll(async () => {
    const seconds = [ready, performance.now() - start].map((ms) => Math.round(ms / 1_000));
    console.log(`\nenforced by ${benches?.live.info.enforcer}: ${totals.text()}`);
    console.log(`pods ready after ${seconds[0]} s, all done after ${seconds[1]} s\n`);
    await benches?.dispose();
  });

  describe.concurrent.each(Object.entries(GROUPS))('%s', (_, scenarios) => {
    test.each(scenarios)('$title', { timeout: 5 * MINUTES }, (scenario) =>
      benches.use((bench) => run(bench, scenario)),
    );
  });

  describe.concurrent('a connection opened before a policy', () => {
    const CLOSING = {
      'its destination': 'podSelector: {matchLabels: {app: a}}',
      'its source': 'podSelector: {matchLabels: {app: b}}\npolicyTypes: [Egress]',
    };
    test.for(Object.entries(CLOSING))(
      'survives as the dialect says when the policy closes %s',
      { timeout: 5 * MINUTES },
      ([, spec]) =>
        benches.use(async (bench) => {
          const held = await Promise.all([
            hold(bench, 'x/b', 'x/a', 'tcp', 80),
            hold(bench, 'x/b', 'x/a', 'udp', 5353),
          ]);
          const drafts = [inX(spec)];
          const remove = await writePolicies(bench, drafts);
          try {
            const round = await tryPaths(bench, every(['x/b'], ['x/a'], ['80/tcp', '5353/udp']));
            totals.add(drafts.length, round);
            expect(faults(round, drafts, undefined)).toEqual([]);
            expect(verdicts(round)).toEqual(['deny']);
            const { keepsEstablished } = bench.live.engine.dialect;
            expect(keepsEstablished).not.toBe('unknown');
            const lives = keepsEstablished === 'yes';
            expect(await Promise.all(held.map(({ goesOn }) => goesOn()))).toEqual([lives, lives]);
          } finally {
            await Promise.all(held.map(({ end }) => end()));
            await remove();
          }
        }),
    );
  });

  test('a pod being deleted is a peer, and subject to policies, until it is gone', async () => {
    if (cluster === undefined) return;
    await benches.use(async (bench) => {
      const { cell, live } = bench;
      const own = { namespace: cell.namespace('x'), name: 'leaving' };
      const pod = () => live.model.pod(own.namespace, own.name);
      const drafts = [
        inX(
          'podSelector: {matchLabels: {app: a}}\ningress: [{from: [{podSelector: {matchLabels: {app: leaving}}}]}]',
        ),
        inX(
          'podSelector: {matchLabels: {app: leaving}}\ningress: [{from: [{podSelector: {matchLabels: {app: b}}}]}]',
        ),
      ];
      await cluster.apply(leavingYaml(cell));
      await live.until('it runs', () => isUp(pod()));
      const remove = await writePolicies(bench, drafts);
      try {
        await cluster.kubectl('-n', own.namespace, 'delete', 'pod', own.name, '--wait=false');
        await live.until('it is being deleted', () => pod()?.deleting === true);
        const round = await tryPaths(bench, [
          ...every(['x/leaving', 'x/b'], ['x/a'], ['80/tcp', '53/udp']),
          ...every(['x/a', 'x/b', 'y/a'], ['x/leaving'], ['80/tcp', '53/udp']),
        ]);
        totals.add(drafts.length, round);
        expect(faults(round, drafts, undefined)).toEqual([]);
        expect(verdicts(round).toSorted()).toEqual(['allow', 'deny']);
        expect(pod()?.deleting).toBe(true);
      } finally {
        await remove();
        await cluster.kubectl(
          '-n',
          own.namespace,
          'delete',
          'pod',
          own.name,
          '--force',
          '--ignore-not-found',
        );
      }
    });
  });

  test('are many, and denials look as the dialect says', () => {
    const { rejects } = benches.live.engine.dialect;
    expect(rejects).not.toBe('unknown');
    expect(totals.denials()).toEqual([rejects === 'yes' ? 'refused' : 'timeout']);
    expect(totals.policies()).toBeGreaterThanOrEqual(60);
    expect(totals.tests()).toBeGreaterThanOrEqual(300);
  });

  async function run(bench: Bench, scenario: Scenario): Promise<void> {
    const drafts = scenario.policies(bench.cell);
    const paths = scenario.paths.filter((path) => onHost || isInside(path));
    const remove = await writePolicies(bench, drafts);
    try {
      const round = await tryPaths(bench, paths);
      totals.add(drafts.length, round);
      expect(faults(round, drafts, scenario.undecidable)).toEqual([]);
      if (scenario.oneSided === undefined && paths.length === scenario.paths.length)
        expect(verdicts(round)).toEqual(expect.arrayContaining(['allow', 'deny']));
      if (scenario.change === undefined) return;
      const before = textOf(bench, paths);
      try {
        await scenario.change.make(bench);
        await bench.live.until('a verdict turns', () => textOf(bench, paths) !== before, 15_000);
        const after = await tryPaths(bench, paths);
        totals.add(0, after);
        expect(faults(after, drafts, scenario.undecidable)).toEqual([]);
      } finally {
        await scenario.change.undo(bench);
        await bench.live.until('the verdicts are as before', () => textOf(bench, paths) === before, 15_000);
      }
    } finally {
      await remove();
    }
  }
});

function verdicts({ tried }: Round): readonly string[] {
  return [...new Set(tried.map(({ judgement }) => judgement.verdict))];
}

function textOf({ live, cell }: Bench, paths: readonly Path[]): string {
  const judge = judgeNow(live, cell);
  return paths.map((path) => judge(path).verdict).join();
}
