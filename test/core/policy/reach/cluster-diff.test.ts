import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLive, type Pod, PROTOCOLS } from '../../../../src/core/cluster/objects.ts';
import type { Engine } from '../../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../../src/core/policy/enforcers/enforcers.ts';
import { policyKindOf } from '../../../../src/core/policy/kinds/policy-kinds.ts';
import type { Policy, PolicyRef } from '../../../../src/core/policy/model/policy.ts';
import { type ClusterDiff, clusterDiff } from '../../../../src/core/policy/reach/cluster-diff.ts';
import type { PathChange } from '../../../../src/core/policy/reach/collect.ts';
import { endGroupText } from '../../../../src/core/policy/reach/end-groups.ts';
import { cluster, networkPolicy, node, pod } from '../../../helpers/builders.ts';
import { runs } from '../../../helpers/runs.ts';
import { engineOf } from '../oracle/engine-of.ts';
import { type Doc, policyDoc, type RandomWorld, randomWorld } from '../oracle/worlds.ts';
import { engineAfter, expectTold } from './told.ts';

const web = (name: string) =>
  pod({ name, labels: { app: 'web' }, owner: { kind: 'Deployment', namespace: 'shop', name: 'web' } });
const pods = [web('web-1'), web('web-2'), pod({ name: 'db' }), pod({ name: 'mon', namespace: 'ops' })];
const nodes = [
  node({ name: 'node-a', ips: ['192.168.0.1'] }),
  node({ name: 'node-b', ips: ['192.168.0.2'] }),
];
const toDb = (ingress: readonly unknown[]) =>
  networkPolicy({
    name: 'db',
    spec: { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Ingress'], ingress },
  });
const fromWeb = { from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ port: 5432 }] };

function told(paths: readonly PathChange[]): readonly string[] {
  return paths.map(({ from, to, ports, was, is }) => {
    const ranges = PROTOCOLS.flatMap((protocol) =>
      ports[protocol].map(([first, last]) => `${protocol} ${first === last ? first : `${first}-${last}`}`),
    );
    return `${endGroupText(from)} → ${endGroupText(to)} ${ranges.join(', ')}: ${was} → ${is}`;
  });
}

const ALL = 'TCP 1-65535, UDP 1-65535, SCTP 1-65535';

test('a first policy closes everything but what it admits, and tells whom it isolates', () => {
  const diff = clusterDiff(
    { model: cluster({ pods, nodes }), dialect: dialectOf('spec') },
    {
      add: [toDb([fromWeb])],
      remove: [],
    },
  );
  expect(told(diff.closes)).toEqual([
    'shop/web → shop/db TCP 1-5431, TCP 5433-65535, UDP 1-65535, SCTP 1-65535: allow → deny',
    `ops/mon → shop/db ${ALL}: allow → deny`,
    `1 nodes → shop/db ${ALL}: allow → deny`.replace('1 nodes', 'node node-b'),
    `outside → shop/db ${ALL}: allow → deny`,
  ]);
  expect(diff.opens).toEqual([]);
  expect(diff.isolated).toEqual([{ pod: { namespace: 'shop', name: 'db' }, direction: 'ingress' }]);
});

test('an edit is the difference between the two versions of a policy', () => {
  const model = cluster({ pods, nodes, policies: [toDb([fromWeb])] });
  const edited = toDb([{ ...fromWeb, ports: [{ port: 5432, endPort: 5440 }] }]);
  const diff = clusterDiff({ model, dialect: dialectOf('spec') }, { add: [edited], remove: [] });
  expect(told(diff.opens)).toEqual(['shop/web → shop/db TCP 5433-5440: deny → allow']);
  expect([diff.closes, diff.isolated, diff.freed]).toEqual([[], [], []]);
});

test('pods of a workload are named where only some of them change', () => {
  const odd = { ...web('web-2'), labels: { app: 'web', canary: 'yes' } };
  const model = cluster({ pods: [web('web-1'), odd, pod({ name: 'db' })], policies: [toDb([])] });
  const canary = toDb([
    { from: [{ podSelector: { matchLabels: { canary: 'yes' } } }], ports: [{ port: 5432 }] },
  ]);
  expect(
    told(clusterDiff({ model, dialect: dialectOf('spec') }, { add: [canary], remove: [] }).opens),
  ).toEqual(['shop/web (web-2) → shop/db TCP 5432: deny → allow']);
});

