import fc from 'fast-check';
import { writeYaml } from '../../../src/core/yaml/read.ts';
import { type Cell, PODS, SERVED } from './fleet.ts';
import { type EndName, every, NODE, OUTSIDE, OUTSIDE_TOO, type Path } from './paths.ts';
import type { Draft } from './round.ts';

/** The policies and paths of a seed, and the labels that some pods and namespaces have meanwhile. */
export type RandomRound = {
  readonly drafts: readonly Draft[];
  readonly paths: readonly Path[];
  readonly labels: readonly RandomLabels[];
};

/** Labels of one pod, or of one namespace where `pod` is absent; null removes a label. */
export type RandomLabels = {
  readonly namespace: 'x' | 'y' | 'z';
  readonly pod?: string;
  readonly labels: Readonly<Record<string, string | null>>;
};

/** How many paths a round tries. */
const PATHS = 120;

/** The round of a seed in a cell: the same for the same seed, except for the addresses of the pods. */
export function randomRound(cell: Cell, seed: number): RandomRound {
  const [round] = fc.sample(roundIn(cell), { seed, numRuns: 1 });
  if (round === undefined) throw new Error('fast-check gave nothing');
  return round;
}

const one = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const often = <T>(arbitrary: fc.Arbitrary<T>, weight = 3) =>
  fc.oneof({ arbitrary, weight }, { arbitrary: fc.constant(undefined), weight: 1 });
const seldom = <T>(arbitrary: fc.Arbitrary<T>, weight = 4) =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight }, { arbitrary, weight: 1 });
const some = <T>(arbitrary: fc.Arbitrary<T>, most: number) =>
  fc.array(arbitrary, { minLength: 1, maxLength: most });

function solid(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function expression(keys: readonly string[], values: readonly string[]) {
  return fc.oneof(
    fc.record({
      key: one(...keys),
      operator: one('In', 'NotIn'),
      values: fc.uniqueArray(one(...values), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ key: one(...keys), operator: one('Exists', 'DoesNotExist') }),
  );
}

const POD_KEYS = ['app', 'tier', 'role', 'group'];
const POD_VALUES = ['a', 'b', 'c', 'd', '', 'front', 'back', 'mid', 'guest'];
const podSelector = fc.oneof(
  fc.constant({}),
  one('a', 'b', 'c').map((app) => ({ matchLabels: { app } })),
  one('', 'front', 'back').map((tier) => ({ matchLabels: { tier } })),
  some(expression(POD_KEYS, POD_VALUES), 2).map((matchExpressions) => ({ matchExpressions })),
  fc
    .record({ app: one('a', 'b'), item: expression(POD_KEYS, POD_VALUES) })
    .map(({ app, item }) => ({ matchLabels: { app }, matchExpressions: [item] })),
);

function namespaceSelector(cell: Cell) {
  const names = ['x', 'y', 'z'].map(cell.namespace);
  return fc.oneof(
    fc.constant({}),
    one('red', 'blue', '', 'green').map((team) => ({ matchLabels: { team } })),
    one(...names).map((name) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } })),
    expression(['team', 'zone'], ['red', 'blue', '', 'one', 'green']).map((item) => ({
      matchExpressions: [item],
    })),
    expression(['kubernetes.io/metadata.name'], names).map((item) => ({ matchExpressions: [item] })),
  );
}

function ipBlock(cell: Cell) {
  const ips = PODS.map((name) => `${cell.ip(name)}/32`);
  return fc.oneof(
    one(
      '0.0.0.0/0',
      '10.244.0.0/16',
      '10.244.0.0/25',
      '198.51.100.0/24',
      '198.51.100.128/25',
      '172.31.255.1/32',
      '10.96.0.0/12',
      '::/0',
      ...ips,
    ).map((cidr) => ({ cidr })),
    fc
      .uniqueArray(one('198.51.100.0/25', '172.31.255.0/24', '10.244.0.0/17', ...ips), {
        minLength: 1,
        maxLength: 3,
      })
      .map((except) => ({ cidr: '0.0.0.0/0', except })),
    fc
      .uniqueArray(one(...ips), { minLength: 1, maxLength: 2 })
      .map((except) => ({ cidr: '10.244.0.0/16', except })),
  );
}

