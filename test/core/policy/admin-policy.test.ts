import { expect, test } from 'vitest';
import { dialectOf } from '../../../src/core/policy/enforcers/enforcers.ts';
import { parseAdminPolicy } from '../../../src/core/policy/kinds/admin-policy.ts';
import { namespace, networkPolicy, node, pod } from '../../helpers/builders.ts';
import { asker } from './questions.ts';

const web = pod({ name: 'web' });
const db = pod({ name: 'db', ports: [{ name: 'pg', port: 5432, protocol: 'TCP' }] });
const mon = pod({ name: 'mon', namespace: 'ops' });
const pods = [web, db, mon];
const namespaces = [
  namespace({ labels: { team: 'red' } }),
  namespace({ name: 'ops', labels: { team: 'blue' } }),
];

const shop = { namespaces: { matchLabels: { team: 'red' } } };
const all = { namespaces: {} };
const cnp = (name: string, fields: Record<string, unknown>) =>
  parseAdminPolicy({
    kind: 'ClusterNetworkPolicy',
    metadata: { name },
    spec: { tier: 'Admin', priority: 10, subject: shop, ...fields },
  });
const ingress = (action: string, from: unknown = all, more: Record<string, unknown> = {}) => [
  { action, from: [from], ...more },
];
const admitAll = networkPolicy({ name: 'admit', spec: { policyTypes: ['Ingress'], ingress: [{}] } });
const denyAll = networkPolicy({ name: 'deny', spec: { policyTypes: ['Ingress'] } });
const world = (...policies: readonly ReturnType<typeof cnp>[]) => asker({ pods, namespaces, policies });

test('ANP-1: an admin deny wins over a NetworkPolicy, and no NetworkPolicy opens it', () => {
  const { ask } = world(cnp('guard', { ingress: ingress('Deny') }), admitAll);
  expect(ask(mon, db).ingress).toMatchObject({
    verdict: 'deny',
    summary: 'guard denies all pods in any namespace',
    cannotOpen: [
      'ClusterNetworkPolicy guard denies it (rule 1, admin tier). A NetworkPolicy cannot override a deny.',
    ],
  });
  expect(ask(db, mon).verdict).toBe('allow');
});

test('ANP-2: lower priority numbers first, then the order of rules; the first match decides', () => {
  const early = cnp('early', { priority: 1, ingress: ingress('Accept') });
  const late = cnp('late', { priority: 2, ingress: ingress('Deny') });
  expect(world(late, early).ask(mon, db).ingress).toMatchObject({
    verdict: 'allow',
    summary: expect.stringMatching(/^early admits/),
  });
  const ordered = cnp('one', { ingress: [...ingress('Deny', all), ...ingress('Accept', all)] });
  expect(world(ordered).ask(mon, db).verdict).toBe('deny');
});

test('ANP-2: policies of one priority that disagree are undecidable, and named', () => {
  const a = cnp('a', { ingress: ingress('Accept') });
  const b = cnp('b', { ingress: ingress('Deny') });
  expect(world(a, b).ask(mon, db).ingress).toMatchObject({
    verdict: 'undecidable',
    summary: 'a and b conflict at the same priority',
  });
  const c = cnp('c', { ingress: ingress('Accept') });
  expect(world(a, c).ask(mon, db).verdict).toBe('allow');
});

test('ANP-3: pass leaves the tier, and no admin policy isolates', () => {
  const pass = cnp('pass', { priority: 1, ingress: ingress('Pass') });
  const deny = cnp('deny', { priority: 2, ingress: ingress('Deny') });
  expect(world(pass, deny).ask(mon, db).ingress).toMatchObject({ verdict: 'allow', isolated: false });
  expect(
    world(pass, deny, denyAll)
      .ask(mon, db)
      .ingress.deciders.map(({ action }) => action),
  ).toEqual(['pass', 'isolate']);
});

test('ANP-4: a NetworkPolicy is final where it isolates, the baseline tier counts elsewhere', () => {
  const base = cnp('base', {
    tier: 'Baseline',
    ingress: ingress('Deny'),
    egress: [{ action: 'Deny', to: [all] }],
  });
  expect(world(base, admitAll).ask(mon, db).verdict).toBe('allow');
  expect(world(base).ask(mon, db).ingress).toMatchObject({
    verdict: 'deny',
    isolated: false,
    cannotOpen: [],
  });
  const out = world(base, admitAll).ask(web, mon);
  expect(out.egress.verdict).toBe('deny');
  expect(out.assumptions.join()).toContain('some enforcers then skip the baseline tier');
});

test('ANP-5: an admin accept opens whatever NetworkPolicies say', () => {
  expect(world(cnp('open', { ingress: ingress('Accept') }), denyAll).ask(mon, db).verdict).toBe('allow');
});

