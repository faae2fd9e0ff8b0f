import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rangeOfAddress } from '../../../src/core/cluster/ip.ts';
import type { GrantPlan, GrantRequest } from '../../../src/core/grants/grants.ts';
import { readPorts } from '../../../src/core/grants/names.ts';
import type { EndName as PlannedEnd } from '../../../src/core/policy/model/model.ts';
import { holdsPort } from '../../../src/core/policy/model/model.ts';
import { type EndGroup, podsOfGroup, rangeOfText } from '../../../src/core/policy/reach/reach.ts';
import { findRealCluster } from '../../helpers/real-cluster.ts';
import { type Benches, openBenches } from './benches.ts';
import { mayActOutside } from './dial.ts';
import { type Cell, PODS } from './fleet.ts';
import { type EndName, every, isInside, OUTSIDE, type Path, pathText, refOf } from './paths.ts';
import { randomRound } from './random-round.ts';
import { relabel } from './relabel.ts';
import { differenceText, draftText } from './report.ts';
import { type Bench, type Draft, type Round, tryPaths, writePolicies } from './round.ts';

type Planned = Extract<GrantPlan, { ok: true }>;

const cluster = await findRealCluster();
const onHost = cluster !== undefined && (await mayActOutside());
/** How many worlds are tried, and in how many cells at once. */
const WORLDS = Number(process.env.SLUICE_GRANT_WORLDS ?? 30);
const CELLS = 2;
const SEED = Number(process.env.SLUICE_FUZZ_SEED ?? Math.floor(Math.random() * 1e9));
const MINUTES = 60_000;

describe.skipIf(cluster === undefined)(`grants in random worlds, seeds from ${SEED}`, () => {
  const start = performance.now();
  const totals = { worlds: 0, pairs: 0, opened: 0, extra: 0, cut: 0, mismatches: 0 };
  let records: string;
  let benches: Benches;

  beforeAll(async () => {
    if (cluster === undefined) return;
    records = await mkdtemp(join(tmpdir(), 'sluice-worlds-'));
    benches = await openBenches(cluster, CELLS, records);
  }, 3 * MINUTES);

  afterAll(async () => {
    const { worlds, pairs, opened, extra, cut, mismatches } = totals;
    const seconds = Math.round((performance.now() - start) / 1_000);
    console.log(
      `\n${worlds} worlds, seeds from ${SEED}, ${seconds} s: ${pairs} pairs before, during and after; ${opened} opened, ${extra} of them besides those meant, ${cut} cut by isolation, ${mismatches} mismatches\n`,
    );
    await benches?.dispose();
    await rm(records, { recursive: true, force: true });
  });

  test.concurrent.for(Array.from({ length: WORLDS }, (_, index) => SEED + index))(
    'what is announced opens and closes again, nothing else: seed %i',
    { timeout: WORLDS * MINUTES },
    (seed) =>
      benches.use(async (bench) => {
        // In a few worlds every path is open, or stays closed whatever is granted.
        for (let next = seed; !(await run(bench, next)); next += 1_000_000);
      }),
  );

  test('are many, and grants were made in all of them', () => {
    expect(totals.worlds).toBe(WORLDS);
    expect(totals.opened).toBeGreaterThanOrEqual(WORLDS);
  });

  /** Tries one world; false if nothing can be granted in it. */
  async function run(bench: Bench, seed: number): Promise<boolean> {
    const { cell, live } = bench;
    const drawn = randomRound(cell, seed);
    await relabel(bench, drawn);
    const drafts = [...drawn.drafts, closedNamespace(seed)];
    const remove = await writePolicies(bench, drafts);
    const faults: string[] = [];
    const phase = async (name: string): Promise<Round> => {
      const round = await tryPaths(bench, PATHS);
      const differing = round.tried.filter(({ agrees }) => !agrees);
      faults.push(...differing.map((tried) => `${name}: ${differenceText(tried)}`));
      return round;
    };
    try {
      const chosen = await randomGrant(bench, seed);
      if (chosen === undefined) return false;
      const { plan, request } = chosen;
      const before = await phase('before');
      const { id } = await live.grants.grant(plan, request, () => undefined, new AbortController().signal);
      let during: Round;
      try {
        await bench.enforced();
        during = await phase('during');
      } finally {
        await live.grants.keeper.revoke([id]);
      }
      await bench.enforced();
      const after = await phase('after');

      const { opens, extra, closes } = announced(bench, plan);
      const [was, is, ends] = [before, during, after].map(reached) as [Set<string>, Set<string>, Set<string>];
      const names = PATHS.map(pathText);
      const expected = (name: string) => !closes.has(name) && (was.has(name) || opens.has(name));
      faults.push(
        ...names
          .filter((name) => is.has(name) !== expected(name))
          .map(
            (name) => `${name} was ${is.has(name) ? 'open' : 'closed'} during the grant, not as announced`,
          ),
        ...names
          .filter((name) => ends.has(name) !== was.has(name))
          .map((name) => `${name} was ${ends.has(name) ? 'open' : 'closed'} after the end, not as before`),
      );
      totals.worlds += 1;
      totals.pairs += names.length;
      totals.opened += names.filter((name) => !was.has(name) && is.has(name)).length;
      totals.extra += extra;
      totals.cut += names.filter((name) => was.has(name) && !is.has(name)).length;
      totals.mismatches += faults.length;
      if (faults.length > 0) faults.push(JSON.stringify(request), ...drafts.map(draftText));
    } finally {
      await remove();
    }
    expect(faults).toEqual([]);
    return true;
  }
});

