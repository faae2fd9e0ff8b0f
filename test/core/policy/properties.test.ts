import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyOf, type Pod } from '../../../src/core/cluster/objects.ts';
import type { ClusterEvent } from '../../../src/core/live/events.ts';
import { type ClusterModel, policyKey } from '../../../src/core/live/model.ts';
import { createEngine, type Engine } from '../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../src/core/policy/enforcers/enforcers.ts';
import { explain } from '../../../src/core/policy/explain/explain.ts';
import { summarize } from '../../../src/core/policy/explain/half.ts';
import { policyKindOf } from '../../../src/core/policy/kinds/policy-kinds.ts';
import type { Dialect } from '../../../src/core/policy/match/dialect.ts';
import type { Policy } from '../../../src/core/policy/model/policy.ts';
import type { Query, Verdict } from '../../../src/core/policy/model/verdict.ts';
import { cluster, networkPolicy, pod } from '../../helpers/builders.ts';
import { runs } from '../../helpers/runs.ts';
import { verdictOf } from '../../helpers/verdict-of.ts';
import { engineOf as engineOfWorld } from './oracle/engine-of.ts';
import { type Doc, policyDoc, type RandomWorld, randomWorld } from './oracle/worlds.ts';

const NAMESPACES = ['a', 'b'];
const APPS = ['x', 'y', 'z'];
const pods: readonly Pod[] = NAMESPACES.flatMap((namespace) =>
  APPS.flatMap((app) => [
    pod({
      namespace,
      name: `${app}-0`,
      labels: { app },
      ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
    }),
    pod({
      namespace,
      name: `${app}-1`,
      labels: { app },
      ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
    }),
  ]),
);

const selector = fc.oneof(
  fc.constant({}),
  fc.constantFrom(...APPS).map((app) => ({ matchLabels: { app } })),
  fc
    .tuple(fc.constantFrom('In', 'NotIn'), fc.uniqueArray(fc.constantFrom(...APPS), { minLength: 1 }))
    .map(([operator, values]) => ({ matchExpressions: [{ key: 'app', operator, values }] })),
);
const namespaceSelector = fc.oneof(
  fc.constant({}),
  fc.constantFrom(...NAMESPACES).map((name) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } })),
);
const peer = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector, podSelector: selector }),
  fc.record({ namespaceSelector }),
  fc.constantFrom('0.0.0.0/0', '10.0.0.0/9', '203.0.113.0/24').map((cidr) => ({ ipBlock: { cidr } })),
);
const port = fc.oneof(
  fc.record({ port: fc.constantFrom(80, 81, 'http') }),
  fc.constant({ port: 80, endPort: 90 }),
  fc.constant({ protocol: 'UDP' }),
);
const peers = fc.array(peer, { minLength: 1, maxLength: 3 });
const ports = fc.array(port, { minLength: 1, maxLength: 2 });
const rules = (field: 'from' | 'to') =>
  fc.array(
    fc.record({ peers: fc.option(peers), ports: fc.option(ports) }).map((rule) => ({
      ...(rule.peers === null ? {} : { [field]: rule.peers }),
      ...(rule.ports === null ? {} : { ports: rule.ports }),
    })),
    { maxLength: 3 },
  );
const types = fc.constantFrom(['Ingress'], ['Egress'], ['Ingress', 'Egress']);
const draft = fc
  .record({
    namespace: fc.constantFrom(...NAMESPACES),
    spec: fc.record({
      podSelector: selector,
      policyTypes: types,
      ingress: rules('from'),
      egress: rules('to'),
    }),
  })
  .map(({ namespace, spec }) => ({ namespace, spec }));
const policies = fc
  .array(draft, { maxLength: 6 })
  .map((drafts) => drafts.map((item, index) => named(item, index)));

function named(item: { readonly namespace: string; readonly spec: unknown }, index: number): Policy {
  return networkPolicy({ ...item, name: `p${index}` });
}

const queries: readonly Query[] = pods.flatMap((from) => [
  ...pods.flatMap((to): readonly Query[] =>
    [
      { port: 80, protocol: 'TCP' as const },
      { port: 81, protocol: 'UDP' as const },
    ].map((asked) => ({ from: { type: 'pod', pod: from }, to: { type: 'pod', pod: to }, ...asked })),
  ),
  { from: { type: 'pod', pod: from }, to: { type: 'ip', ip: '203.0.113.9' }, port: 80, protocol: 'TCP' },
]);

function engineOf(list: readonly Policy[], dialect: Dialect = dialectOf('spec')): Engine {
  return createEngine(cluster({ pods, policies: list }), dialect);
}

function verdicts(engine: Engine): readonly Verdict[] {
  return queries.map((query) => verdictOf(engine, query));
}

