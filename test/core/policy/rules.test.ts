import { expect, test } from 'vitest';
import { dialectOf } from '../../../src/core/policy/enforcers/enforcers.ts';
import { validateNetworkPolicy } from '../../../src/core/policy/kinds/validate-network-policy.ts';
import type { Dialect } from '../../../src/core/policy/match/dialect.ts';
import { namespace, networkPolicy, node, pod } from '../../helpers/builders.ts';
import { asker } from './questions.ts';

const web = pod({ name: 'web' });
const api = pod({ name: 'api' });
const db = pod({
  name: 'db',
  ports: [
    { name: 'pg', port: 5432, protocol: 'TCP' },
    { name: 'stats', port: 9090, protocol: 'UDP' },
  ],
});
const mon = pod({ name: 'mon', namespace: 'ops' });
const pods = [web, api, db, mon];
const namespaces = [
  namespace({ labels: { team: 'red' } }),
  namespace({ name: 'ops', labels: { team: 'blue' } }),
];

const select = (app: string) => ({ matchLabels: { app } });
const denyAll = (types: readonly string[]) =>
  networkPolicy({ name: 'deny', spec: { podSelector: {}, policyTypes: types } });
/** One ingress policy on db. */
const onDb = (ingress: readonly unknown[], fields: { readonly name?: string } = {}) =>
  networkPolicy({ ...fields, spec: { podSelector: select('db'), policyTypes: ['Ingress'], ingress } });
/** One egress policy on web. */
const onWeb = (egress: readonly unknown[]) =>
  networkPolicy({ spec: { podSelector: select('web'), policyTypes: ['Egress'], egress } });
const world = (...policies: readonly ReturnType<typeof networkPolicy>[]) =>
  asker({ pods, namespaces, policies });

test('NP-1: a connection needs both halves, and an end that is no pod has none', () => {
  const { ask } = world(denyAll(['Egress']));
  expect(ask(web, mon)).toMatchObject({
    verdict: 'deny',
    egress: { verdict: 'deny' },
    ingress: { verdict: 'allow' },
  });
  expect(ask(mon, '203.0.113.9').verdict).toBe('allow');
  expect(ask('203.0.113.9', web)).toMatchObject({
    verdict: 'allow',
    egress: { summary: 'outside the cluster' },
  });
});

test('NP-2: no policy means open, an isolated pod is open only to what a rule admits', () => {
  expect(world().ask(web, db).ingress).toMatchObject({
    verdict: 'allow',
    isolated: false,
    summary: 'not isolated',
  });
  const { ask } = world(onDb([{ from: [{ podSelector: select('api') }] }]));
  expect(ask(api, db).ingress).toMatchObject({ verdict: 'allow', isolated: true });
  expect(ask(web, db).ingress).toMatchObject({ verdict: 'deny', isolated: true });
});

test('NP-3: ingress isolation says nothing about egress', () => {
  const { ask } = world(denyAll(['Ingress']));
  expect(ask(web, mon).verdict).toBe('allow');
  expect(ask(mon, web).verdict).toBe('deny');
});

test('NP-4: policies add up, and none takes away', () => {
  const { ask } = world(denyAll(['Ingress']), onDb([{ from: [{ podSelector: select('api') }] }]));
  expect(ask(api, db).verdict).toBe('allow');
  expect(ask(web, db).verdict).toBe('deny');
});

test('NP-5: a policy selects pods of its own namespace only, its peers may be anywhere', () => {
  const { ask } = world(
    networkPolicy({ namespace: 'ops', spec: { podSelector: {}, policyTypes: ['Ingress'] } }),
    onDb([{ from: [{ namespaceSelector: {} }] }]),
  );
  expect(ask(mon, web).verdict).toBe('allow');
  expect(ask(web, mon).verdict).toBe('deny');
  expect(ask(mon, db).verdict).toBe('allow');
});

test('NP-6: an absent and an empty podSelector select every pod of the namespace', () => {
  for (const spec of [{ policyTypes: ['Ingress'] }, { podSelector: {}, policyTypes: ['Ingress'] }]) {
    const { ask } = world(networkPolicy({ spec }));
    expect(ask(mon, web).verdict).toBe('deny');
    expect(ask(web, mon).verdict).toBe('allow');
  }
});

test('NP-7: policyTypes default to Ingress, and to Egress only where there is an egress rule', () => {
  expect(networkPolicy({ spec: {} }).isolates).toEqual({ ingress: true, egress: false });
  expect(networkPolicy({ spec: { egress: [] } }).isolates).toEqual({ ingress: true, egress: false });
  expect(networkPolicy({ spec: { policyTypes: [], egress: [{}] } }).isolates).toEqual({
    ingress: true,
    egress: true,
  });
});

