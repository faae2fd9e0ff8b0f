import { expect, test } from 'vitest';
import { parseCiliumPolicy } from '../../../../src/core/policy/cilium/parse.ts';
import { createEngine } from '../../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../../src/core/policy/enforcers/enforcers.ts';
import { pathChangeText } from '../../../../src/core/policy/reach/collect.ts';
import { whatIf } from '../../../../src/core/policy/reach/what-if.ts';
import { cluster, networkPolicy, pod } from '../../../helpers/builders.ts';
import { verdictOf } from '../../../helpers/verdict-of.ts';

const web = pod({ name: 'web' });
const db = pod({ name: 'db' });
const mon = pod({ name: 'mon', namespace: 'ops' });
const deny = networkPolicy({ name: 'deny', spec: { podSelector: {}, policyTypes: ['Ingress'] } });
const admit = networkPolicy({
  name: 'admit',
  spec: {
    podSelector: { matchLabels: { app: 'db' } },
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }] }],
  },
});
const ends = (...pods: readonly (typeof web)[]) => pods.map((item) => ({ type: 'pod', pod: item }) as const);
const query = {
  from: { type: 'pod', pod: web },
  to: { type: 'pod', pod: db },
  port: 80,
  protocol: 'TCP',
} as const;

test('the engine follows policies as they come, change and go', () => {
  const model = cluster({ pods: [web, db, mon] });
  const engine = createEngine(model, dialectOf('spec'));
  const verdict = () => verdictOf(engine, query).verdict;
  const send = (event: Parameters<typeof model.apply>[0]) => {
    model.apply(event);
    engine.apply(event);
  };
  expect(verdict()).toBe('allow');
  send({ type: 'set', kind: 'policies', source: 'policies', object: deny });
  expect(verdict()).toBe('deny');
  expect(engine.isolation(db)).toEqual({ ingress: true, egress: false });
  expect(engine.isolation(mon)).toEqual({ ingress: false, egress: false });
  send({ type: 'set', kind: 'policies', source: 'policies', object: admit });
  expect(verdict()).toBe('allow');
  send({ type: 'delete', kind: 'policies', source: 'policies', key: 'NetworkPolicy/shop/admit' });
  expect(verdict()).toBe('deny');
  send({ type: 'reset', kind: 'policies', source: 'policies', objects: [] });
  expect(verdict()).toBe('allow');
});

test('selected pods are the live ones that a policy selects', () => {
  const done = pod({ name: 'done', phase: 'Failed' });
  const host = pod({ name: 'host', hostNetwork: true });
  const engine = createEngine(cluster({ pods: [web, db, mon, done, host] }), dialectOf('spec'));
  expect(engine.selected(deny)).toEqual([web, db]);
  expect(engine.selected(admit)).toEqual([db]);
});

test('kinds that may not be read are told, and only those that count here', () => {
  const engine = createEngine(cluster({ pods: [web, db] }), dialectOf('cilium'));
  engine.setUnreadable(['CiliumNetworkPolicy', 'AdminNetworkPolicy']);
  expect(verdictOf(engine, query).assumptions).toEqual([
    'enforced by cilium, read as 1.19, otherwise its defaults',
    'CiliumNetworkPolicy could not be read: the verdict ignores it',
  ]);
  expect(verdictOf(engine, query).incomplete).toEqual(['CiliumNetworkPolicy']);
  engine.setUnreadable(['AdminNetworkPolicy']);
  expect(verdictOf(engine, query)).not.toHaveProperty('incomplete');
});

test('a foreign policy that may select an end makes its half undecidable and is named', () => {
  const engine = createEngine(cluster({ pods: [web, db, mon], policies: [deny] }), dialectOf('calico'));
  engine.setForeign([{ kind: 'Calico NetworkPolicy', namespace: 'ops', name: 'x' }]);
  expect(verdictOf(engine, query).verdict).toBe('deny');
  engine.setForeign([{ kind: 'Calico NetworkPolicy', namespace: 'shop', name: 'x' }]);
  expect(verdictOf(engine, query)).toMatchObject({
    verdict: 'undecidable',
    ingress: { summary: 'Calico NetworkPolicy shop/x may also apply' },
    assumptions: ['enforced by calico', 'Calico NetworkPolicy shop/x is not evaluated'],
  });
  engine.setForeign([{ kind: 'AuthorizationPolicy', namespace: 'shop', name: 'x' }]);
  expect(verdictOf(engine, query)).toMatchObject({
    egress: { verdict: 'undecidable' },
    ingress: { verdict: 'deny' },
  });
});