test('ANP-6: a host-network pod is neither subject nor peer by label', () => {
  const agent = pod({
    name: 'agent',
    namespace: 'ops',
    hostNetwork: true,
    ips: ['192.168.0.2'],
    node: 'node-b',
  });
  const policies = [cnp('guard', { subject: all, ingress: ingress('Deny') })];
  const { ask } = asker({ pods: [...pods, agent], namespaces, policies });
  expect(ask(mon, db).verdict).toBe('deny');
  expect(ask(agent, db).verdict).toBe('allow');
  expect(ask(web, agent).verdict).toBe('allow');
});

test('ANP-7: networks match pods, nodes match nodes and host-network pods, names are not known', () => {
  const nodes = [node({ name: 'node-b', ips: ['192.168.0.2'], labels: { pool: 'b' } })];
  const agent = pod({ name: 'agent', hostNetwork: true, ips: ['192.168.0.2'], node: 'node-b' });
  const out = (to: unknown) =>
    asker({
      pods: [...pods, agent],
      namespaces,
      nodes,
      policies: [cnp('out', { egress: [{ action: 'Deny', to: [to] }] })],
      dialect: { ...dialectOf('spec'), ipBlockMatchesPods: 'no' },
    }).ask;
  expect(out({ networks: [`${mon.ips[0]}/32`] })(web, mon).verdict).toBe('deny');
  expect(out({ networks: [`${mon.ips[0]}/32`] })(web, db).verdict).toBe('allow');
  const byNode = out({ nodes: { matchLabels: { pool: 'b' } } });
  expect(byNode(web, '192.168.0.2').verdict).toBe('deny');
  expect(byNode(web, agent).verdict).toBe('deny');
  expect(byNode(web, '203.0.113.9').verdict).toBe('allow');
  const byName = out({ domainNames: ['*.example.com'] });
  expect(byName(web, '203.0.113.9').verdict).toBe('undecidable');
  expect(byName(web, mon).verdict).toBe('allow');
});

test.each([
  ['portNumber', { ports: [{ portNumber: { port: 5432 } }] }],
  ['portRange', { ports: [{ portRange: { start: 5430, end: 5440 } }] }],
  ['namedPort', { ports: [{ namedPort: 'pg' }] }],
  ['destinationPort.number', { protocols: [{ tcp: { destinationPort: { number: 5432 } } }] }],
  [
    'destinationPort.range',
    { protocols: [{ tcp: { destinationPort: { range: { start: 5430, end: 5440 } } } }] },
  ],
  ['destinationNamedPort', { protocols: [{ destinationNamedPort: 'pg' }] }],
])('ANP-8: %s', (_name, fields) => {
  const { ask } = world(cnp('p', { ingress: ingress('Deny', all, fields) }));
  expect(ask(mon, db, 5432).verdict).toBe('deny');
  expect(ask(mon, db, 80).verdict).toBe('allow');
  expect(ask(mon, db, 5432, 'UDP').verdict).toBe('allow');
});

test('ANP-9: a BaselineAdminNetworkPolicy is of the baseline tier', () => {
  const banp = parseAdminPolicy({
    kind: 'BaselineAdminNetworkPolicy',
    metadata: { name: 'default' },
    spec: { subject: shop, ingress: ingress('Deny') },
  });
  expect(banp).toMatchObject({ tier: 'baseline', problems: [] });
  expect(world(banp).ask(mon, db).verdict).toBe('deny');
  expect(world(banp, admitAll).ask(mon, db).verdict).toBe('allow');
});

test('ANP-10: a rule with an unknown peer accepts nothing and denies broadly', () => {
  const accept = cnp('accept', { ingress: [...ingress('Accept', { sorcerers: {} }), ...ingress('Deny')] });
  expect(world(accept).ask(mon, db).verdict).toBe('deny');
  const deny = cnp('deny', { ingress: ingress('Deny', { sorcerers: {} }) });
  expect(deny.problems).toEqual(['spec.ingress[0]: a peer has no known field']);
  expect(world(deny).ask('203.0.113.9', db).verdict).toBe('deny');
});

test('ANP-11: the older peer schema is read as well', () => {
  const older = { namespaces: { namespaceSelector: { matchLabels: { team: 'blue' } } } };
  const pods11 = { pods: { namespaces: older.namespaces, podSelector: { matchLabels: { app: 'mon' } } } };
  for (const from of [older, pods11]) {
    const { ask } = world(cnp('p', { ingress: ingress('Deny', from) }));
    expect(ask(mon, db).verdict).toBe('deny');
    expect(ask(web, db).verdict).toBe('allow');
  }
});

test('ANP-12: a kind that the enforcer may not know makes no certain verdict, one that it never knows none', () => {
  const policies = [cnp('guard', { ingress: ingress('Deny') })];
  const ask = (enforcer: 'calico' | 'kube-router') =>
    asker({ pods, namespaces, policies, dialect: dialectOf(enforcer) }).ask(mon, db).ingress;
  expect(ask('calico')).toMatchObject({
    verdict: 'undecidable',
    summary: 'ClusterNetworkPolicy guard may apply',
  });
  expect(ask('kube-router').verdict).toBe('allow');
});