const port = fc.oneof(
  one(80, 81, 8080, 8081, 5353).map((number) => ({ port: number })),
  fc.record({ port: one(80, 53, 5353), protocol: one('UDP', 'TCP', 'SCTP') }),
  one('TCP', 'UDP').map((protocol) => ({ protocol })),
  fc.record({ port: one('http', 'dns', 'metrics'), protocol: one('TCP', 'UDP') }),
  fc
    .record({ port: one(1, 79, 80, 81), endPort: one(81, 5353, 8080, 65535), protocol: one('TCP', 'UDP') })
    .filter(({ port: first, endPort }) => first <= endPort),
);

function rules(cell: Cell, side: 'from' | 'to') {
  const peer = fc.oneof(
    podSelector.map((pods) => ({ podSelector: pods })),
    namespaceSelector(cell).map((namespaces) => ({ namespaceSelector: namespaces })),
    fc.record({ namespaceSelector: namespaceSelector(cell), podSelector }),
    ipBlock(cell).map((block) => ({ ipBlock: block })),
  );
  const rule = fc
    .record({
      peers: often(
        fc.oneof({ arbitrary: some(peer, 3), weight: 8 }, { arbitrary: fc.constant([]), weight: 1 }),
        8,
      ),
      ports: often(some(port, 4), 2),
    })
    .map(({ peers, ports }) => solid({ [side]: peers, ports }));
  return fc.oneof({ arbitrary: fc.constant([]), weight: 1 }, { arbitrary: some(rule, 3), weight: 5 });
}

function roundIn(cell: Cell): fc.Arbitrary<RandomRound> {
  const draft = fc
    .record({
      namespace: one('x', 'x', 'y', 'z'),
      podSelector: often(podSelector, 8),
      policyTypes: often(one(['Ingress'], ['Egress'], ['Ingress', 'Egress']), 2),
      ingress: often(rules(cell, 'from')),
      egress: often(rules(cell, 'to'), 1),
    })
    .map(({ namespace, ...spec }): Draft => ({ namespace: narrow(namespace), spec: writeYaml(solid(spec)) }));
  return fc.record({
    drafts: fc.array(draft, { minLength: 2, maxLength: 10 }),
    paths: fc.shuffledSubarray([...allPaths()], { minLength: PATHS, maxLength: PATHS }),
    labels: randomLabels,
  });
}

function narrow(text: string): Draft['namespace'] {
  return text === 'y' || text === 'z' ? text : 'x';
}

const label = (...values: readonly string[]) => seldom(one<string | null>(null, ...values), 1);
const randomLabels = fc
  .record({
    c: fc.record({ role: label('guest', ''), tier: label('front', 'mid') }),
    b: fc.record({ role: label('guest') }),
    z: fc.record({ team: label('green', 'blue') }),
  })
  .map(({ c, b, z }): readonly RandomLabels[] => [
    { namespace: 'x', pod: 'c', labels: { role: c.role ?? null, tier: c.tier ?? null } },
    { namespace: 'y', pod: 'b', labels: { role: b.role ?? null } },
    { namespace: 'z', labels: { team: z.team ?? '' } },
  ]);

function allPaths(): readonly Path[] {
  const sources: readonly EndName[] = [...PODS, OUTSIDE, OUTSIDE_TOO, NODE, 'x/host'];
  const ports = [...SERVED, '1/tcp'];
  return [
    ...every(sources, PODS, ports),
    ...every(PODS, [OUTSIDE], ['80/tcp', '443/tcp', '5432/tcp', '53/udp']),
    ...every(PODS, [OUTSIDE_TOO], ['80/tcp', '443/tcp']),
    ...every(PODS, [NODE, 'x/host'], ['3999/tcp']),
    ...every(PODS, ['x/svc/web'], ['80/tcp', '82/tcp']),
    ...every(PODS, ['x/svc/mixed', 'x/svc/nobody'], ['80/tcp']),
    ...every(PODS, ['x/svc/dns'], ['53/udp']),
    ...every(PODS, ['y/svc/web'], ['8080/tcp']),
  ];
}
