import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCiliumPolicy } from '../../../src/core/policy/cilium/parse.ts';
import { createEngine } from '../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../src/core/policy/enforcers/enforcers.ts';
import type { Policy } from '../../../src/core/policy/model/policy.ts';
import { cluster, namespace, networkPolicy, node, pod } from '../../helpers/builders.ts';
import { verdictOf } from '../../helpers/verdict-of.ts';
import { asker } from './questions.ts';

const web = pod({ name: 'web', labels: { app: 'web', 'pod-template-hash': 'h1' } });
const db = pod({ name: 'db' });
const mon = pod({ name: 'mon', namespace: 'ops' });
const nodes = [
  node({ name: 'node-a', ips: ['192.168.0.1'] }),
  node({ name: 'node-b', ips: ['192.168.0.2'] }),
];
const pods = [web, db, mon];
const namespaces = [
  namespace({ labels: { team: 'red' } }),
  namespace({ name: 'ops', labels: { team: 'blue' } }),
];
const dialect = dialectOf('cilium');

const select = (app: string) => ({ matchLabels: { app } });
const cnp = (name: string, spec: unknown, more: Record<string, unknown> = {}) =>
  parseCiliumPolicy({ kind: 'CiliumNetworkPolicy', metadata: { name, namespace: 'shop' }, spec, ...more });
const ccnp = (name: string, spec: unknown) =>
  parseCiliumPolicy({ kind: 'CiliumClusterwideNetworkPolicy', metadata: { name }, spec });
const onDb = (fields: Record<string, unknown>) => cnp('p', { endpointSelector: select('db'), ...fields });
const world = (...policies: readonly Policy[]) => asker({ pods, namespaces, nodes, policies, dialect });

test('CIL-1: never enforces nothing, always isolates everything', () => {
  const deny = onDb({ ingressDeny: [{ fromEntities: ['all'] }] });
  const ask = (mode: 'never' | 'always', ...policies: readonly Policy[]) =>
    asker({ pods, namespaces, nodes, policies, dialect: { ...dialect, enablePolicy: mode } }).ask;
  expect(ask('never', deny)(web, db).ingress).toMatchObject({ verdict: 'allow', isolated: false });
  expect(ask('always')(web, db)).toMatchObject({
    verdict: 'deny',
    ingress: { isolated: true, summary: 'enable-policy is always, and no rule admits it' },
  });
});

test('CIL-2: a section isolates, a deny section too, unless default deny is off', () => {
  const { ask } = world(onDb({ ingressDeny: [{ fromEndpoints: [select('mon')] }] }));
  expect(ask(web, db).ingress).toMatchObject({
    verdict: 'deny',
    isolated: true,
    summary: 'p admits nothing',
  });
  const off = world(
    onDb({ enableDefaultDeny: { ingress: false }, ingress: [{ fromEndpoints: [select('mon')] }] }),
  );
  expect(off.ask(web, db).ingress).toMatchObject({ verdict: 'allow', isolated: false });
});

test('CIL-14: a refused policy enforces nothing and says why', () => {
  const empty = onDb({ ingress: [] });
  expect(empty).toMatchObject({
    inert: true,
    problems: [
      'Cilium rejects it: a rule must have at least one of ingress, ingressDeny, egress, egressDeny',
    ],
  });
  expect(world(empty).ask(web, db).ingress.summary).toBe('not isolated');
  const told = cnp(
    'told',
    { endpointSelector: {}, ingress: [{}] },
    { status: { conditions: [{ type: 'Valid', status: 'False', message: 'bad thing' }] } },
  );
  expect(told).toMatchObject({ inert: true, problems: ['Cilium rejects it: bad thing'] });
});

test('CIL-4: an empty rule isolates and admits nothing, unlike that of a NetworkPolicy', () => {
  expect(world(onDb({ ingress: [{}] })).ask(web, db).verdict).toBe('deny');
});