test('NP-8: rules of a direction that policyTypes leave out count for nothing', () => {
  const odd = networkPolicy({
    spec: {
      podSelector: select('db'),
      policyTypes: ['Egress'],
      ingress: [{ from: [{ podSelector: select('web') }] }],
    },
  });
  expect(world(odd).ask(api, db).ingress).toMatchObject({ verdict: 'allow', isolated: false });
  expect(world(odd, denyAll(['Ingress'])).ask(web, db).ingress.verdict).toBe('deny');
});

test('NP-8: the same the other way round', () => {
  const odd = networkPolicy({
    spec: {
      podSelector: select('web'),
      policyTypes: ['Ingress'],
      egress: [{ to: [{ podSelector: select('db') }] }],
    },
  });
  expect(odd.unlisted?.egress).toHaveLength(1);
  expect(world(odd).ask(web, api).egress).toMatchObject({ verdict: 'allow', isolated: false });
  expect(world(odd, denyAll(['Egress'])).ask(web, db).egress.verdict).toBe('deny');
});

test('NP-9: both types without rules deny both', () => {
  const { ask } = world(denyAll(['Ingress', 'Egress']));
  expect(ask(mon, web).verdict).toBe('deny');
  expect(ask(web, mon).verdict).toBe('deny');
});

test('NP-10: an absent or empty list of rules admits nothing', () => {
  for (const spec of [{ policyTypes: ['Ingress'] }, { policyTypes: ['Ingress'], ingress: [] }]) {
    expect(world(networkPolicy({ spec })).ask(mon, web).ingress.summary).toBe('policy admits nothing');
  }
});

test('NP-11: an empty rule admits everything, the outside included', () => {
  const { ask } = world(onDb([{}]));
  expect(ask(mon, db).ingress).toMatchObject({ verdict: 'allow', isolated: true });
  expect(ask('203.0.113.9', db, 53, 'UDP').verdict).toBe('allow');
});

test('NP-12: absent and empty peers are everybody, the outside included', () => {
  for (const rule of [{ ports: [{ port: 80 }] }, { from: [], ports: [{ port: 80 }] }]) {
    const { ask } = world(onDb([rule]));
    expect(ask('203.0.113.9', db, 80).verdict).toBe('allow');
    expect(ask(mon, db, 81).verdict).toBe('deny');
  }
});

test('NP-13: absent and empty ports are all ports of all protocols', () => {
  for (const rule of [
    { from: [{ podSelector: select('web') }] },
    { from: [{ podSelector: select('web') }], ports: [] },
  ]) {
    expect(world(onDb([rule])).ask(web, db, 9999, 'SCTP').verdict).toBe('allow');
    expect(world(onDb([rule])).ask(api, db).verdict).toBe('deny');
  }
});

test('NP-14: peers are OR, ports are OR, both together are AND', () => {
  const { ask } = world(
    onDb([
      {
        from: [{ podSelector: select('web') }, { podSelector: select('api') }],
        ports: [{ port: 80 }, { port: 81 }],
      },
    ]),
  );
  expect(ask(api, db, 81).verdict).toBe('allow');
  expect(ask(web, db, 82).verdict).toBe('deny');
  expect(ask(mon, db, 80).verdict).toBe('deny');
});

test("NP-15: a podSelector alone means the policy's own namespace", () => {
  const other = pod({ name: 'web', namespace: 'ops' });
  const { ask } = asker({
    pods: [...pods, other],
    policies: [onDb([{ from: [{ podSelector: select('web') }] }])],
  });
  expect(ask(web, db).verdict).toBe('allow');
  expect(ask(other, db).ingress.nearMisses[0]).toMatchObject({ why: 'namespace' });
});

test('NP-16: a namespaceSelector alone means all pods of the namespaces', () => {
  const { ask } = world(onDb([{ from: [{ namespaceSelector: { matchLabels: { team: 'blue' } } }] }]));
  expect(ask(mon, db).verdict).toBe('allow');
  expect(ask(web, db).verdict).toBe('deny');
});

test('NP-17: both selectors in one item are AND, in two items OR', () => {
  const blue = { namespaceSelector: { matchLabels: { team: 'blue' } } };
  const one = world(onDb([{ from: [{ ...blue, podSelector: select('web') }] }]));
  expect(one.ask(web, db).verdict).toBe('deny');
  expect(one.ask(mon, db).verdict).toBe('deny');
  const two = world(onDb([{ from: [blue, { podSelector: select('web') }] }]));
  expect(two.ask(web, db).verdict).toBe('allow');
  expect(two.ask(mon, db).verdict).toBe('allow');
});

