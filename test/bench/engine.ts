/**
 * What evaluating policies costs: `node --expose-gc test/bench/engine.ts [cilium|spec]`. A seeded world of 200
 * namespaces at 1,000 pods × 200 policies and at 10,000 × 2,000. Prints each figure with its budget and the ratio
 * between the sizes; exits 1 when a budget is exceeded. A watch event counts with what the screen then asks: the
 * isolation of the pods of the namespace that it concerns, which is a screenful; once also of every pod.
 */

import type { Pod } from '../../src/core/cluster/objects.ts';
import type { ClusterEvent } from '../../src/core/live/events.ts';
import { type ClusterModel, createClusterModel } from '../../src/core/live/model.ts';
import { createEngine, type Engine } from '../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../src/core/policy/enforcers/enforcers.ts';
import { explain } from '../../src/core/policy/explain/explain.ts';
import type { Query } from '../../src/core/policy/model/verdict.ts';
import { clusterDiff } from '../../src/core/policy/reach/cluster-diff.ts';
import { clusterMatrix } from '../../src/core/policy/reach/matrix.ts';
import { eventsOf, policyAt, type SeededWorld, type Size, seeded, seededWorld } from './worlds.ts';

const SIZES = [
  { pods: 1_000, policies: 200, namespaces: 200 },
  { pods: 10_000, policies: 2_000, namespaces: 200 },
] as const;

type Figures = Record<string, number>;

/** Budget by figure: of the larger world, but for the matrix. Units are in the names. */
const BUDGETS: Readonly<Record<string, number>> = {
  'build ms': 250,
  'explained query µs': 50,
  'pod update p99 ms': 2,
  'pod relabel p99 ms': 2,
  'pod add, delete p99 ms': 2,
  'policy add, delete p99 ms': 2,
  'clusterwide policy p99 ms': 2,
  'namespace relabel p99 ms': 2,
  'what-if p50 ms': 50,
  'what-if p95 ms': 50,
  'what-if worst ms': 50,
  'model and engine MB': 150,
  'matrix of 1,000 pods ms': 1_000,
};

const enforcer = process.argv[2] === 'spec' ? 'spec' : 'cilium';
const [small, large] = SIZES.map((size) => measure(size));
const names = Object.keys({ ...small, ...large });
const over = names.filter((name) => (BUDGETS[name] ?? Infinity) < (large?.[name] ?? small?.[name] ?? 0));

console.log(`enforcer ${enforcer}, node ${process.version}`);
console.log(row(['', '1,000 × 200', '10,000 × 2,000', 'ratio', 'budget', '']));
for (const name of names) {
  const [a, b] = [small?.[name], large?.[name]];
  const ratio = a === undefined || b === undefined ? '' : `${(b / a).toFixed(1)}×`;
  const budget = BUDGETS[name];
  console.log(
    row([
      name,
      text(a),
      text(b),
      ratio,
      budget === undefined ? '' : String(budget),
      over.includes(name) ? 'OVER' : '',
    ]),
  );
}
process.exitCode = over.length === 0 ? 0 : 1;

function row(cells: readonly string[]): string {
  const widths = [52, 14, 14, 8, 8, 5];
  return cells
    .map((cell, at) => (at === 0 ? cell.padEnd(52) : cell.padStart(widths[at] ?? 0)))
    .join(' ')
    .trimEnd();
}

function text(value: number | undefined): string {
  if (value === undefined) return '–';
  return value < 1 ? value.toFixed(3) : value < 100 ? value.toFixed(1) : value.toFixed(0);
}

function measure(size: Size): Figures {
  const before = heap();
  const { model, engine } = build(seededWorld(size));
  const grown = heap() - before;
  const figures: Figures = {
    'build ms': best(() => {
      const world = seededWorld(size);
      return () => build(world);
    }),
    'model and engine MB': grown / 2 ** 20,
    ...queries(model, engine),
    ...events(model, engine),
    ...changes(model, engine),
  };
  if (size.pods === 1_000) {
    figures['matrix of 1,000 pods ms'] = best(() => {
      const world = build(seededWorld(size));
      return () => clusterMatrix(world.engine);
    });
  }
  return figures;
}

/** The best of five: the machine is shared, and what else runs on it is not what is measured. */
function best(prepare: () => () => unknown): number {
  return Math.min(...Array.from({ length: 5 }, () => timed(prepare())));
}

function build(world: SeededWorld): { readonly model: ClusterModel; readonly engine: Engine } {
  const model = createClusterModel();
  for (const event of eventsOf(world)) model.apply(event);
  const engine = createEngine(model, dialectOf(enforcer));
  for (const pod of model.pods()) engine.isolation(pod);
  return { model, engine };
}

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function timed(run: () => unknown): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

function quantile(times: readonly number[], part: number): number {
  const ordered = times.toSorted((a, b) => a - b);
  return ordered[Math.min(ordered.length - 1, Math.floor(ordered.length * part))] ?? 0;
}