/** Decisions and isolation of both halves of every query. */
function table(engine: Engine): readonly string[] {
  return verdicts(engine).map(
    ({ egress, ingress }) => `${egress.verdict} ${egress.isolated} ${ingress.verdict} ${ingress.isolated}`,
  );
}

const MANY = runs(20, 60);

test('P1: the order of policies does not matter', () => {
  fc.assert(
    fc.property(policies, (list) => {
      expect(table(engineOf(list.toReversed()))).toEqual(table(engineOf(list)));
    }),
    MANY,
  );
});

test('P2, P3: a further policy only widens where isolated, and only narrows where not', () => {
  fc.assert(
    fc.property(policies, draft, (list, item) => {
      const before = verdicts(engineOf(list));
      const after = verdicts(engineOf([...list, named(item, 99)]));
      for (const [index, was] of before.entries()) {
        for (const half of ['egress', 'ingress'] as const) {
          const is = after[index]?.[half].verdict;
          if (was[half].isolated && was[half].verdict === 'allow') expect(is).toBe('allow');
          if (!was[half].isolated && was[half].verdict === 'deny') expect(is).toBe('deny');
        }
      }
    }),
    MANY,
  );
});

test('P4: add then delete changes nothing', () => {
  fc.assert(
    fc.property(policies, draft, (list, item) => {
      const model = cluster({ pods, policies: list });
      const engine = createEngine(model, dialectOf('spec'));
      const before = table(engine);
      const object = named(item, 99);
      send(model, engine, { type: 'set', kind: 'policies', source: 'test', object });
      table(engine);
      send(model, engine, {
        type: 'delete',
        kind: 'policies',
        source: 'test',
        key: `NetworkPolicy/${keyOf(object)}`,
      });
      expect(table(engine)).toEqual(before);
    }),
    MANY,
  );
});

test('P5: a rule of n peers is n rules, and of n ports likewise', () => {
  fc.assert(
    fc.property(peers, ports, types, (from, list, policyTypes) => {
      const onto = (ingress: readonly unknown[]) =>
        networkPolicy({ namespace: 'a', spec: { podSelector: {}, policyTypes, ingress } });
      const whole = table(engineOf([onto([{ from, ports: list }])]));
      expect(table(engineOf([onto(from.map((item) => ({ from: [item], ports: list })))]))).toEqual(whole);
      expect(table(engineOf([onto(list.map((item) => ({ from, ports: [item] })))]))).toEqual(whole);
    }),
    MANY,
  );
});

test('P8: pods of one class have one verdict, whichever was asked first', () => {
  fc.assert(
    fc.property(policies, (list) => {
      const shared = engineOf(list);
      verdicts(shared);
      for (const query of queries.slice(0, 40)) {
        expect(verdictOf(shared, query)).toEqual(verdictOf(engineOf(list), query));
      }
    }),
    runs(8, 20),
  );
});

test('P9: an engine that followed random events is an engine built anew', () => {
  const event = fc.oneof(
    fc.tuple(fc.integer({ min: 0, max: 4 }), draft).map(
      ([index, item]): ClusterEvent => ({
        type: 'set',
        kind: 'policies',
        source: 'test',
        object: named(item, index),
      }),
    ),
    fc.tuple(fc.integer({ min: 0, max: 4 }), fc.constantFrom(...NAMESPACES)).map(
      ([index, namespace]): ClusterEvent => ({
        type: 'delete',
        kind: 'policies',
        source: 'test',
        key: `NetworkPolicy/${namespace}/p${index}`,
      }),
    ),
    fc.tuple(fc.nat(pods.length - 1), fc.constantFrom(...APPS)).map(([index, app]): ClusterEvent => {
      const object = pods[index] ?? pod();
      return { type: 'set', kind: 'pods', source: 'test', object: { ...object, labels: { app } } };
    }),
    policies.map((objects): ClusterEvent => ({ type: 'reset', kind: 'policies', source: 'test', objects })),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 12 }), (events) => {
      const model = cluster({ pods });
      const engine = createEngine(model, dialectOf('spec'));
      for (const item of events) {
        send(model, engine, item);
        verdictOf(engine, queries[1] ?? never());
      }
      const fresh = createEngine(model, dialectOf('spec'));
      const now = liveQueries(model);
      expect(now.map((query) => verdictOf(engine, query))).toEqual(
        now.map((query) => verdictOf(fresh, query)),
      );
      expect([...model.pods()].map(engine.isolation)).toEqual([...model.pods()].map(fresh.isolation));
    }),
    MANY,
  );
});