test('CIL-6: peers are of the own namespace unless they name another', () => {
  const { ask } = world(onDb({ ingress: [{ fromEndpoints: [select('web'), select('mon')] }] }));
  expect(ask(web, db).verdict).toBe('allow');
  expect(ask(mon, db).ingress.nearMisses[0]).toMatchObject({
    why: 'namespace',
    text: 'admits app=web or app=mon, not in ops',
  });
  const named = { matchLabels: { app: 'mon', 'k8s:io.kubernetes.pod.namespace': 'ops' } };
  expect(world(onDb({ ingress: [{ fromEndpoints: [named] }] })).ask(mon, db).verdict).toBe('allow');
});

test('CIL-7: derived labels select, and a pod cannot pretend to one', () => {
  const liar = pod({ name: 'liar', labels: { 'io.cilium.k8s.policy.serviceaccount': 'admin' } });
  const admin = pod({ name: 'admin', serviceAccount: 'admin' });
  const byAccount = { matchLabels: { 'io.cilium.k8s.policy.serviceaccount': 'admin' } };
  const policies = [onDb({ ingress: [{ fromEndpoints: [byAccount] }] })];
  const { ask } = asker({ pods: [...pods, liar, admin], policies, dialect });
  expect(ask(admin, db).verdict).toBe('allow');
  expect(ask(liar, db).verdict).toBe('deny');
});

test('CIL-21: a section that policyTypes leave out isolates and admits', () => {
  const spec = {
    podSelector: select('db'),
    policyTypes: ['Egress'],
    ingress: [{ from: [{ podSelector: select('web') }] }],
  };
  const { ask } = world(networkPolicy({ spec }));
  expect(ask(web, db).ingress).toMatchObject({ verdict: 'allow', isolated: true });
  expect(ask(mon, db).ingress.verdict).toBe('deny');
});

test('CIL-8: a label that identities leave out selects nothing, in NetworkPolicies too, and a CNP is warned of', () => {
  const hash = { matchLabels: { 'pod-template-hash': 'h1' } };
  const np = networkPolicy({
    spec: { podSelector: select('db'), ingress: [{ from: [{ podSelector: hash }] }] },
  });
  expect(world(np).ask(web, db).verdict).toBe('deny');
  expect(asker({ pods, policies: [np] }).ask(web, db).verdict).toBe('allow');
  expect(onDb({ ingress: [{ fromEndpoints: [hash] }] }).problems).toEqual([
    'Cilium ignores the label pod-template-hash: selecting by it matches no pod, excluding by it matches every pod',
  ]);
});

test('CIL-9: a deny beats every allow of every kind, and no grant opens it', () => {
  const guard = ccnp('pci-deny', {
    endpointSelector: select('db'),
    enableDefaultDeny: { ingress: false },
    ingressDeny: [{ fromEntities: ['world'] }, { fromEndpoints: [select('web')] }],
  });
  const admit = networkPolicy({ spec: { podSelector: select('db'), ingress: [{}] } });
  const { ask } = world(guard, admit);
  expect(ask(web, db).ingress).toMatchObject({
    verdict: 'deny',
    summary: 'pci-deny denies app=web in any namespace',
    cannotOpen: [
      'CiliumClusterwideNetworkPolicy pci-deny denies it (rule 2, ingressDeny). A NetworkPolicy cannot override a deny.',
    ],
  });
  expect(ask(mon, db).verdict).toBe('allow');
});

test('CIL-9: the own node gets in, unless a deny covers it', () => {
  expect(world(onDb({ ingress: [{}] })).ask('192.168.0.1', db).verdict).toBe('allow');
  expect(world(onDb({ ingress: [{}] })).ask('192.168.0.2', db).verdict).toBe('deny');
  expect(world(onDb({ ingressDeny: [{ fromEntities: ['host'] }] })).ask('192.168.0.1', db).verdict).toBe(
    'deny',
  );
});

test('CIL-10: without the endpoints of the API server its entity is not known', () => {
  const out = cnp('out', { endpointSelector: select('web'), egress: [{ toEntities: ['kube-apiserver'] }] });
  const { ask, model } = world(out);
  expect(ask(web, '192.168.0.2').egress).toMatchObject({
    verdict: 'undecidable',
    summary: 'the addresses of the API server are unknown',
  });
  expect(ask(web, db).verdict).toBe('deny');
  const object = {
    kind: 'EndpointSlice',
    namespace: 'default',
    name: 'k',
    service: 'kubernetes',
    addresses: ['192.168.0.2'],
  } as const;
  model.apply({ type: 'set', kind: 'endpointSlices', source: 'test', object });
  expect(ask(web, '192.168.0.2').verdict).toBe('allow');
  expect(ask(web, '203.0.113.9').verdict).toBe('deny');
});

