import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatIp, inRange, parseIp } from '../../../../src/core/cluster/ip.ts';
import type { ClusterModel } from '../../../../src/core/cluster/model.ts';
import { isLive, type Protocol } from '../../../../src/core/cluster/objects.ts';
import { createEngine, type Engine } from '../../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../../src/core/policy/enforcers/enforcers.ts';
import { policyKindOf } from '../../../../src/core/policy/kinds.ts';
import type { Policy, PolicyRef } from '../../../../src/core/policy/model/policy.ts';
import type { End } from '../../../../src/core/policy/model/verdict.ts';
import { type ClusterDiff, clusterDiff } from '../../../../src/core/policy/reach/cluster-diff.ts';
import type { PathChange } from '../../../../src/core/policy/reach/collect.ts';
import { type EndGroup, endGroupText } from '../../../../src/core/policy/reach/ends.ts';
import { cluster, networkPolicy, node, pod } from '../../../helpers/builders.ts';
import { runs } from '../../../helpers/runs.ts';
import { verdictOf } from '../../../helpers/verdict-of.ts';
import { engineOf } from '../oracle/engine-of.ts';
import {
  ADDRESSES,
  ASKED_PORTS,
  type Doc,
  policyDoc,
  type RandomWorld,
  randomWorld,
} from '../oracle/worlds.ts';

const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];
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
  const diff = clusterDiff(cluster({ pods, nodes }), dialectOf('spec'), {
    add: [toDb([fromWeb])],
    remove: [],
  });
  expect(told(diff.closes)).toEqual([
    'shop/web → shop/db TCP 1-5431, TCP 5433-65535, UDP 1-65535, SCTP 1-65535: allow → deny',
    `ops/mon → shop/db ${ALL}: allow → deny`,
    `1 nodes → shop/db ${ALL}: allow → deny`.replace('1 nodes', 'node node-b'),
    `0.0.0.0-255.255.255.255 → shop/db ${ALL}: allow → deny`,
  ]);
  expect(diff.opens).toEqual([]);
  expect(diff.isolated).toEqual([{ pod: { namespace: 'shop', name: 'db' }, direction: 'ingress' }]);
});

test('an edit is the difference between the two versions of a policy', () => {
  const model = cluster({ pods, nodes, policies: [toDb([fromWeb])] });
  const edited = toDb([{ ...fromWeb, ports: [{ port: 5432, endPort: 5440 }] }]);
  const diff = clusterDiff(model, dialectOf('spec'), { add: [edited], remove: [] });
  expect(told(diff.opens)).toEqual(['shop/web → shop/db TCP 5433-5440: deny → allow']);
  expect([diff.closes, diff.isolated, diff.freed]).toEqual([[], [], []]);
});

test('pods of a workload are named where only some of them change', () => {
  const odd = { ...web('web-2'), labels: { app: 'web', canary: 'yes' } };
  const model = cluster({ pods: [web('web-1'), odd, pod({ name: 'db' })], policies: [toDb([])] });
  const canary = toDb([
    { from: [{ podSelector: { matchLabels: { canary: 'yes' } } }], ports: [{ port: 5432 }] },
  ]);
  expect(told(clusterDiff(model, dialectOf('spec'), { add: [canary], remove: [] }).opens)).toEqual([
    'shop/web (web-2) → shop/db TCP 5432: deny → allow',
  ]);
});

test('ranges outside are cut where the rules cut them', () => {
  const model = cluster({ pods: [pod({ name: 'db' })], policies: [toDb([])] });
  const block = { ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.128/25'] } };
  const diff = clusterDiff(model, dialectOf('spec'), {
    add: [toDb([{ from: [block], ports: [{ port: 80 }] }])],
    remove: [],
  });
  expect(told(diff.opens)).toEqual(['203.0.113.0-203.0.113.127 → shop/db TCP 80: deny → allow']);
});

test('taking the last policy of a pod away frees it', () => {
  const model = cluster({ pods, policies: [toDb([fromWeb])] });
  const ref = { kind: 'NetworkPolicy', namespace: 'shop', name: 'db' };
  const diff = clusterDiff(model, dialectOf('spec'), { add: [], remove: [ref] });
  expect(diff.freed).toEqual([{ pod: { namespace: 'shop', name: 'db' }, direction: 'ingress' }]);
  expect(told(diff.opens)[0]).toBe(
    'shop/web → shop/db TCP 1-5431, TCP 5433-65535, UDP 1-65535, SCTP 1-65535: deny → allow',
  );
});

test('a change that says nothing new changes nothing', () => {
  const model = cluster({ pods, policies: [toDb([fromWeb])] });
  const twin = { ...toDb([fromWeb]), name: 'twin' };
  expect(clusterDiff(model, dialectOf('spec'), { add: [twin], remove: [] })).toEqual({
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
      clusterDiff(model, engine.dialect, { add: [], remove: [] });
      const diff = clusterDiff(model, engine.dialect, { add: added, remove: gone });
      const after = engineAfter(model, engine, added, gone);
      expectSame(model, engine, after, diff);
    }),
    runs(30, 150),
  );
});

