import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Pod } from '../../../../src/core/cluster/objects.ts';
import type { ClusterModel } from '../../../../src/core/live/model.ts';
import { dialectOf } from '../../../../src/core/policy/enforcers/enforcers.ts';
import { policyKindOf } from '../../../../src/core/policy/kinds/policy-kinds.ts';
import { portsText } from '../../../../src/core/policy/model/connections.ts';
import { clusterDiff } from '../../../../src/core/policy/reach/cluster-diff.ts';
import { type EndGroup, fullEndText } from '../../../../src/core/policy/reach/end-groups.ts';
import { type TreeDiff, treeDiff } from '../../../../src/core/policy/reach/tree-diff.ts';
import { cluster, networkPolicy, node, pod } from '../../../helpers/builders.ts';
import { engineOf } from '../oracle/engine-of.ts';
import { policyDoc, randomWorld } from '../oracle/worlds.ts';
import { engineAfter, expectTold, type ToldPath } from './told.ts';

const dialect = dialectOf('spec');
const web = (name: string, labels: Pod['labels'] = { app: 'web' }) =>
  pod({ name, labels, owner: { kind: 'Deployment', namespace: 'shop', name: 'web' } });
const closedDb = networkPolicy({
  name: 'db',
  spec: {
    podSelector: { matchLabels: { app: 'db' } },
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ port: 5432 }] }],
  },
});

function told(old: ClusterModel, now: ClusterModel): readonly string[] {
  return pathsOf(treeDiff({ model: old, dialect }, { model: now, dialect })).map(
    ({ from, to, ports, is }) => `${fullEndText(from)} → ${fullEndText(to)} ${portsText(ports)} ${is}`,
  );
}

function pathsOf({ turns }: TreeDiff): readonly ToldPath[] {
  return turns.flatMap(({ from, to, changes }) => changes.map((change) => ({ from, to, ...change })));
}

describe('two trees', () => {
  test('are compared by workload, though their pods have other names', () => {
    const policies = [closedDb];
    const old = cluster({ pods: [web('web-a', {}), web('web-b', {}), pod({ name: 'db' })], policies });
    const now = cluster({ pods: [web('web-x'), web('web-y'), web('web-z'), pod({ name: 'db' })], policies });
    expect(told(old, now)).toEqual(['shop/web[Deployment] → shop/db[Pod] tcp 5432 allow']);
  });

  test('are compared for nodes that both have', () => {
    const nodes = [
      node({ name: 'node-a', ips: ['192.168.0.1'] }),
      node({ name: 'node-b', ips: ['192.168.0.2'] }),
    ];
    const pods = [pod({ name: 'db' })];
    expect(told(cluster({ pods, nodes }), cluster({ pods, nodes, policies: [closedDb] }))).toEqual([
      'node node-b → shop/db[Pod] all ports deny',
      'outside → shop/db[Pod] all ports deny',
    ]);
    expect(told(cluster({ pods }), cluster({ pods, nodes, policies: [closedDb] }))).toEqual([
      'outside → shop/db[Pod] all ports deny',
    ]);
  });

  test('tell pods of a workload apart by the node of a host-network pod', () => {
    const db = (index: number) =>
      pod({
        name: `db-${index}`,
        node: `node-${index}`,
        labels: { app: 'db' },
        owner: { kind: 'StatefulSet', namespace: 'shop', name: 'db' },
      });
    const host = pod({ name: 'host', node: 'node-1', hostNetwork: true, ips: ['192.168.0.1'] });
    const pods = [db(0), db(1), host];
    expect(told(cluster({ pods }), cluster({ pods, policies: [closedDb] }))).toEqual([
      'shop/db[StatefulSet] → shop/db[StatefulSet] all ports deny',
      'shop/host[Pod] → shop/db[StatefulSet]{db-0} all ports deny',
      'shop/host[Pod] → shop/db[StatefulSet]{db-1} all ports undecidable',
      'outside → shop/db[StatefulSet] all ports deny',
    ]);
  });

  test('tell that a pod now runs beside a host-network pod', () => {
    const db = (name: string, place: string) =>
      pod({
        name,
        node: place,
        labels: { app: 'db' },
        owner: { kind: 'StatefulSet', namespace: 'shop', name: 'db' },
      });
    const host = pod({ name: 'host', node: 'node-1', hostNetwork: true, ips: ['192.168.0.1'] });
    const old = cluster({ pods: [db('db-0', 'node-0'), db('db-1', 'node-1'), host], policies: [closedDb] });
    const now = cluster({ pods: [db('db-0', 'node-1'), db('db-1', 'node-0'), host], policies: [closedDb] });
    expect(told(old, now)).toEqual([
      'shop/host[Pod] → shop/db[StatefulSet]{db-0} all ports undecidable',
      'shop/host[Pod] → shop/db[StatefulSet]{db-1} all ports deny',
    ]);
  });

  test('tell a node to all but its own pods, and to all but those that have left it', () => {
    const dbOn = (name: string, place: string, ofWorkload = true) =>
      pod({
        name,
        node: place,
        labels: { app: 'db' },
        ...(ofWorkload ? { owner: { kind: 'StatefulSet', namespace: 'shop', name: 'db' } } : {}),
      });
    const nodes = [1, 2, 3].map((index) => node({ name: `node-${index}`, ips: [`192.168.0.${index}`] }));
    const fromNodes = (old: readonly Pod[], now: readonly Pod[]) =>
      told(cluster({ pods: old, nodes }), cluster({ pods: now, nodes, policies: [closedDb] })).filter(
        (text) => text.includes('node'),
      );
    const bare = [dbOn('db-0', 'node-1', false), dbOn('db-1', 'node-2', false)];
    expect(fromNodes(bare, bare)).toEqual([
      '2 nodes → shop/db-0[Pod] all ports deny',
      '2 nodes → shop/db-1[Pod] all ports deny',
    ]);
    const owned = [dbOn('db-0', 'node-1'), dbOn('db-1', 'node-2')];
    expect(fromNodes(owned, owned)).toEqual(['3 nodes → shop/db[StatefulSet] all ports deny']);
    expect(
      fromNodes(
        [dbOn('db-0', 'node-1'), dbOn('db-1', 'node-3')],
        [dbOn('db-0', 'node-2'), dbOn('db-1', 'node-3')],
      ),
    ).toEqual([
      'node node-1 → shop/db[StatefulSet]{db-1} all ports deny',
      '2 nodes → shop/db[StatefulSet] all ports deny',
    ]);
  });

  test('tell isolation once for a workload', () => {
    const pods = [web('web-a', { app: 'db' }), web('web-b', { app: 'db', tier: 'x' })];
    const tier = networkPolicy({ name: 'tier', spec: { podSelector: { matchLabels: { tier: 'x' } } } });
    const [old, now] = [cluster({ pods }), cluster({ pods, policies: [closedDb, tier] })];
    const end: EndGroup = { type: 'workload', namespace: 'shop', kind: 'Deployment', name: 'web' };
    expect(treeDiff({ model: old, dialect }, { model: now, dialect }).isolation).toEqual([
      { end, direction: 'ingress', isolates: true },
    ]);
    expect(treeDiff({ model: now, dialect }, { model: old, dialect }).isolation).toEqual([
      { end, direction: 'ingress', isolates: false },
    ]);
  });
});