/** Ports that every pod serves; grants are for some of them. */
const PORTS = ['80/tcp', '8080/tcp', '8081/tcp', '53/udp'];

/** Every pod to every other pod, to and from an address outside. */
const PATHS: readonly Path[] = [
  ...every([...PODS, OUTSIDE], PODS, PORTS),
  ...every(PODS, [OUTSIDE], ['80/tcp', '443/tcp', '53/udp']),
].filter((path) => onHost || isInside(path));

/** Closes a namespace in one direction, so that in every world there is something to grant. */
function closedNamespace(seed: number): Draft {
  const direction = seed % 2 === 0 ? 'Ingress' : 'Egress';
  return { namespace: seed % 3 === 0 ? 'y' : 'x', spec: `{podSelector: {}, policyTypes: [${direction}]}` };
}

/** Paths whose ends are Services: several pods at once, and ports that differ by pod. */
const SERVICES: readonly Path[] = [
  ...every([...PODS, 'x/svc/mixed', 'x/svc/web'], ['x/svc/web'], ['80/tcp', '82/tcp']),
  ...every([...PODS, 'x/svc/mixed'], ['x/svc/mixed'], ['80/tcp']),
  ...every([...PODS, 'x/svc/mixed'], ['y/svc/web'], ['8080/tcp']),
  ...every(['x/svc/mixed'], ['y/a', 'y/b', 'z/a', 'x/c', 'x/d', OUTSIDE], ['80/tcp']),
];

/** How many grants there are to choose from in a world. */
const CHOICES = 6;

/** Of the first few shuffled paths that can be granted, on up to three ports, the one that opens the most. */
async function randomGrant(
  { live, cell }: Bench,
  seed: number,
): Promise<{ readonly plan: Planned; readonly request: GrantRequest } | undefined> {
  const [drawn] = fc.sample(
    fc.record({
      services: fc.shuffledSubarray([...SERVICES], { minLength: SERVICES.length }),
      paths: fc.shuffledSubarray([...PATHS], { minLength: PATHS.length }),
      more: fc.subarray(['8080/tcp', '8081/tcp'], { maxLength: 2 }),
      isService: fc.boolean(),
    }),
    { seed, numRuns: 1 },
  );
  if (drawn === undefined) throw new Error('fast-check gave nothing');
  const { services, paths, more, isService } = drawn;
  const granted: { readonly plan: Planned; readonly request: GrantRequest }[] = [];
  for (const { from, to, port } of isService ? [...services, ...paths] : [...paths, ...services]) {
    const others = to.includes('/svc/') ? [] : readPorts(more.join());
    const request: GrantRequest = {
      source: refOf(cell, from),
      destination: refOf(cell, to),
      ports: [port, ...others.filter((other) => other.port !== port.port)],
      seconds: 600,
      reason: 'random world',
    };
    const plan = await live.grants.plan(request, new AbortController().signal);
    if (plan.ok) granted.push({ plan, request });
    if (granted.length === CHOICES) break;
  }
  const size = ({ plan: { opens, extra } }: { readonly plan: Planned }) => opens.length + extra.length;
  return granted.sort((a, b) => size(b) - size(a))[0];
}

/** What a plan says of the paths that are tried, by their texts. */
function announced(
  { live, cell }: Bench,
  { opens, extra, closes }: Planned,
): { readonly opens: ReadonlySet<string>; readonly closes: ReadonlySet<string>; readonly extra: number } {
  const pairs = new Set(
    opens.map(({ from, to, port, protocol }) => `${endText(from)} ${endText(to)} ${port}/${protocol}`),
  );
  const isIn = (group: EndGroup, name: EndName) => {
    const end = plannedEnd(cell, name);
    if (end.namespace === undefined) return group.type === 'addresses' && holds(group.ranges, end.name);
    return podsOfGroup(live.model, group).some((pod) => endText(pod) === endText(end));
  };
  const inSome = (changes: Planned['extra'], { from, to, port }: Path) =>
    changes.some(
      (change) =>
        isIn(change.from, from) && isIn(change.to, to) && holdsPort(change.ports, port.port, port.protocol),
    );
  const isMeant = ({ from, to, port }: Path) =>
    pairs.has(
      `${endText(plannedEnd(cell, from))} ${endText(plannedEnd(cell, to))} ${port.port}/${port.protocol}`,
    );
  const meant = PATHS.filter(isMeant);
  const besides = PATHS.filter((path) => !isMeant(path) && inSome(extra, path));
  return {
    opens: new Set([...meant, ...besides].map(pathText)),
    closes: new Set(PATHS.filter((path) => inSome(closes, path)).map(pathText)),
    extra: besides.length,
  };
}

function holds(ranges: readonly string[], ip: string): boolean {
  const address = rangeOfAddress(ip);
  return ranges.some((text) => {
    const range = rangeOfText(text);
    return (
      range !== undefined &&
      address?.family === range.family &&
      address.first >= range.first &&
      address.last <= range.last
    );
  });
}

function plannedEnd(cell: Cell, name: EndName): PlannedEnd {
  const ref = refOf(cell, name);
  if (ref.type === 'pod') return { namespace: ref.namespace, name: ref.name };
  if (ref.type === 'ip') return { name: ref.ip };
  throw new Error(`${name} is not an end of a pair`);
}

function endText({ namespace = '', name }: PlannedEnd): string {
  return `${namespace}/${name}`;
}

/** The paths on which packets arrived, by their texts. */
function reached({ tried }: Round): Set<string> {
  return new Set(tried.filter(({ packet }) => packet === 'open').map(pathText));
}