function queries(model: ClusterModel, engine: Engine): Figures {
  const random = seeded(11);
  const pods = [...model.pods()];
  const any = () => pods[random(pods.length)] ?? never();
  const asked = Array.from({ length: 5_000 }, (): Query => {
    const to = random(20) === 0 ? ({ type: 'ip', ip: `203.0.${random(200)}.9` } as const) : pod(any());
    return { from: pod(any()), to, port: 8080, protocol: 'TCP' };
  });
  const run = () => {
    for (const query of asked) explain(engine, engine.decide(query));
  };
  const decide = () => {
    for (const query of asked) engine.decide(query);
  };
  run();
  return {
    'decided query µs': (best(() => decide) / asked.length) * 1_000,
    'explained query µs': (best(() => run) / asked.length) * 1_000,
  };
}

function pod(item: Pod): { readonly type: 'pod'; readonly pod: Pod } {
  return { type: 'pod', pod: item };
}

/** Each kind of event, with the questions that follow it on the screen. */
function events(model: ClusterModel, engine: Engine): Figures {
  const random = seeded(23);
  const pods = () => [...model.pods()];
  const pick = () => pods()[random(model.podCount())] ?? never();
  const namespaces = [...model.namespaces()];
  const send = (event: ClusterEvent) => {
    model.apply(event);
    engine.apply(event);
  };
  const source = 'bench';
  const set = (object: Pod) => send({ type: 'set', kind: 'pods', source, object });
  const ask = (list: Iterable<Pod>) => {
    for (const item of list) engine.isolation(item);
  };
  const p99 = (count: number, prepare: (round: number) => () => void) => {
    const times = Array.from({ length: count }, (_, round) => timed(prepare(round)));
    return quantile(times, 0.99);
  };
  const restarts = () => {
    const object = { ...pick(), restarts: random(9) };
    return () => {
      set(object);
      ask([object]);
    };
  };
  const relabels = (round: number) => {
    const old = pick();
    const object = { ...old, labels: { ...old.labels, tier: round % 2 === 0 ? 'web' : 'db' } };
    return () => {
      set(object);
      ask([object]);
    };
  };
  const comings = (round: number) => {
    const object = {
      ...pick(),
      name: `new-${round >> 1}`,
      uid: `new-${round >> 1}`,
      ips: [`10.200.0.${round & 255}`],
    };
    const key = `${object.namespace}/${object.name}`;
    return () => {
      if (round % 2 === 0) {
        set(object);
        ask([object]);
      } else send({ type: 'delete', kind: 'pods', source, key });
    };
  };
  const policies =
    (clusterwide: boolean, askAll = false) =>
    (round: number) => {
      const index = clusterwide ? 399 : 401 + (round % 18);
      const policy = policyAt(
        index,
        namespaces[(round >> 1) % namespaces.length]?.name ?? 'ns-0',
        200,
        seeded(round >> 1),
      );
      const touched = askAll
        ? pods()
        : model.podsIn(namespaces[(round >> 1) % namespaces.length]?.name ?? 'ns-0');
      return () => {
        if (round % 2 === 0)
          send({ type: 'set', kind: 'policies', source, object: { ...policy, name: `extra-${round}` } });
        else {
          const home = policy.namespace === undefined ? '' : `${policy.namespace}/`;
          send({ type: 'delete', kind: 'policies', source, key: `${policy.kind}/${home}extra-${round - 1}` });
        }
        ask(touched);
      };
    };
  const renaming = (round: number) => {
    const old = namespaces[random(namespaces.length)] ?? never();
    const object = { ...old, labels: { ...old.labels, team: round % 2 === 0 ? 'atlas' : 'draco' } };
    const touched = model.podsIn(old.name);
    return () => {
      send({ type: 'set', kind: 'namespaces', source, object });
      ask(touched);
    };
  };
  for (const kind of [restarts, relabels, comings, policies(false), policies(true), renaming]) p99(200, kind);
  return {
    'pod update p99 ms': p99(2_000, restarts),
    'pod relabel p99 ms': p99(2_000, relabels),
    'pod add, delete p99 ms': p99(2_000, comings),
    'policy add, delete p99 ms': p99(1_000, policies(false)),
    'clusterwide policy p99 ms': p99(1_000, policies(true)),
    'namespace relabel p99 ms': p99(1_000, renaming),
    'clusterwide policy and then every pod asked, p99 ms': p99(500, policies(true, true)),
  };
}

/** One policy comes, changes or goes, over the whole cluster; half of them isolate pods that were open. */
function changes(model: ClusterModel, engine: Engine): Figures {
  const random = seeded(31);
  const policies = [...model.policies()];
  const run = (round: number) => {
    const policy = policyAt(200 + (round % 150), `ns-${random(200)}`, 200, random);
    const old = policies[random(policies.length)] ?? policy;
    const change = round % 3 === 0 ? { add: [], remove: [old] } : { add: [policy], remove: [] };
    return timed(() => clusterDiff(engine, change));
  };
  const first = timed(() => clusterDiff(engine, { add: [], remove: [] }));
  for (let round = 0; round < 60; round += 1) run(round);
  const times = Array.from({ length: 200 }, (_, round) => run(round));
  return {
    'what-if, first survey ms': first,
    'what-if p50 ms': quantile(times, 0.5),
    'what-if p95 ms': quantile(times, 0.95),
    'what-if worst ms': Math.max(...times),
  };
}

function never(): never {
  throw new Error('the world is empty');
}