describe('in worlds of many kinds', () => {
  const randomChange = randomWorld.chain((world) =>
    fc.record({
      world: fc.constant(world),
      add: fc
        .array(policyDoc(world.enforcer), { maxLength: 2 })
        .map((list) => list.map((make, index) => make(index + 3))),
      remove: fc.array(fc.nat(5), { maxLength: 2 }),
      from: fc.nat(9),
    }),
  );
  type Random = typeof randomChange extends fc.Arbitrary<infer T> ? T : never;

  function changed({ world, add, remove }: Random) {
    const { model, engine } = engineOf(world);
    const existing = [...model.policies()];
    const gone = remove.flatMap((index) => existing[index] ?? []);
    const added = add
      .map((doc) => policyKindOf(String(doc.apiVersion), doc.kind)?.parse(doc))
      .filter((policy) => policy !== undefined);
    return { model, engine, gone, added };
  }

  test('every pair and port of two trees is told as their engines judge it, labels changed too', () => {
    fc.assert(
      fc.property(randomChange, (random) => {
        const { model, engine, gone, added } = changed(random);
        const donor = [...model.pods()].at(random.from)?.labels ?? {};
        const relabelled = (item: Pod) => (item.name.endsWith('1') ? { ...item, labels: donor } : item);
        const after = engineAfter(model, engine, added, gone, relabelled);
        expectTold(engine, after, pathsOf(treeDiff(engine, after)));
      }),
      { numRuns: Number(process.env.SLUICE_RUNS ?? 100) },
    );
  }, 120_000);

  test('a change of policies is told as the two trees that it leads from and to', () => {
    const texts = (paths: readonly ToldPath[]) =>
      paths
        .map(
          ({ from, to, ports, is }) => `${fullEndText(from)} → ${fullEndText(to)} ${portsText(ports)} ${is}`,
        )
        .sort();
    fc.assert(
      fc.property(randomChange, (random) => {
        const { model, engine, gone, added } = changed(random);
        const after = engineAfter(model, engine, added, gone);
        const { opens, closes, blurs } = clusterDiff(engine, { add: added, remove: gone });
        // Two trees do not tell what a path was, so that less is told apart.
        fc.pre([opens, closes, blurs].every((paths) => new Set(paths.map(({ was }) => was)).size < 2));
        expect(texts(pathsOf(treeDiff(engine, after)))).toEqual(texts([...opens, ...closes, ...blurs]));
      }),
      { numRuns: Number(process.env.SLUICE_RUNS ?? 60) },
    );
  }, 120_000);
});