test('a decision holds what leads to it: policies, foreign ones, a missing enforcer, a proxy behind an open port', () => {
  const pods = [web, db, mon];
  const closed = createEngine(cluster({ pods, policies: [deny] }), dialectOf('calico'));
  const denied = closed.decide(query).ingress;
  expect(denied).toMatchObject({ verdict: 'deny', byRules: 'deny', isolated: true, open: [] });
  expect(denied.steps.map(({ applied, action }) => [applied.policy, action])).toEqual([[deny, 'isolate']]);
  const foreign = { kind: 'Calico NetworkPolicy', namespace: 'shop', name: 'x' };
  closed.setForeign([foreign]);
  expect(closed.decide(query).ingress).toMatchObject({
    verdict: 'undecidable',
    byRules: 'deny',
    open: [{ type: 'foreign', objects: [foreign] }],
  });
  closed.setForeign([{ kind: 'AuthorizationPolicy', namespace: 'shop', name: 'x' }]);
  expect(closed.decide(query).ingress).toMatchObject({ verdict: 'deny', open: [] });
  const none = createEngine(cluster({ pods, policies: [deny] }), dialectOf('none'));
  expect(none.decide(query).ingress).toMatchObject({
    verdict: 'undecidable',
    byRules: 'deny',
    open: [{ type: 'not-enforced' }],
  });
  const proxied = parseCiliumPolicy({
    kind: 'CiliumNetworkPolicy',
    metadata: { name: 'l7', namespace: 'shop' },
    spec: {
      endpointSelector: {},
      ingress: [
        { toPorts: [{ ports: [{ port: '80', protocol: 'TCP' }], rules: { http: [{ path: '/' }] } }] },
      ],
    },
  });
  const cilium = createEngine(cluster({ pods, policies: [proxied] }), dialectOf('cilium')).decide(query);
  expect(cilium.ingress).toMatchObject({ verdict: 'allow', l7: 'http' });
  expect(cilium.verdict).toBe('undecidable');
});

test('what a policy would open is not promised where a foreign one may decide', () => {
  const model = cluster({ pods: [web, db, mon], policies: [deny] });
  const engine = createEngine(model, dialectOf('calico'));
  const scope = { from: ends(web), to: ends(db), ports: [query] };
  expect(whatIf(engine, { add: [admit], remove: [] }, scope).opens).toHaveLength(1);
  engine.setForeign([{ kind: 'Calico NetworkPolicy', namespace: 'shop', name: 'x' }]);
  expect(whatIf(engine, { add: [admit], remove: [] }, scope).opens).toEqual([]);
});

const meant = { from: ends(web), to: ends(db), ports: [query] };
const pair = { from: { namespace: 'shop', name: 'web' }, to: { namespace: 'shop', name: 'db' } };

test('a first policy on an open pod is told as isolating it, and as cutting the others off', () => {
  const model = cluster({ pods: [web, db, mon] });
  const engine = createEngine(model, dialectOf('spec'));
  const effect = whatIf(engine, { add: [admit], remove: [] }, meant);
  expect(effect).toMatchObject({ opens: [], extra: [], blurs: [], freed: [] });
  expect(effect.isolated).toEqual([{ pod: pair.to, direction: 'ingress' }]);
  expect(effect.closes.map(pathChangeText)).toEqual([
    'ops/mon → shop/db all ports',
    'outside → shop/db all ports',
  ]);
});

test('a grant on an isolated pod opens its pair, and all its ports besides, and isolates nobody', () => {
  const model = cluster({ pods: [web, db, mon], policies: [deny] });
  const engine = createEngine(model, dialectOf('spec'));
  const effect = whatIf(engine, { add: [admit], remove: [] }, meant);
  expect(effect).toMatchObject({ closes: [], isolated: [], freed: [] });
  expect(effect.opens).toEqual([{ ...pair, port: 80, protocol: 'TCP' }]);
  expect(effect.extra.map(pathChangeText)).toEqual([
    'shop/web → shop/db tcp 1-79,81-65535 · udp all · sctp all',
  ]);
});

test('what opens beside the pods that were meant is told by source and by destination', () => {
  const twins = [
    web,
    pod({ name: 'web-b', labels: { app: 'web' } }),
    db,
    pod({ name: 'db-b', labels: { app: 'db' } }),
  ];
  const model = cluster({ pods: twins, policies: [deny] });
  const narrow = networkPolicy({
    name: 'narrow',
    spec: {
      podSelector: { matchLabels: { app: 'db' } },
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ port: 80 }] }],
    },
  });
  const effect = whatIf(createEngine(model, dialectOf('spec')), { add: [narrow], remove: [] }, meant);
  expect(effect.opens).toEqual([{ ...pair, port: 80, protocol: 'TCP' }]);
  expect(effect.extra.map(pathChangeText).sort()).toEqual([
    'shop/web → shop/db-b tcp 80',
    'shop/web-b → shop/db tcp 80',
    'shop/web-b → shop/db-b tcp 80',
  ]);
});

test('an address that is granted is the pair, and nothing besides', () => {
  const model = cluster({ pods: [db], policies: [deny] });
  const block = networkPolicy({
    name: 'block',
    spec: {
      podSelector: { matchLabels: { app: 'db' } },
      ingress: [{ from: [{ ipBlock: { cidr: '203.0.113.7/32' } }], ports: [{ port: 80 }] }],
    },
  });
  const from = [{ type: 'ip', ip: '203.0.113.7' }] as const;
  const effect = whatIf(
    createEngine(model, dialectOf('spec')),
    { add: [block], remove: [] },
    { ...meant, from },
  );
  expect(effect).toMatchObject({ opens: [{ from: { name: '203.0.113.7' }, to: pair.to }], extra: [] });
});

test('revoking the only policy of a pod frees it, and that is told', () => {
  const model = cluster({ pods: [web, db, mon], policies: [admit] });
  const ref = { kind: 'NetworkPolicy', namespace: 'shop', name: 'admit' };
  const effect = whatIf(createEngine(model, dialectOf('spec')), { add: [], remove: [ref] }, meant);
  expect(effect).toMatchObject({ opens: [], closes: [], isolated: [] });
  expect(effect.freed).toEqual([{ pod: pair.to, direction: 'ingress' }]);
  expect(effect.extra.map(pathChangeText)).toContain('ops/mon → shop/db all ports');
});