test('P9, all kinds: an engine that followed random events is an engine built anew, reasons included', () => {
  const step = (world: RandomWorld) =>
    fc.oneof(
      {
        arbitrary: fc.tuple(policyDoc(world.enforcer), fc.nat(6)).map(([make, index]): Doc => make(index)),
        weight: 4,
      },
      { arbitrary: fc.nat(30), weight: 3 },
      {
        arbitrary: fc.record({ index: fc.nat(7), app: fc.constantFrom('x', 'y', 'z') }),
        weight: 2,
      },
      {
        arbitrary: fc.record({
          namespace: fc.constantFrom('a', 'b', 'c'),
          team: fc.constantFrom('red', 'blue'),
        }),
        weight: 2,
      },
    );
  const history = randomWorld.chain((world) =>
    fc.record({ world: fc.constant(world), steps: fc.array(step(world), { minLength: 1, maxLength: 10 }) }),
  );
  fc.assert(
    fc.property(history, ({ world, steps }) => {
      const { model, engine } = engineOfWorld(world);
      for (const item of steps) {
        for (const event of eventsFor(model, item)) send(model, engine, event);
        const [asked] = liveQueries(model).slice(1);
        if (asked !== undefined) verdictOf(engine, asked);
        for (const one of model.pods()) engine.isolation(one);
      }
      const fresh = createEngine(model, engine.dialect);
      const now = liveQueries(model);
      expect(now.map((query) => verdictOf(engine, query))).toEqual(
        now.map((query) => verdictOf(fresh, query)),
      );
      expect([...model.pods()].map(engine.isolation)).toEqual([...model.pods()].map(fresh.isolation));
    }),
    runs(40, 150),
  );
});

/** A random step as events: a policy comes or changes, one goes, a pod or a namespace is labelled anew. */
function eventsFor(model: ClusterModel, step: unknown): readonly ClusterEvent[] {
  const source = 'test';
  if (typeof step === 'number') {
    const policy = [...model.policies()][step % 7];
    return policy === undefined ? [] : [{ type: 'delete', kind: 'policies', source, key: policyKey(policy) }];
  }
  const fields = step as Partial<Doc> & { index?: number; app?: string; namespace?: string; team?: string };
  if (fields.apiVersion !== undefined && fields.kind !== undefined) {
    const object = policyKindOf(String(fields.apiVersion), fields.kind)?.parse(fields);
    return object === undefined ? [] : [{ type: 'set', kind: 'policies', source, object }];
  }
  if (fields.app !== undefined) {
    const old = [...model.pods()][fields.index ?? 0];
    if (old === undefined) return [];
    const object = { ...old, labels: { ...old.labels, app: fields.app } };
    return [{ type: 'set', kind: 'pods', source, object }];
  }
  const old = model.namespace(fields.namespace ?? '');
  if (old === undefined) return [];
  const object = { ...old, labels: { ...old.labels, team: fields.team ?? '' } };
  return [{ type: 'set', kind: 'namespaces', source, object }];
}

test('P11: every deny names a cause, every allow a rule or "not isolated"', () => {
  fc.assert(
    fc.property(policies, (list) => {
      for (const verdict of verdicts(engineOf(list))) {
        for (const half of [verdict.egress, verdict.ingress]) {
          if (half.verdict === 'deny') expect(half.deciders.length).toBeGreaterThan(0);
          if (half.verdict === 'allow' && half.isolated && half.summary !== 'a pod always reaches itself') {
            expect(half.deciders.some(({ action }) => action === 'allow')).toBe(true);
          }
          if (half.verdict === 'allow' && half.deciders.length === 0) {
            expect(half.summary).toMatch(
              /^not isolated$|^outside the cluster$|^a pod always reaches itself$/,
            );
          }
        }
      }
    }),
    MANY,
  );
});

test('the summary of a denied half tells the nearest of its near misses', () => {
  let told = 0;
  fc.assert(
    fc.property(policies, (list) => {
      const engine = engineOf(list);
      for (const query of queries) {
        const decision = engine.decide(query);
        const { egress, ingress } = explain(engine, decision);
        const brief = summarize(engine.world, decision);
        for (const [half, { summary }] of [
          [egress, brief.egress],
          [ingress, brief.ingress],
        ] as const) {
          const [nearest] = half.nearMisses;
          if (half.verdict !== 'deny' || nearest === undefined) continue;
          told += 1;
          expect(summary).toBe(`${nearest.name} ${nearest.text}`);
        }
      }
    }),
    runs(8, 20),
  );
  expect(told).toBeGreaterThan(20);
});

function send(model: ClusterModel, engine: Engine, event: ClusterEvent): void {
  model.apply(event);
  engine.apply(event);
}

function liveQueries(model: ClusterModel): readonly Query[] {
  const live = [...model.pods()];
  return live.flatMap((from) =>
    live.map(
      (to): Query => ({
        from: { type: 'pod', pod: from },
        to: { type: 'pod', pod: to },
        port: 80,
        protocol: 'TCP',
      }),
    ),
  );
}

function never(): never {
  throw new Error('no query');
}