test('CIL-11: a CIDR matches no pod, and nodes by mode only', () => {
  const out = cnp('out', {
    endpointSelector: select('web'),
    egress: [{ toCIDR: ['0.0.0.0/1', '128.0.0.0/1'] }],
  });
  expect(world(out).ask(web, '203.0.113.9').verdict).toBe('allow');
  expect(world(out).ask(web, db).verdict).toBe('deny');
  expect(world(out).ask(web, '192.168.0.2').verdict).toBe('deny');
  const modes = asker({
    pods,
    namespaces,
    nodes,
    policies: [out],
    dialect: { ...dialect, cidrMatchesNodes: true },
  });
  expect(modes.ask(web, '192.168.0.2').verdict).toBe('allow');
});

test('CIL-20: an address behind a DNS name is not known', () => {
  const out = cnp('out', {
    endpointSelector: select('web'),
    egress: [{ toFQDNs: [{ matchName: 'example.com' }] }],
  });
  expect(world(out).ask(web, '203.0.113.9').egress).toMatchObject({
    verdict: 'undecidable',
    summary: 'example.com may or may not have resolved to 203.0.113.9',
  });
  expect(world(out).ask(web, db).verdict).toBe('deny');
});

test('CIL-18: an L7 rule opens the port, and leaves the path undecided', () => {
  const rules = { http: [{ method: 'GET' }] };
  const toPorts = [{ ports: [{ port: '80', protocol: 'TCP' }], rules }];
  const { ask } = world(onDb({ ingress: [{ fromEndpoints: [select('web')], toPorts }] }));
  expect(ask(web, db)).toMatchObject({
    verdict: 'undecidable',
    ingress: {
      verdict: 'allow',
      l7: 'http',
      summary: 'p admits app=web at L4, then a proxy decides by http',
    },
  });
  expect(ask(web, db, 81).verdict).toBe('deny');
});

test('CIL-15: a NetworkPolicy opens what a CNP isolated', () => {
  const admit = networkPolicy({
    spec: { podSelector: select('db'), ingress: [{ from: [{ podSelector: select('web') }] }] },
  });
  const { ask } = world(onDb({ ingress: [{}] }), admit);
  expect(ask(web, db).verdict).toBe('allow');
  expect(ask(mon, db).verdict).toBe('deny');
});

test('the same policies do nothing where Cilium does not run', () => {
  const policies = [onDb({ ingress: [{}] })];
  expect(asker({ pods, policies, dialect: dialectOf('calico') }).ask(web, db).verdict).toBe('allow');
});

test('P10: a deny without default deny never adds an allow', () => {
  const selector = fc.constantFrom({}, select('web'), select('db'), select('mon'));
  const section = fc.array(fc.record({ fromEndpoints: fc.array(selector, { maxLength: 2 }) }), {
    minLength: 1,
    maxLength: 2,
  });
  const rule = fc.record({ endpointSelector: selector, ingress: section });
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 4 }), selector, section, (rules, subject, denied) => {
      const list = rules.map((spec, index) => cnp(`p${index}`, spec));
      const deny = ccnp('deny', {
        endpointSelector: subject,
        enableDefaultDeny: { ingress: false, egress: false },
        ingressDeny: denied,
      });
      const before = createEngine(cluster({ pods, policies: list }), dialect);
      const after = createEngine(cluster({ pods, policies: [...list, deny] }), dialect);
      for (const from of pods) {
        for (const to of pods) {
          const query = {
            from: { type: 'pod', pod: from },
            to: { type: 'pod', pod: to },
            port: 80,
            protocol: 'TCP',
          } as const;
          if (verdictOf(before, query).verdict === 'deny')
            expect(verdictOf(after, query).verdict).toBe('deny');
        }
      }
    }),
    { numRuns: 60 },
  );
});