test('NP-18: an empty selector selects all pods, but no address outside', () => {
  const { ask } = world(onDb([{ from: [{ namespaceSelector: {} }] }]));
  expect(ask(mon, db).verdict).toBe('allow');
  expect(ask('203.0.113.9', db).verdict).toBe('deny');
});

test.each([
  ['In', ['web'], 'allow', 'deny'],
  ['NotIn', ['web'], 'deny', 'allow'],
  ['Exists', [], 'allow', 'deny'],
  ['DoesNotExist', [], 'deny', 'allow'],
])('rule 19: %s, of a pod with the label and of one without', (operator, values, labelled, bare) => {
  const plain = pod({ name: 'plain', labels: {} });
  const peer = { podSelector: { matchExpressions: [{ key: 'app', operator, values }] } };
  const { ask } = asker({ pods: [...pods, plain], policies: [onDb([{ from: [peer] }])] });
  expect(ask(web, db).verdict).toBe(labelled);
  expect(ask(plain, db).verdict).toBe(bare);
});

test('NP-19: an empty value in matchLabels needs the key', () => {
  const flagged = pod({ name: 'flagged', labels: { flag: '' } });
  const peer = { podSelector: { matchLabels: { flag: '' } } };
  const { ask } = asker({ pods: [...pods, flagged], policies: [onDb([{ from: [peer] }])] });
  expect(ask(flagged, db).verdict).toBe('allow');
  expect(ask(web, db).verdict).toBe('deny');
});