test('ranges outside are cut where the rules cut them', () => {
  const model = cluster({ pods: [pod({ name: 'db' })], policies: [toDb([])] });
  const block = { ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.128/25'] } };
  const diff = clusterDiff(
    { model, dialect: dialectOf('spec') },
    {
      add: [toDb([{ from: [block], ports: [{ port: 80 }] }])],
      remove: [],
    },
  );
  expect(told(diff.opens)).toEqual(['203.0.113.0-203.0.113.127 → shop/db TCP 80: deny → allow']);
});

test('a pod alone has no way to itself that could turn', () => {
  const alike = ['a', 'b'].map((name) => pod({ name, labels: { app: 'db' } }));
  const diff = clusterDiff(
    { model: cluster({ pods: alike }), dialect: dialectOf('spec') },
    { add: [toDb([])], remove: [] },
  );
  expect(told(diff.closes)).toEqual([
    `shop/a → shop/b ${ALL}: allow → deny`,
    `shop/b → shop/a ${ALL}: allow → deny`,
    `outside → shop/a ${ALL}: allow → deny`,
    `outside → shop/b ${ALL}: allow → deny`,
  ]);
});

describe('a rule for IPv6 addresses', () => {
  const six = toDb([{ from: [{ ipBlock: { cidr: '2001:db8::/32' } }], ports: [{ port: 80 }] }]);
  const every = toDb([{ from: [{ ipBlock: { cidr: '::/0' } }], ports: [{ port: 80 }] }]);
  const opened = (ips: readonly string[], policy: Policy, others: readonly Pod[] = []) => {
    const model = cluster({ pods: [pod({ name: 'db', ips }), ...others], policies: [toDb([])] });
    const dialect = { ...dialectOf('spec'), ipBlockMatchesPods: 'no' as const };
    return told(clusterDiff({ model, dialect }, { add: [policy], remove: [] }).opens);
  };
  const block = '2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff';

  test('opens nothing to a pod that has IPv4 addresses alone, whatever others have', () => {
    expect(opened(['10.0.0.1'], six)).toEqual([]);
    expect(opened(['10.0.0.1'], six, [pod({ name: 'web', ips: ['fd00::1'] })])).toEqual([]);
  });

  test('opens to those pods of a workload that have one', () => {
    const both = ['db-4', 'db-6'].map((name) =>
      pod({
        name,
        labels: { app: 'db' },
        ips: name === 'db-6' ? ['10.0.0.6', 'fd00::6'] : ['10.0.0.4'],
        owner: { kind: 'StatefulSet', namespace: 'shop', name: 'db' },
      }),
    );
    expect(opened([], six, both)).toContain(`${block} → shop/db (db-6) TCP 80: deny → allow`);
  });

  test('opens to a pod that has an IPv6 address, and to one that has none yet', () => {
    const to = [`${block} → shop/db TCP 80: deny → allow`];
    expect(opened(['10.0.0.1', 'fd00::1'], six)).toEqual(to);
    expect(opened([], six)).toEqual(to);
    expect(opened(['fd00::1'], every)).toEqual(['outside → shop/db TCP 80: deny → allow']);
    expect(opened([], every)).toEqual([
      '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff → shop/db TCP 80: deny → allow',
    ]);
  });
});

test('taking the last policy of a pod away frees it', () => {
  const model = cluster({ pods, policies: [toDb([fromWeb])] });
  const ref = { kind: 'NetworkPolicy', namespace: 'shop', name: 'db' };
  const diff = clusterDiff({ model, dialect: dialectOf('spec') }, { add: [], remove: [ref] });
  expect(diff.freed).toEqual([{ pod: { namespace: 'shop', name: 'db' }, direction: 'ingress' }]);
  expect(told(diff.opens)[0]).toBe(
    'shop/web → shop/db TCP 1-5431, TCP 5433-65535, UDP 1-65535, SCTP 1-65535: deny → allow',
  );
});

test('a change that says nothing new changes nothing', () => {
  const model = cluster({ pods, policies: [toDb([fromWeb])] });
  const twin = { ...toDb([fromWeb]), name: 'twin' };
  expect(clusterDiff({ model, dialect: dialectOf('spec') }, { add: [twin], remove: [] })).toEqual({
    opens: [],
    closes: [],
    blurs: [],
    isolated: [],
    freed: [],
  });
});

type Change = {
  readonly world: RandomWorld;
  readonly add: readonly Doc[];
  readonly remove: readonly number[];
};

const randomChange: fc.Arbitrary<Change> = randomWorld.chain((world) =>
  fc.record({
    world: fc.constant(world),
    add: fc
      .array(policyDoc(world.enforcer), { maxLength: 2 })
      .map((list) => list.map((make, index) => make(index + 3))),
    remove: fc.array(fc.nat(5), { maxLength: 2 }),
  }),
);

test('every pair and port of a random change is told as the engine judges it before and after', () => {
  fc.assert(
    fc.property(randomChange, ({ world, add, remove }) => {
      const { model, engine } = engineOf(world);
      const existing = [...model.policies()];
      const gone: readonly PolicyRef[] = remove.flatMap((index) => existing[index] ?? []);
      const added = add
        .map((doc) => policyKindOf(String(doc.apiVersion), doc.kind)?.parse(doc))
        .filter((policy) => policy !== undefined);
      // What was surveyed for one change must hold for the next, which speaks of other things.
      clusterDiff(engine, { add: [], remove: [] });
      const diff = clusterDiff(engine, { add: added, remove: gone });
      const after = engineAfter(model, engine, added, gone);
      expectTold(engine, after, [...diff.opens, ...diff.closes, ...diff.blurs]);
      expectIsolation(engine, after, diff);
    }),
    runs(30, 150),
  );
});

function expectIsolation(before: Engine, after: Engine, { isolated, freed }: ClusterDiff): void {
  const live = [...before.model.pods()].filter((item) => isLive(item) && !item.hostNetwork);
  for (const item of live) {
    for (const direction of ['ingress', 'egress'] as const) {
      const [was, is] = [before.isolation(item)[direction], after.isolation(item)[direction]];
      const has = (list: ClusterDiff['isolated']) =>
        list.some(
          (change) =>
            change.pod.name === item.name &&
            change.pod.namespace === item.namespace &&
            change.direction === direction,
        );
      expect([has(isolated), has(freed)]).toEqual([!was && is, was && !is]);
    }
  }
}