function engineAfter(
  model: ClusterModel,
  engine: Engine,
  add: readonly Policy[],
  remove: readonly PolicyRef[],
): Engine {
  const key = ({ kind, namespace, name }: PolicyRef) => `${kind} ${namespace} ${name}`;
  const out = new Set([...add, ...remove].map(key));
  const policies = [
    ...[...model.policies()].filter((policy) => !out.has(key(policy))),
    ...new Map(add.map((policy) => [key(policy), policy])).values(),
  ];
  const made = cluster({
    pods: [...model.pods()],
    namespaces: [...model.namespaces()],
    services: [...model.services()],
    nodes: [...model.nodes()],
    policies,
  });
  for (const slice of ['kubernetes', 's2']) {
    for (const namespace of ['default', 'a', 'b', 'c']) {
      const addresses = model.endpoints(namespace, slice);
      if (addresses.length === 0) continue;
      const object = {
        kind: 'EndpointSlice',
        namespace,
        name: `${slice}-1`,
        service: slice,
        addresses,
      } as const;
      made.apply({ type: 'set', kind: 'endpointSlices', source: 'test', object });
    }
  }
  return createEngine(made, engine.dialect);
}

type Asked = { readonly end: End; readonly name: string };

function expectSame(model: ClusterModel, before: Engine, after: Engine, diff: ClusterDiff): void {
  const live = [...model.pods()].filter(isLive);
  const hasSix = [...model.pods()].some(({ ips }) => ips.some((ip) => ip.includes(':')));
  const ends: readonly Asked[] = [
    ...live.map(
      (item): Asked => ({ end: { type: 'pod', pod: item }, name: `${item.namespace}/${item.name}` }),
    ),
    ...ADDRESSES.filter((ip) => hasSix || !ip.includes(':')).map(
      (ip): Asked => ({ end: { type: 'ip', ip }, name: ip }),
    ),
  ];
  const paths = [...diff.opens, ...diff.closes, ...diff.blurs];
  for (const from of ends) {
    for (const to of ends) {
      if (from.end.type === 'ip' && to.end.type === 'ip') continue;
      if (from.name === to.name) continue;
      for (const port of ASKED_PORTS) {
        for (const protocol of PROTOCOLS) {
          const query = { from: from.end, to: to.end, port, protocol };
          const [was, is] = [verdictOf(before, query).verdict, verdictOf(after, query).verdict];
          const said = paths.filter(
            (path) =>
              path.ports[protocol].some(([first, last]) => first <= port && port <= last) &&
              holds(model, path.from, from.end, to.end) &&
              holds(model, path.to, to.end, from.end),
          );
          const expected = was === is ? [] : [`${was} → ${is}`];
          expect({
            path: `${from.name} → ${to.name} ${protocol} ${port}`,
            said: said.map((path) => `${path.was} → ${path.is}`),
          }).toEqual({
            path: `${from.name} → ${to.name} ${protocol} ${port}`,
            said: expected,
          });
        }
      }
    }
  }
  expectIsolation(
    live.filter(({ hostNetwork }) => !hostNetwork),
    before,
    after,
    diff,
  );
}

function expectIsolation(
  live: readonly ReturnType<typeof pod>[],
  before: Engine,
  after: Engine,
  { isolated, freed }: ClusterDiff,
): void {
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

function holds(model: ClusterModel, group: EndGroup, end: End, other: End): boolean {
  switch (group.type) {
    case 'workload':
      return (
        end.type === 'pod' &&
        end.pod.namespace === group.namespace &&
        (group.pods?.includes(end.pod.name) ?? end.pod.name === group.name)
      );
    case 'nodes': {
      const found = end.type === 'ip' ? model.nodeAt(end.ip) : undefined;
      return (
        found !== undefined &&
        group.names.includes(found.name) &&
        !(other.type === 'pod' && other.pod.node === found.name)
      );
    }
    case 'own-node': {
      const found = end.type === 'ip' ? model.nodeAt(end.ip) : undefined;
      return found !== undefined && other.type === 'pod' && other.pod.node === found.name;
    }
    case 'addresses': {
      const ip = end.type === 'ip' ? parseIp(end.ip) : undefined;
      if (
        ip === undefined ||
        model.nodeAt(formatIp(ip)) !== undefined ||
        model.podAt(formatIp(ip)) !== undefined
      )
        return false;
      return group.ranges.some((text) => {
        const [first = '', last = first] = text.split('-');
        const [a, b] = [parseIp(first), parseIp(last)];
        return (
          a !== undefined &&
          b !== undefined &&
          inRange({ family: a.family, first: a.value, last: b.value }, ip)
        );
      });
    }
  }
}