test('NP-20: a namespace is selected by its name, read or not', () => {
  const policies = [
    onDb([{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ops' } } }] }]),
  ];
  const { ask, model } = asker({ pods, policies });
  expect(ask(mon, db).verdict).toBe('allow');
  model.apply({ type: 'delete', kind: 'namespaces', source: 'test', key: 'ops' });
  expect(ask(mon, db).verdict).toBe('allow');
  expect(ask(web, db).verdict).toBe('deny');
});

test('NP-20: labels of a namespace that could not be read make no guessed verdict', () => {
  const { ask, model } = world(onDb([{ from: [{ namespaceSelector: { matchLabels: { team: 'blue' } } }] }]));
  model.apply({ type: 'delete', kind: 'namespaces', source: 'test', key: 'ops' });
  expect(ask(mon, db).ingress).toMatchObject({
    verdict: 'undecidable',
    summary: 'the labels of namespace ops are unknown',
  });
});

test('NP-21: an except is a hole, not a deny', () => {
  const block = { ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.128/25'] } };
  const holed = world(onDb([{ from: [block] }]));
  expect(holed.ask('203.0.113.9', db).verdict).toBe('allow');
  expect(holed.ask('203.0.113.200', db).verdict).toBe('deny');
  const mended = world(onDb([{ from: [block] }, { from: [{ ipBlock: { cidr: '203.0.113.200/32' } }] }]));
  expect(mended.ask('203.0.113.200', db).verdict).toBe('allow');
});

test('NP-22: whether an ipBlock matches a pod is the dialect', () => {
  const policies = [onDb([{ from: [{ ipBlock: { cidr: `${web.ips[0]}/32` } }] }])];
  expect(asker({ pods, policies }).ask(web, db).verdict).toBe('allow');
  const dialect = { ...dialectOf('spec'), ipBlockMatchesPods: 'no' as const };
  expect(asker({ pods, policies, dialect }).ask(web, db).verdict).toBe('deny');
});

test('NP-23: a peer without a field is refused in a draft, and never matches all', () => {
  const spec = { podSelector: select('db'), policyTypes: ['Ingress'], ingress: [{ from: [{}] }] };
  expect(validateNetworkPolicy({ metadata: { name: 'p' }, spec })).toEqual([
    'spec.ingress[0].from[0]: Required value: must specify a peer',
  ]);
  const policy = networkPolicy({ spec });
  expect(policy.problems).toHaveLength(1);
  expect(world(policy).ask(web, db).verdict).toBe('undecidable');
});

test('NP-24: the protocol defaults to TCP, a protocol alone is all its ports, endPort is inclusive', () => {
  const number = world(onDb([{ ports: [{ port: 53 }] }]));
  expect(number.ask(web, db, 53, 'TCP').verdict).toBe('allow');
  expect(number.ask(web, db, 53, 'UDP').ingress.nearMisses[0]).toMatchObject({ why: 'protocol' });
  const whole = world(onDb([{ ports: [{ protocol: 'UDP' }] }]));
  expect(whole.ask(web, db, 7, 'UDP').verdict).toBe('allow');
  expect(whole.ask(web, db, 7, 'TCP').verdict).toBe('deny');
  const range = world(onDb([{ ports: [{ port: 80, endPort: 82 }] }]));
  expect([79, 80, 82, 83].map((port) => range.ask(web, db, port).verdict)).toEqual([
    'deny',
    'allow',
    'allow',
    'deny',
  ]);
});

test('NP-24, NP-26: a port that the enforcer does not take is named as such', () => {
  const policies = [onDb([{ ports: [{ protocol: 'SCTP', port: 80, endPort: 82 }] }])];
  const missUnder = (fields: Partial<Dialect>) =>
    asker({ pods, policies, dialect: { ...dialectOf('spec'), ...fields } }).ask(web, db, 81, 'SCTP').ingress
      .nearMisses[0];
  expect(missUnder({ endPort: 'no' })).toMatchObject({
    text: 'admits anyone on 80-82, but endPort is ignored',
    because: 'endPort is ignored',
    edit: { type: 'add-rule', protocol: 'SCTP', port: 81 },
    otherEdit: { type: 'add-port', protocol: 'SCTP', port: 81 },
  });
  const noSctp = missUnder({ sctp: 'no' });
  expect(noSctp).toMatchObject({ text: 'admits anyone on 80-82, but SCTP ports are ignored' });
  // Any port that could be added would be one of SCTP.
  expect(noSctp?.edit).toBeUndefined();
});

test('NP-26: where SCTP ports are ignored, a peer may still be added to a rule for all ports', () => {
  const dialect = { ...dialectOf('spec'), sctp: 'no' as const };
  const { ask } = asker({ pods, policies: [onDb([{ from: [{ podSelector: select('none') }] }])], dialect });
  expect(ask(web, db, 81, 'SCTP').ingress.nearMisses[0]?.edit).toMatchObject({ type: 'add-peer' });
});

test('NP-25: a named port resolves on the destination pod, protocol included, for both halves', () => {
  for (const ask of [
    world(onDb([{ ports: [{ port: 'pg' }] }])).ask,
    world(onWeb([{ ports: [{ port: 'pg' }] }])).ask,
  ]) {
    expect(ask(web, db, 5432).verdict).toBe('allow');
    expect(ask(web, db, 5433).verdict).toBe('deny');
  }
  const mismatch = world(onDb([{ ports: [{ port: 'stats', protocol: 'TCP' }] }]));
  expect(mismatch.ask(web, db, 9090, 'TCP').verdict).toBe('deny');
  expect(world(onWeb([{ ports: [{ port: 'pg' }] }])).ask(web, '203.0.113.9', 5432).verdict).toBe('deny');
});

test('NP-26: SCTP is a protocol of its own', () => {
  const { ask } = world(onDb([{ ports: [{ port: 3868, protocol: 'SCTP' }] }]));
  expect(ask(web, db, 3868, 'SCTP').verdict).toBe('allow');
  expect(ask(web, db, 3868, 'TCP').verdict).toBe('deny');
});

test("NP-28: a pod's own node always reaches it, another node does not", () => {
  const nodes = [
    node({ name: 'node-a', ips: ['192.168.0.1'] }),
    node({ name: 'node-b', ips: ['192.168.0.2'] }),
  ];
  const { ask } = asker({ pods, nodes, policies: [denyAll(['Ingress'])] });
  expect(ask('192.168.0.1', web).ingress).toMatchObject({
    verdict: 'allow',
    summary: 'its own node always reaches it',
  });
  expect(ask('192.168.0.2', web).verdict).toBe('deny');
});

test('NP-29: a host-network pod is left open by the API: decided only where both readings agree', () => {
  const agent = pod({ name: 'agent', hostNetwork: true, ips: ['192.168.0.2'], node: 'node-b' });
  const byLabel = asker({
    pods: [...pods, agent],
    policies: [onDb([{ from: [{ podSelector: select('agent') }] }])],
  });
  expect(byLabel.ask(agent, db).ingress.verdict).toBe('undecidable');
  const closed = asker({ pods: [...pods, agent], policies: [denyAll(['Ingress'])] });
  expect(closed.ask(agent, db).ingress.verdict).toBe('deny');
  expect(closed.ask(agent, db).ingress.cannotOpen).not.toEqual([]);
  expect(closed.ask(web, agent).ingress.verdict).toBe('undecidable');
  expect(asker({ pods: [...pods, agent] }).ask(agent, db)).toMatchObject({
    verdict: 'allow',
    assumptions: expect.arrayContaining(['agent is on the host network: policies see its node']),
  });
});

test('NP-30: a pod always reaches itself', () => {
  const { ask } = world(denyAll(['Ingress', 'Egress']));
  expect(ask(web, web).verdict).toBe('allow');
  expect(ask(web, api).verdict).toBe('deny');
});

test('NP-31: replies need no rule, so only the way of the connection is asked', () => {
  const { ask } = world(onWeb([{ to: [{ podSelector: select('db') }] }]));
  expect(ask(web, db).verdict).toBe('allow');
  expect(ask(db, web).verdict).toBe('allow');
  expect(ask(web, api).verdict).toBe('deny');
});

test('NP-32: a finished pod neither has an address nor counts; a deleting one does', () => {
  const done = pod({ name: 'done', phase: 'Succeeded', ips: ['10.9.9.9'] });
  const heir = pod({ name: 'heir', ips: ['10.9.9.9'] });
  const leaving = pod({ name: 'leaving', deleting: true });
  const { ask, model } = asker({
    pods: [...pods, done, heir, leaving],
    policies: [onDb([{ from: [{ podSelector: select('heir') }, { podSelector: select('leaving') }] }])],
  });
  expect(model.podAt('10.9.9.9')).toBe(heir);
  expect(ask('10.9.9.9', db).verdict).toBe('allow');
  expect(ask(leaving, db).verdict).toBe('allow');
  expect(ask(done, db).egress).toMatchObject({
    verdict: 'undecidable',
    summary: 'done has terminated: it has no network',
  });
});

test('NP-33: each family counts for itself, and a split answer is no guess', () => {
  const dual = pod({ name: 'dual', ips: ['10.7.7.7', '2001:db8::7'] });
  const six = asker({
    pods: [...pods, dual],
    policies: [
      onDb([{ from: [{ ipBlock: { cidr: '2001:db8::/32' } }, { ipBlock: { cidr: '10.7.0.0/16' } }] }]),
    ],
  });
  expect(six.ask('2001:db8::9', db).verdict).toBe('allow');
  expect(six.ask('2001:db9::9', db).verdict).toBe('deny');
  const four = asker({
    pods: [...pods, dual],
    policies: [onDb([{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }])],
  });
  expect(four.ask('2001:db8::9', db).verdict).toBe('deny');
  const both = pod({ ...db, ips: ['10.7.7.8', '2001:db8::8'] });
  expect(four.ask(dual, db).ingress.verdict).toBe('allow');
  expect(four.ask(dual, both).ingress).toMatchObject({
    verdict: 'undecidable',
    summary: 'dual has several addresses, and policies treat them differently',
  });
});

test('NP-33: an edit holds for every family that is in use, and is no wider where one is', () => {
  const dual = pod({ name: 'dual', ips: ['10.7.7.7', '2001:db8::7'] });
  const both = pod({ ...db, ips: ['10.7.7.8', '2001:db8::8'] });
  const policies = [onDb([{ from: [{ ipBlock: { cidr: '10.7.0.0/16' } }], ports: [{ port: 80 }] }])];
  const { ask } = asker({ pods: [...pods, dual], policies });
  expect(ask(dual, both, 81).ingress.nearMisses[0]?.edit).toMatchObject({ type: 'add-rule', port: 81 });
  expect(ask(dual, db, 81).ingress.nearMisses[0]?.edit).toMatchObject({ type: 'add-port', port: 81 });
});

test('NP-34: labels count as they are now', () => {
  const { ask, model } = world(onDb([{ from: [{ podSelector: { matchLabels: { role: 'client' } } }] }]));
  expect(ask(web, db).verdict).toBe('deny');
  const labelled = { ...web, labels: { ...web.labels, role: 'client' } };
  model.apply({ type: 'set', kind: 'pods', source: 'test', object: labelled });
  expect(ask(labelled, db).verdict).toBe('allow');
});

test('NP-35: the verdict names the enforcer, and without one a deny is no verdict', () => {
  const policies = [denyAll(['Ingress'])];
  const ask = (enforcer: 'calico' | 'none') =>
    asker({ pods, policies, dialect: dialectOf(enforcer) }).ask(web, db);
  expect(ask('calico')).toMatchObject({ verdict: 'deny', assumptions: ['enforced by calico'] });
  expect(ask('none')).toMatchObject({ verdict: 'undecidable' });
  expect(ask('none').assumptions[0]).toMatch(/no known policy enforcer here/);
});
