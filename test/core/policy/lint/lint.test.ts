import { describe, expect, test } from 'vitest';
import type { Service } from '../../../../src/core/cluster/objects.ts';
import { createEngine } from '../../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../../src/core/policy/enforcers/enforcers.ts';
import { lint, lintServices } from '../../../../src/core/policy/lint/lint.ts';
import { LINTS } from '../../../../src/core/policy/lint/table.ts';
import type { EnforcerName } from '../../../../src/core/policy/match/dialect.ts';
import type { Policy } from '../../../../src/core/policy/model/policy.ts';
import { cluster, namespace, networkPolicy, node, pod, service } from '../../../helpers/builders.ts';
import { anp, cnp, db, dns, findings, inNamespace, mon, np, select, told, web } from './lints.ts';

const cilium = dialectOf('cilium');
const onDb = (ingress: readonly unknown[], more: Record<string, unknown> = {}) =>
  np({ podSelector: select('db'), policyTypes: ['Ingress'], ingress, ...more });
const onWeb = (egress: readonly unknown[]) =>
  np({ podSelector: select('web'), policyTypes: ['Egress'], egress });
const fromWeb = { from: [{ podSelector: select('web') }] };
const toDns = {
  to: [{ namespaceSelector: inNamespace('kube-system') }],
  ports: [{ port: 53, protocol: 'UDP' }],
};

test('every lint has an id of its own, a title, a source and a severity', () => {
  expect(new Set(LINTS.map(({ id }) => id)).size).toBe(LINTS.length);
  for (const { title, source } of LINTS) expect(`${title}${source}`.length).toBeGreaterThan(20);
});

test('a sound policy has no finding', () => {
  expect(findings([onDb([fromWeb])])).toEqual([]);
  expect(findings([cnp({ ingress: [{ fromEndpoints: [select('web')] }] })], cilium)).toEqual([]);
});

test('a finding carries policy, rule, text and fix', () => {
  expect(findings([onDb([{ from: [{ podSelector: select('wbe') }] }])])).toEqual([
    {
      id: 'peer-matches-nothing',
      severity: 'warning',
      policy: { kind: 'NetworkPolicy', namespace: 'shop', name: 'p' },
      direction: 'ingress',
      ruleIndex: 0,
      text: 'Rule 1 names app=wbe, but no running pod in shop matches; there is app=web.',
      fix: 'Fix the selector, or remove the peer if it is obsolete.',
    },
  ]);
});

test('peer-matches-nothing knows the namespace of the host network, which has no pods (ENF-34)', () => {
  const peer = (podSelector?: object) => ({
    namespaceSelector: inNamespace('openshift-host-network'),
    ...(podSelector === undefined ? {} : { podSelector }),
  });
  const world = (policy: Policy) => {
    const namespaces = [namespace({ name: 'openshift-host-network' })];
    const model = cluster({ pods: [web, db], namespaces, policies: [policy] });
    return lint(createEngine(model, dialectOf('ovn-kubernetes'))).map(({ id }) => id);
  };
  expect(world(onDb([{ from: [peer()] }]))).toEqual([]);
  expect(world(onDb([{ from: [peer(select('router'))] }]))).toEqual(['peer-matches-nothing']);
});

describe('one-dash', () => {
  const blue = { namespaceSelector: { matchLabels: { team: 'blue' } } };
  const two = (app: string, namespaces: object = blue) =>
    onDb([{ from: [namespaces, { podSelector: select(app) }] }]);

  test('two items of one list, where such pods run only in those namespaces', () => {
    expect(told('one-dash', [two('mon')])).toEqual([
      'p · ingress · 1 · Rule 1 admits all pods in namespaces team=blue and also pods app=mon in shop: they are two list items, and matching either is enough.',
    ]);
  });
  test('two items, where the first admits the second whole', () => {
    expect(told('one-dash', [two('web', { namespaceSelector: {} })])).toHaveLength(1);
  });
  test('is worth knowing where such pods run here and there', () => {
    const other = pod({ name: 'web', namespace: 'ops', ips: ['10.0.1.9'] });
    expect(findings([two('web')], undefined, [web, db, mon, other])).toMatchObject([
      { id: 'one-dash', severity: 'info' },
    ]);
  });
  test('not where such pods run beside the policy alone', () => {
    expect(told('one-dash', [two('web')])).toEqual([]);
  });
  test('not one item with both, nor items apart', () => {
    expect(told('one-dash', [onDb([{ from: [{ ...blue, podSelector: select('mon') }] }])])).toEqual([]);
    expect(told('one-dash', [onDb([{ from: [blue] }, fromWeb])])).toEqual([]);
  });
});

describe('selects-nothing', () => {
  const none = np({ podSelector: select('cache'), ingress: [{ from: [{ podSelector: select('cache') }] }] });

  test('is only worth knowing where objects may make pods out of sight', () => {
    const engine = createEngine(cluster({ pods: [web, db], policies: [none] }), dialectOf('spec'));
    const makers = [{ kind: 'HelmRelease', namespace: 'shop', name: 'cache' }];
    expect(lint(engine, { makers }).map(({ id, severity, text }) => `${id} ${severity} ${text}`)).toEqual([
      'selects-nothing info It selects app=cache, but no running pod in namespace shop matches; HelmRelease shop/cache may make such pods.',
      'peer-matches-nothing info Rule 1 names app=cache, but no running pod in shop matches; HelmRelease shop/cache may make such pods.',
    ]);
    expect(lint(engine).map(({ severity }) => severity)).toEqual(['warning', 'warning']);
  });

  test('API-16: tells labels that the workload has, but not its pods', () => {
    const owned = pod({
      name: 'web',
      owner: { kind: 'Job', namespace: 'shop', name: 'web' },
      ownerLabels: { app: 'cache' },
    });
    expect(told('selects-nothing', [none], undefined, [owned])).toEqual([
      'p · It selects app=cache, but no running pod in namespace shop matches; Job web has these labels itself, but not its pod template.',
    ]);
    expect(told('peer-matches-nothing', [none], undefined, [owned])).toEqual([
      'p · ingress · 1 · Rule 1 names app=cache, but no running pod in shop matches; Job web has these labels itself, but not its pod template.',
    ]);
  });

  test('a selector without pods, and one with host-network pods only', () => {
    const agent = pod({ name: 'agent', hostNetwork: true });
    const pods = [web, agent];
    expect(told('selects-nothing', [np({ podSelector: select('cache') })], undefined, pods)).toEqual([
      'p · It selects app=cache, but no running pod in namespace shop matches.',
    ]);
    expect(told('selects-nothing', [np({ podSelector: select('agent') })], undefined, pods)).toEqual([
      'p · It selects only host-network pods (1), and policies do not apply to those.',
    ]);
    expect(told('selects-nothing', [np({ podSelector: {} })], undefined, [mon])).toEqual([
      'p · It selects every pod in namespace shop, but there are none.',
    ]);
  });
  test('not one that selects a pod', () => {
    expect(told('selects-nothing', [np({ podSelector: select('web') })])).toEqual([]);
  });
});

describe('peer-matches-nothing', () => {
  test('NP-29: pods on the host network alone', () => {
    const ctl = pod({ name: 'ctl', namespace: 'edge', hostNetwork: true });
    const peer = { from: [{ namespaceSelector: inNamespace('edge') }] };
    expect(told('peer-matches-nothing', [onDb([peer])], undefined, [web, db, ctl])).toEqual([
      'p · ingress · 1 · Rule 1 names all pods in edge, but only host-network pods match (1), and selectors need not match those.',
    ]);
    expect(told('peer-matches-nothing', [onDb([peer])], cilium, [web, db, ctl])).toEqual([
      'p · ingress · 1 · Rule 1 names all pods in edge, but only host-network pods match (1), and cilium may see their nodes instead.',
    ]);
    const plain = pod({ name: 'plain', namespace: 'edge' });
    expect(told('peer-matches-nothing', [onDb([peer])], undefined, [web, db, ctl, plain])).toEqual([]);
  });
  test('pods that run elsewhere, and namespaces that are not', () => {
    expect(told('peer-matches-nothing', [onDb([{ from: [{ podSelector: select('mon') }] }])])).toEqual([
      'p · ingress · 1 · Rule 1 names app=mon, but such pods run only in ops.',
    ]);
    const red = { namespaceSelector: { matchLabels: { team: 'red' } } };
    expect(told('peer-matches-nothing', [onDb([fromWeb, { from: [red] }])])).toEqual([
      'p · ingress · 2 · Rule 2 names all pods in namespaces team=red, but no namespace has those labels.',
    ]);
  });
  test('not a peer with one pod', () => {
    const blue = { namespaceSelector: { matchLabels: { team: 'blue' } }, podSelector: select('mon') };
    expect(told('peer-matches-nothing', [onDb([{ from: [blue] }])])).toEqual([]);
  });
});

describe('beside a part of a cluster', () => {
  const part = (...policies: Parameters<typeof findings>[0]) =>
    findings(policies, undefined, [web, db], true).map(({ id, text }) => `${id}: ${text}`);

  test('a peer that lives elsewhere is not told, nor a policy whose pods do', () => {
    const elsewhere = { namespaceSelector: inNamespace('kube-system'), podSelector: select('dns') };
    const anywhere = { namespaceSelector: {}, podSelector: select('dns') };
    expect(part(onDb([{ from: [elsewhere, anywhere] }]))).toEqual([]);
    expect(part(networkPolicy({ name: 'q', namespace: 'away', spec: { podSelector: select('q') } }))).toEqual(
      [
        'policy-types-default: It has no rules and no policyTypes, so it denies all ingress and nothing else.',
      ],
    );
  });
  test('what is surely amiss is', () => {
    expect(part(onDb([{ from: [{ podSelector: select('wbe') }] }]))).toEqual([
      'peer-matches-nothing: Rule 1 names app=wbe, but no running pod in shop matches; there is app=web.',
    ]);
    expect(part(onDb([{ from: [{ namespaceSelector: inNamespace('shopp') }] }]))).toEqual([
      'peer-matches-nothing: Rule 1 names all pods in shopp, but there is no namespace shopp here, only shop.',
    ]);
    expect(part(np({ podSelector: select('dbb'), policyTypes: ['Ingress'] }))).toEqual([
      'selects-nothing: It selects app=dbb, but no running pod in namespace shop matches; there is app=db.',
    ]);
  });
});

test('pods that have finished come again: a peer and a subject of theirs are not told', () => {
  const job = pod({ name: 'job', phase: 'Succeeded' });
  const pods = [web, db, job];
  const policies = [
    onDb([{ from: [{ podSelector: select('job') }] }]),
    np({ podSelector: select('job') }, 'j'),
  ];
  expect(findings(policies, undefined, pods).map(({ id }) => id)).toEqual(['policy-types-default']);
});

describe('rule-matches-nothing', () => {
  test('an empty rule of Cilium', () => {
    expect(told('rule-matches-nothing', [cnp({ ingress: [{}, { fromEndpoints: [] }] })], cilium)).toEqual([
      'p · ingress · 1 · Rule 1 names no peer that could match, so it admits nothing.',
      'p · ingress · 2 · Rule 2 names no peer that could match, so it admits nothing.',
    ]);
    const toPorts = [{ ports: [] }];
    expect(
      told('rule-matches-nothing', [cnp({ ingress: [{ fromEntities: ['all'], toPorts }] })], cilium),
    ).toEqual(['p · ingress · 1 · Rule 1 names no port that could match, so it admits nothing.']);
  });
  test('not the empty rule that is a default deny', () => {
    expect(told('rule-matches-nothing', [cnp({ ingress: [{}] })], cilium)).toEqual([]);
  });
  test('not an empty rule of a NetworkPolicy, which admits everything', () => {
    expect(told('rule-matches-nothing', [onDb([{}])])).toEqual([]);
  });
});

describe('ignored-labels', () => {
  const hash = { podSelector: { matchLabels: { 'pod-template-hash': 'h1' } } };
  const notHash = {
    podSelector: { matchExpressions: [{ key: 'pod-template-hash', operator: 'NotIn', values: ['h1'] }] },
  };
  test('in a subject and in peers, selecting and excluding', () => {
    expect(told('ignored-labels', [onDb([{ from: [hash] }, { from: [notHash] }])], cilium)).toEqual([
      'p · ingress · 1 · Rule 1 selects by the label pod-template-hash, which Cilium excludes from identities: it selects no pod.',
      'p · ingress · 2 · Rule 2 selects by the label pod-template-hash, which Cilium excludes from identities: excluding by it excludes no pod.',
    ]);
    expect(told('ignored-labels', [np(hash)], cilium)[0]).toContain('It selects its pods by');
  });
  test('labels outside an allow-list', () => {
    const listed = { ...cilium, labels: 'k8s:io.kubernetes.pod.namespace k8s:team' };
    expect(told('ignored-labels', [onDb([fromWeb])], listed)).toHaveLength(2);
    expect(told('ignored-labels', [onDb([fromWeb])], { ...cilium, labels: 'app team' })).toEqual([]);
  });
  test('not where the enforcer knows all labels, nor on labels that Cilium keeps', () => {
    expect(told('ignored-labels', [onDb([{ from: [hash] }])])).toEqual([]);
    expect(told('ignored-labels', [onDb([fromWeb])], cilium)).toEqual([]);
  });
});

describe('ipblock-for-pods', () => {
  const block = (cidr: string) => onDb([{ from: [{ ipBlock: { cidr } }] }]);
  test('a range that holds pods', () => {
    expect(told('ipblock-for-pods', [block('10.0.1.0/24')])).toEqual([
      'p · ingress · 1 · Rule 1 names 10.0.1.0/24, which contains the addresses of 1 pod: after a restart, other pods will have those addresses.',
    ]);
    expect(told('ipblock-for-pods', [block('10.0.1.0/24')], cilium)).toEqual([
      'p · ingress · 1 · Rule 1 names 10.0.1.0/24, which contains the addresses of 1 pod, but cilium never matches pods by address.',
    ]);
  });
  test('not a range outside, nor everything', () => {
    expect(told('ipblock-for-pods', [block('203.0.113.0/24')])).toEqual([]);
    expect(told('ipblock-for-pods', [block('0.0.0.0/0')])).toEqual([]);
  });
});

describe('named-port-undeclared', () => {
  const named = (port: string) => onDb([{ ...fromWeb, ports: [{ port }] }]);
  test('a name that the selected pods do not declare, and one that the peers do not', () => {
    expect(told('named-port-undeclared', [named('http')])).toEqual([
      'p · ingress · 1 · Rule 1 names the port http, but db declares no tcp port of that name.',
    ]);
    const to = [{ podSelector: select('db') }];
    expect(told('named-port-undeclared', [onWeb([{ to, ports: [{ port: 'http' }] }, toDns])])).toHaveLength(
      1,
    );
  });
  test('a name that is declared with another protocol', () => {
    const resolver = pod({ name: 'db', ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] });
    expect(told('named-port-undeclared', [named('dns')], undefined, [web, resolver])).toEqual([
      'p · ingress · 1 · Rule 1 names the port dns, but db declares no tcp port of that name; db declares it as udp 53.',
    ]);
  });
  test('not a name that a pod declares, nor one of any peer', () => {
    expect(told('named-port-undeclared', [named('pg')])).toEqual([]);
    expect(told('named-port-undeclared', [onWeb([{ ports: [{ port: 'zzz' }] }])])).toEqual([]);
  });
});

describe('named-port-ambiguous', () => {
  const policy = onWeb([{ to: [{ podSelector: select('db') }], ports: [{ port: 'pg' }] }, toDns]);
  const other = pod({ name: 'db2', ports: [{ name: 'pg', port: 6432, protocol: 'TCP' }] });
  test('two numbers for one name on Cilium', () => {
    expect(told('named-port-ambiguous', [policy], cilium, [web, db, other])).toEqual([
      'p · egress · 1 · Rule 1 names the port pg, which pods in this cluster declare with different numbers: it matches nothing here.',
    ]);
  });
  test('not one number, nor another enforcer', () => {
    expect(told('named-port-ambiguous', [policy], cilium)).toEqual([]);
    expect(told('named-port-ambiguous', [policy], undefined, [web, db, other])).toEqual([]);
  });
});

describe('policy-types-default', () => {
  test('egress rules only, empty egress, and nothing at all', () => {
    expect(told('policy-types-default', [np({ podSelector: select('db'), egress: [{}] })])).toEqual([
      'p · ingress · It has only egress rules, so without policyTypes it also denies all ingress.',
    ]);
    expect(
      told('policy-types-default', [np({ podSelector: select('db'), egress: [], ingress: [{}] })]),
    ).toEqual(['p · egress · Its egress is empty, so without policyTypes egress is not restricted at all.']);
    expect(told('policy-types-default', [np({ podSelector: {} })])).toEqual([
      'p · ingress · It has no rules and no policyTypes, so it denies all ingress and nothing else.',
    ]);
  });
  test('not where the default is what the sections say, nor where types are given', () => {
    expect(told('policy-types-default', [np({ podSelector: select('db'), ingress: [fromWeb] })])).toEqual([]);
    expect(told('policy-types-default', [onWeb([{}])])).toEqual([]);
  });
});

describe('unlisted-section', () => {
  const odd = np({ podSelector: select('db'), policyTypes: ['Egress'], ingress: [fromWeb], egress: [{}] });
  test('rules that policyTypes leaves out', () => {
    expect(told('unlisted-section', [odd])).toEqual([
      'p · ingress · policyTypes does not list Ingress, which disables its 1 ingress rule.',
    ]);
    expect(told('unlisted-section', [odd], cilium)[0]).toContain('cilium applies its');
  });
  test('not listed ones', () => {
    expect(told('unlisted-section', [onDb([fromWeb])])).toEqual([]);
  });
});

describe('no-dns', () => {
  const toDb = { to: [{ podSelector: select('db') }] };
  test('egress isolated with rules, none of them for DNS', () => {
    expect(told('no-dns', [onWeb([toDb])])).toEqual([
      'p · egress · It isolates the egress of web, but no policy admits DNS (udp 53): names will not resolve.',
    ]);
  });
  test('not where a policy admits DNS, nor where egress is open', () => {
    expect(told('no-dns', [onWeb([toDb, toDns])])).toEqual([]);
    expect(
      told('no-dns', [
        onWeb([toDb]),
        np({ podSelector: {}, policyTypes: ['Egress'], egress: [toDns] }, 'dns'),
      ]),
    ).toEqual([]);
    expect(told('no-dns', [onDb([fromWeb])])).toEqual([]);
  });
  test('not where nothing is admitted at all, nor single addresses only', () => {
    expect(told('no-dns', [onWeb([])])).toEqual([]);
    const to = (cidr: string) => [onWeb([{ to: [{ ipBlock: { cidr } }] }])];
    expect(told('no-dns', to('203.0.113.7/32'))).toEqual([]);
    expect(told('no-dns', to('203.0.113.0/24'))).toHaveLength(1);
  });
  test('is told of the policy that admits, not of the default deny beside it', () => {
    const deny = np({ podSelector: {}, policyTypes: ['Egress'] }, 'deny');
    expect(told('no-dns', [deny, onWeb([toDb])])).toHaveLength(1);
  });
  test('names the port on which the resolver listens', () => {
    const dnsDefault = service({
      name: 'dns-default',
      namespace: 'openshift-dns',
      selector: { app: 'dns' },
      ports: [{ port: 53, targetPort: 5353, protocol: 'UDP' }],
    });
    const resolver = pod({ name: 'dns', namespace: 'openshift-dns' });
    const model = cluster({ pods: [web, db, resolver], services: [dnsDefault], policies: [onWeb([toDb])] });
    expect(lint(createEngine(model, dialectOf('spec'))).map(({ fix }) => fix)).toEqual([
      "Admit UDP and TCP port 5353 to the cluster's DNS: its pods in openshift-dns listen on 5353, not on 53.",
    ]);
  });
  test('without a resolver in sight, a rule without ports for pods of its own namespace is not', () => {
    expect(told('no-dns', [onWeb([toDb])], undefined, [web, db])).toHaveLength(1);
    const anywhere = { to: [{ namespaceSelector: {} }] };
    expect(told('no-dns', [onWeb([anywhere])], undefined, [web, db])).toEqual([]);
  });
  test('without a resolver in sight, a rule for port 53 is enough', () => {
    const any53 = { ports: [{ port: 53, protocol: 'UDP' }] };
    expect(told('no-dns', [onWeb([any53])], undefined, [web, db])).toEqual([]);
    expect(told('no-dns', [onWeb([{ ports: [{ port: 80 }] }])], undefined, [web, db])).toHaveLength(1);
  });
});

describe('peer-undone', () => {
  const notBlue = {
    namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['blue'] }] },
  };
  test('a peer beside one for everybody', () => {
    expect(told('peer-undone', [onDb([{ from: [notBlue, { namespaceSelector: {} }] }])])).toEqual([
      'p · ingress · 1 · Rule 1: peer 2 admits all pods in any namespace, so peer 1 (all pods in namespaces team!=blue) leaves nobody out.',
    ]);
    const all = onDb([{ from: [{ podSelector: {} }, { podSelector: select('web') }] }]);
    expect(findings([all]).filter(({ id }) => id === 'peer-undone')).toMatchObject([
      { severity: 'info', text: expect.stringContaining('so peer 2 (app=web) adds nothing') },
    ]);
  });
  test('an exception that another rule admits, on the same ports', () => {
    const but = { ipBlock: { cidr: '10.0.0.0/8', except: ['10.9.0.0/16'] } };
    const hole = { ipBlock: { cidr: '10.9.0.0/16' } };
    expect(told('peer-undone', [onDb([{ from: [but] }, { from: [hole] }])])).toEqual([
      'p · ingress · 1 · 10.0.0.0/8 leaves out 10.9.0.0/16, but rule 2 admits 10.9.0.0/16, which contains it.',
    ]);
    const apart = onDb([
      { from: [but], ports: [{ port: 80 }] },
      { from: [hole], ports: [{ port: 81 }] },
    ]);
    expect(told('peer-undone', [apart])).toEqual([]);
  });
  test('not peers that differ', () => {
    expect(told('peer-undone', [onDb([{ from: [notBlue, { podSelector: select('web') }] }])])).toEqual([]);
  });
});

describe('service-port', () => {
  const hook = service({
    name: 'hook',
    selector: { app: 'db' },
    ports: [{ port: 443, targetPort: 9443, protocol: 'TCP' }],
  });
  const found = (policy: Policy) =>
    lint(
      createEngine(cluster({ pods: [web, db], services: [hook], policies: [policy] }), dialectOf('spec')),
    ).flatMap(({ id, text }) => (id === 'service-port' ? [text] : []));
  test('a rule of either half with the port of the Service alone', () => {
    const text = 'Rule 1 names tcp 443: 443 is the port of Service shop/hook, its pods listen on tcp 9443.';
    expect(found(onDb([{ ...fromWeb, ports: [{ port: 443 }] }]))).toEqual([text]);
    expect(found(onWeb([{ to: [{ podSelector: select('db') }], ports: [{ port: 443 }] }]))).toEqual([text]);
  });
  test('not where the port of the pods is there too, nor for other pods', () => {
    expect(found(onDb([{ ...fromWeb, ports: [{ port: 443 }, { port: 9443 }] }]))).toEqual([]);
    expect(found(onDb([{ ...fromWeb, ports: [{ port: 5432 }] }]))).toEqual([]);
    expect(found(np({ podSelector: select('web'), ingress: [{ ports: [{ port: 443 }] }] }))).toEqual([]);
  });
});

describe('service-address', () => {
  const model = (policy: Policy) =>
    cluster({
      pods: [web, db],
      nodes: [node({ name: 'cp-1', ips: ['172.18.0.2'] })],
      services: [service({ name: 'db', clusterIPs: ['10.96.0.1'] })],
      policies: [policy],
    });
  const found = (cidr: string, dialect = dialectOf('spec')) =>
    lint(createEngine(model(onWeb([{ to: [{ ipBlock: { cidr } }] }])), dialect)).flatMap(({ id, text }) =>
      id === 'service-address' ? [text] : [],
    );
  test('the address of a Service', () => {
    expect(found('10.96.0.1/32')).toEqual([
      'Rule 1 names 10.96.0.1, the address of Service shop/db: policies see the addresses behind it.',
    ]);
    expect(found('203.0.113.9/32')).toEqual([]);
  });
  test('the address of a node, where the enforcer matches none by address', () => {
    expect(found('172.18.0.2/32', cilium)).toEqual([
      'Rule 1 names 172.18.0.2, the address of node cp-1: cilium matches no node by its address.',
    ]);
    expect(found('172.18.0.2/32')).toEqual([]);
  });
});

describe('namespace-label', () => {
  const by = (labels: object) => onDb([{ from: [{ namespaceSelector: { matchLabels: labels } }] }]);
  test('a name label that the namespace of that name does not have', () => {
    expect(told('namespace-label', [by({ name: 'ops' })])).toEqual([
      'p · ingress · 1 · Rule 1 names namespaces name=ops, but namespace ops has no label name.',
    ]);
  });
  test('not another label, nor the name of no namespace', () => {
    expect(told('namespace-label', [by({ team: 'ops' })])).toEqual([]);
    expect(told('namespace-label', [by({ name: 'gone' })])).toEqual([]);
  });
});

describe('egress-shut', () => {
  test('ingress rules beside a type without rules', () => {
    const both = { policyTypes: ['Ingress', 'Egress'] };
    expect(told('egress-shut', [onDb([fromWeb], both)])).toHaveLength(1);
    expect(told('egress-shut', [onDb([fromWeb])])).toEqual([]);
    expect(told('egress-shut', [onDb([], both)])).toEqual([]);
    expect(told('egress-shut', [onDb([fromWeb], { ...both, egress: [toDns] })])).toEqual([]);
  });
});

describe('shadowed-rule', () => {
  test('a rule that leaves some out, beside one that admits them', () => {
    const notDb = { podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['mon'] }] } };
    const rules = onDb([{ from: [notDb] }, { from: [{ podSelector: {} }] }]);
    expect(findings([rules]).filter(({ id }) => id === 'shadowed-rule')).toMatchObject([
      {
        severity: 'warning',
        text: 'Rule 1 leaves some peers out, but rule 2 undoes that: it admits them too.',
      },
    ]);
  });
  test('a rule that a wider one covers, in the policy and in another', () => {
    expect(told('shadowed-rule', [onDb([{ ...fromWeb, ports: [{ port: 5432 }] }, fromWeb])])).toEqual([
      'p · ingress · 1 · Rule 1 adds nothing to rule 2.',
    ]);
    const wide = np({ podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] }, 'wide');
    expect(told('shadowed-rule', [onDb([fromWeb]), wide])).toEqual([
      'p · ingress · 1 · Rule 1 adds nothing to NetworkPolicy wide.',
    ]);
  });
  test('an allow that a deny covers', () => {
    const deny = cnp(
      { ingressDeny: [{ fromEndpoints: [select('web')] }], enableDefaultDeny: { ingress: false } },
      'deny',
    );
    const allow = cnp(
      { ingress: [{ fromEndpoints: [{ matchLabels: { app: 'web', tier: 'a' } }] }] },
      'allow',
    );
    expect(told('shadowed-rule', [deny, allow], cilium)).toEqual([
      'allow · ingress · 1 · Rule 1 admits only what CiliumNetworkPolicy deny denies, and a deny overrides every allow.',
    ]);
  });
  test('a rule behind a wider one of its tier', () => {
    const ordered = (...actions: readonly string[]) =>
      anp(
        'a',
        5,
        actions.map((action) => ({ action, from: [{ namespaces: {} }] })),
      );
    expect(told('shadowed-rule', [ordered('Allow', 'Deny', 'Allow')])).toEqual([
      'a · ingress · 2 · Rule 2 is never reached: rule 1 decides everything that it matches, with the action allow instead of deny.',
      'a · ingress · 3 · Rule 3 is never reached: rule 1 decides everything that it matches, with the same action.',
    ]);
    expect(findings([ordered('Allow', 'Deny')])).toMatchObject([{ severity: 'warning' }]);
  });
  test('not rules that differ, nor a wider one on fewer pods', () => {
    expect(told('shadowed-rule', [onDb([fromWeb, { from: [{ podSelector: select('db') }] }])])).toEqual([]);
    const all = np({ podSelector: {}, policyTypes: ['Ingress'], ingress: [fromWeb] }, 'all');
    const one = np({ podSelector: select('db'), policyTypes: ['Ingress'], ingress: [{}] }, 'one');
    expect(told('shadowed-rule', [all, one])).toEqual([]);
  });
});

describe('no-effect', () => {
  const bare = (name: string) => np({ podSelector: select('db'), policyTypes: ['Ingress'] }, name);
  test('a policy that others say whole, and the later of two bare ones', () => {
    const all = np({ podSelector: {}, policyTypes: ['Ingress'], ingress: [fromWeb] }, 'all');
    expect(told('no-effect', [onDb([fromWeb]), all])).toEqual([
      'p · Other policies isolate the same pods and admit everything that it admits.',
    ]);
    expect(told('no-effect', [bare('a'), bare('b')])).toHaveLength(1);
    const whole = np({ podSelector: {}, policyTypes: ['Ingress'] }, 'whole');
    expect(told('no-effect', [bare('a'), whole])).toEqual([
      'a · Other policies isolate the same pods and admit everything that it admits.',
    ]);
  });
  test('not a default deny beside policies that admit', () => {
    const deny = np({ podSelector: {}, policyTypes: ['Ingress'] }, 'deny');
    const admits = (app: string) => np({ podSelector: select(app), ingress: [fromWeb] }, app);
    expect(told('no-effect', [deny, admits('web'), admits('db')], undefined, [web, db])).toEqual([]);
  });
  test('not one that isolates a pod alone, nor one that admits more', () => {
    expect(told('no-effect', [bare('a')])).toEqual([]);
    expect(told('no-effect', [bare('a'), onDb([fromWeb])]).filter((text) => text.startsWith('p'))).toEqual(
      [],
    );
  });
});

describe('not-enforced', () => {
  test('a kind that the enforcer does not know, one that it may know, and no enforcer', () => {
    expect(told('not-enforced', [cnp({ ingress: [{}] })], dialectOf('calico'))).toEqual([
      'p · calico does not enforce CiliumNetworkPolicy.',
    ]);
    expect(told('not-enforced', [anp('a', 1, 'Deny')], dialectOf('calico'))).toEqual([
      'a · Whether calico enforces AdminNetworkPolicy depends on its version and flags.',
    ]);
    expect(told('not-enforced', [onDb([])], dialectOf('none'))).toHaveLength(1);
  });
  test('not a kind that is enforced', () => {
    expect(told('not-enforced', [onDb([])], dialectOf('calico'))).toEqual([]);
  });
});

describe('priority-tie', () => {
  test('one priority, other actions', () => {
    expect(told('priority-tie', [anp('a', 5, 'Deny'), anp('b', 5, 'Allow')])).toEqual([
      'a · ingress · 1 · Rule 1 and AdminNetworkPolicy b both have priority 5 and select the same pods, but their actions differ: which one wins is undefined.',
      'b · ingress · 1 · Rule 1 and AdminNetworkPolicy a both have priority 5 and select the same pods, but their actions differ: which one wins is undefined.',
    ]);
  });
  test('not other priorities, nor the same action', () => {
    expect(told('priority-tie', [anp('a', 5, 'Deny'), anp('b', 6, 'Allow')])).toEqual([]);
    expect(told('priority-tie', [anp('a', 5, 'Deny'), anp('b', 5, 'Deny')])).toEqual([]);
  });
});

describe('invalid', () => {
  test('a Cilium object that enforces nothing is told and looked at no further', () => {
    const found = findings([cnp({ ingress: [] })], cilium);
    expect(found.map(({ id, severity }) => [id, severity])).toEqual([['invalid', 'error']]);
    expect(found[0]?.text).toMatch(/^It has no effect: Cilium rejects it: a rule must have/);
  });
  test('a NetworkPolicy with a peer that cannot be read', () => {
    expect(told('invalid', [onDb([{ from: [{}] }])])[0]).toMatch(
      /It is only partly valid: spec.ingress\[0\]/,
    );
  });
  test('not a sound one', () => {
    expect(told('invalid', [cnp({ ingress: [{ fromEntities: ['all'] }] })], cilium)).toEqual([]);
  });
});

describe('services-find-nothing', () => {
  const to = (serviceName: string, more: Record<string, unknown> = {}) =>
    cnp({
      egress: [{ toServices: [{ k8sService: { serviceName, namespace: 'shop' } }], ...more }],
    });
  test('with ports it opens them to anybody, without it admits nothing', () => {
    const toPorts = [{ ports: [{ port: '5432', protocol: 'TCP' }] }];
    expect(told('services-find-nothing', [to('bd', { toPorts })], cilium)).toEqual([
      'p · egress · 1 · Rule 1 names services shop/bd, which matches no service with endpoints: Cilium then opens its ports to any peer, including the world.',
    ]);
    expect(told('services-find-nothing', [to('bd')], cilium)[0]).toContain('it admits nothing');
  });
  test('not a service that is there', () => {
    expect(told('services-find-nothing', [to('db')], cilium)).toEqual([]);
  });
});

describe('misplaced-field (ENF-35)', () => {
  const dns = { ports: [{ port: '53', protocol: 'UDP' }] };
  const of = (fields: Record<string, unknown>) => told('misplaced-field', [cnp(fields)], cilium);

  test('toPorts indented into a peer, where the rule then admits every port', () => {
    expect(of({ egress: [{ toEndpoints: [{ ...select('web'), toPorts: [dns] }] }] })).toEqual([
      'p · egress[0].toEndpoints[0] has the field toPorts, which does not exist there: it is dropped, and the rule is read without it.',
    ]);
    const named = cnp({ egress: [{ toFQDNs: [{ matchName: 'a.example', toPorts: [dns] }] }] });
    expect(findings([named], cilium)).toContainEqual(
      expect.objectContaining({ id: 'misplaced-field', fix: expect.stringContaining('Move toPorts') }),
    );
  });
  test('labels without matchLabels, where the selector then selects everything', () => {
    expect(of({ ingress: [{ fromEndpoints: [{ app: 'web' }] }] })).toHaveLength(1);
    expect(of({ endpointSelector: { app: 'db' }, ingress: [{}] })).toHaveLength(1);
  });
  test('rules among the ports, peers among toPorts or beside the sections', () => {
    expect(of({ egress: [{ toPorts: [{ ports: [{ port: '53', rules: { dns: [] } }] }] }] })).toHaveLength(1);
    expect(of({ egress: [{ toPorts: [{ ...dns, toEndpoints: [select('web')] }] }] })).toHaveLength(1);
    expect(of({ ingress: [{}], fromEndpoints: [select('web')] })).toHaveLength(1);
  });
  test('nothing where every field has its place, nor for fields of later releases', () => {
    const toPorts = [
      { ports: [{ port: '80', endPort: 90 }], rules: { http: [{ method: 'GET' }] }, serverNames: ['a'] },
    ];
    const ingress = [{ fromEndpoints: [select('web')], toPorts }];
    expect(of({ ingress, description: 'x', tier: 'Admin' })).toEqual([]);
    expect(of({ egress: [{ toCIDRSet: [{ cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] }] }] })).toEqual([]);
  });
});

/** What one lint finds in a cluster of its own. */
function foundIn(id: string, contents: Parameters<typeof cluster>[0], enforcer: EnforcerName = 'spec') {
  const findings = lint(createEngine(cluster(contents), dialectOf(enforcer)));
  return findings.filter((finding) => finding.id === id).map(({ text }) => text);
}

describe('hbone-port (ENF-32)', () => {
  const namespaces = [namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } })];
  const found = (policies: readonly Policy[]) =>
    foundIn('hbone-port', { pods: [web, db, mon], namespaces, policies });

  test('a port of ambient pods without that of the tunnel', () => {
    expect(found([onDb([{ ...fromWeb, ports: [{ port: 5432 }] }])])).toEqual([
      'db is in Istio ambient, where connections within the mesh arrive on tcp 15008 (HBONE), and no rule admits that port.',
    ]);
  });
  test('not where some rule admits it, all ports or only clients outside, nor for other pods', () => {
    const one = onDb([{ ...fromWeb, ports: [{ port: 5432 }] }]);
    const tunnel = np({ podSelector: {}, ingress: [{ ports: [{ port: 15_008 }] }] }, 'hbone');
    expect(found([one, tunnel])).toEqual([]);
    expect(found([onDb([fromWeb])])).toEqual([]);
    expect(
      found([onDb([{ from: [{ ipBlock: { cidr: '203.0.113.0/24' } }], ports: [{ port: 5432 }] }])]),
    ).toEqual([]);
    expect(foundIn('hbone-port', { pods: [web, db], policies: [one] })).toEqual([]);
  });
});

describe('client-address (ENF-30)', () => {
  const office = { from: [{ ipBlock: { cidr: '198.51.100.0/24' } }] };
  const found = (fields: Partial<Service>, ingress: readonly object[] = [office]) =>
    foundIn('client-address', { pods: [db], services: [service(fields)], policies: [onDb(ingress)] });

  test('clients by address behind a Service that may replace it', () => {
    expect(found({ type: 'LoadBalancer', externalTrafficPolicy: 'Cluster' })).toEqual([
      'Rule 1 names 198.51.100.0/24, but Service shop/db has externalTrafficPolicy Cluster: its clients may arrive with the address of a node.',
    ]);
  });
  test('not with Local, inside the cluster alone, nor for everybody', () => {
    expect(found({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' })).toEqual([]);
    expect(found({})).toEqual([]);
    const anybody = [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }];
    expect(found({ type: 'NodePort', externalTrafficPolicy: 'Cluster' }, anybody)).toEqual([]);
  });
});

describe('service-selector (ENF-33)', () => {
  const inner = pod({ name: 'db', labels: { app: 'db', ring: 'inner' } });
  const found = (egress: readonly object[], enforcer: EnforcerName = 'aws-vpc-cni') =>
    foundIn(
      'service-selector',
      { pods: [web, inner], services: [service()], policies: [onWeb(egress)] },
      enforcer,
    );
  const to = (labels: object) => ({ to: [{ podSelector: { matchLabels: labels } }] });

  test('labels of the pods that the Service does not select by', () => {
    expect(found([to({ ring: 'inner' })])).toEqual([
      'Rule 1 names ring=inner, but Service shop/db selects app=db: aws-vpc-cni does not admit the Service by other labels.',
    ]);
  });
  test('not by its own labels, beside its address, nor for other enforcers', () => {
    expect(found([to({ app: 'db' })])).toEqual([]);
    const [ip = ''] = service().clusterIPs;
    expect(found([to({ ring: 'inner' }), { to: [{ ipBlock: { cidr: `${ip}/32` } }] }])).toEqual([]);
    expect(found([to({ ring: 'inner' }), { ports: [{ port: 53 }] }])).toHaveLength(1);
    expect(found([to({ ring: 'inner' })], 'calico')).toEqual([]);
  });
});

describe('dns-cache (ENF-36)', () => {
  const cache = pod({
    name: 'node-local-dns-1',
    namespace: 'kube-system',
    labels: { 'k8s-app': 'node-local-dns' },
    hostNetwork: true,
  });
  const found = (egress: readonly object[], pods = [web, dns, cache]) =>
    foundIn('dns-cache', { pods, policies: [onWeb(egress)] });

  test('DNS admitted to the pods of the resolver alone', () => {
    expect(found([toDns])).toEqual([
      'Rule 1 admits DNS, but node-local-dns answers on the node of web, at 169.254.20.10, which no rule admits.',
    ]);
  });
  test('not where the cache is admitted, or none runs', () => {
    expect(found([toDns, { to: [{ ipBlock: { cidr: '169.254.20.10/32' } }] }])).toEqual([]);
    expect(found([toDns], [web, dns])).toEqual([]);
  });
});

describe('one-family (NP-33)', () => {
  const dual = pod({ name: 'web', ips: ['10.0.0.9', 'fd00::9'] });
  const found = (blocks: readonly string[], pods = [dual]) =>
    foundIn('one-family', {
      pods,
      policies: [onWeb([{ to: blocks.map((cidr) => ({ ipBlock: { cidr } })) }])],
    });

  test('0.0.0.0/0 for pods that have IPv6 too', () => {
    expect(found(['0.0.0.0/0'])).toEqual([
      'Rule 1 names 0.0.0.0/0, but web also has an address of the other family, which it does not hold.',
    ]);
  });
  test('not with both families, nor for pods of one, nor for a part of the addresses', () => {
    expect(found(['0.0.0.0/0', '::/0'])).toEqual([]);
    expect(found(['0.0.0.0/0'], [web])).toEqual([]);
    expect(found(['203.0.113.0/24'])).toEqual([]);
  });
});

describe('enforcers-differ (NP-22, CIL-11)', () => {
  const found = (peers: readonly object[], enforcer: EnforcerName = 'spec') =>
    foundIn('enforcers-differ', { pods: [web, db], policies: [onWeb([{ to: peers }])] }, enforcer);
  const all = { ipBlock: { cidr: '0.0.0.0/0', except: ['169.254.169.254/32'] } };

  test('every address, where the enforcer is not named', () => {
    expect(found([all])).toEqual([
      'Rule 1 names 0.0.0.0/0 except 169.254.169.254/32: Calico also matches pods by it, Cilium matches none.',
    ]);
  });
  test('not beside pods, nor where the enforcer is', () => {
    expect(found([all, { namespaceSelector: {} }])).toEqual([]);
    expect(found([all], 'cilium')).toEqual([]);
    expect(found([{ ipBlock: { cidr: '203.0.113.0/24' } }])).toEqual([]);
  });
});

describe('lints of Services', () => {
  const found = (one: Service, pods = [db]) => {
    const model = cluster({ pods, services: [one], policies: [onDb([])] });
    return lintServices(createEngine(model, dialectOf('spec'))).map(({ id, severity, text }) => [
      id,
      severity,
      text,
    ]);
  };

  test('a selector that finds no pod', () => {
    expect(found(service({ selector: { app: 'bd' } }))).toEqual([
      [
        'service-without-pods',
        'warning',
        'It selects app=bd, but no running pod in shop matches; there is app=db.',
      ],
    ]);
  });
  test('a targetPort by a name that no pod declares', () => {
    const ports = [{ port: 80, targetPort: 'http', protocol: 'TCP' }] as const;
    expect(found(service({ ports }))).toEqual([
      [
        'target-port-undeclared',
        'error',
        'Its port 80 leads to http (tcp), which none of its pods declares: they declare 5432.',
      ],
    ]);
  });
  test('a targetPort by another number than the pods declare is worth knowing', () => {
    const ports = [{ port: 80, targetPort: 8080, protocol: 'TCP' }] as const;
    expect(found(service({ ports }))).toEqual([['target-port-undeclared', 'info', expect.any(String)]]);
    expect(found(service({ ports }), [pod({ name: 'db' })])).toEqual([]);
  });
  test('nothing of a sound one, of one without selector, nor where no policy is', () => {
    expect(found(service())).toEqual([]);
    expect(found(service({ selector: undefined }))).toEqual([]);
    expect(found(service({ namespace: 'ops', selector: { app: 'x' } }), [db, mon])).toEqual([]);
  });
});

test('selects-nothing says where such pods run', () => {
  expect(told('selects-nothing', [np({ podSelector: select('mon') })])).toEqual([
    'p · It selects app=mon, but such pods run only in ops, and a policy selects pods of its own namespace.',
  ]);
});

test('no-dns says where only the protocol is missing', () => {
  const tcp = { to: toDns.to, ports: [{ port: 53 }] };
  expect(told('no-dns', [onWeb([tcp])])).toEqual([
    'p · egress · It isolates the egress of web, and port 53 is admitted for TCP alone: names will not resolve.',
  ]);
});

describe('blank-peers', () => {
  const toPorts = [{ ports: [{ port: '443', protocol: 'TCP' }] }];
  test('empty toFQDNs, and toServices in a deny', () => {
    expect(told('blank-peers', [cnp({ egress: [{ toFQDNs: [], toPorts }] })], cilium)).toEqual([
      'p · egress · 1 · toFQDNs of rule 1 (egress) is empty and counts as absent: the rule admits any peer on its ports.',
    ]);
    const toServices = [{ k8sService: { serviceName: 'db', namespace: 'shop' } }];
    expect(told('blank-peers', [cnp({ egressDeny: [{ toServices, toPorts }] })], cilium)).toEqual([
      'p · egress · 1 · toServices of rule 1 (egressDeny) is never resolved in a deny rule: the rule denies any peer on its ports.',
    ]);
  });
  test('not lists that name something', () => {
    expect(
      told('blank-peers', [cnp({ egress: [{ toFQDNs: [{ matchName: 'a.example' }], toPorts }] })], cilium),
    ).toEqual([]);
  });
});

describe('deny-isolates', () => {
  const deny = { ingressDeny: [{ fromEndpoints: [select('web')] }] };
  test('deny rules alone', () => {
    expect(told('deny-isolates', [cnp(deny)], cilium)).toEqual([
      'p · ingress · It has only deny rules for ingress, so everything else is denied as well.',
    ]);
  });
  test('not where default deny is off, nor beside an allow', () => {
    expect(told('deny-isolates', [cnp({ ...deny, enableDefaultDeny: { ingress: false } })], cilium)).toEqual(
      [],
    );
    expect(told('deny-isolates', [cnp(deny), onDb([fromWeb])], cilium)).toEqual([]);
  });
});

describe('fqdn-without-dns-rule', () => {
  const names = { toFQDNs: [{ matchName: 'a.example' }] };
  test('names that no proxy can learn', () => {
    expect(told('fqdn-without-dns-rule', [cnp({ egress: [names] })], cilium)).toEqual([
      'p · egress · 1 · Rule 1 uses DNS names, but no policy on db has a DNS rule, so Cilium never learns their addresses.',
    ]);
  });
  test('not beside a DNS rule', () => {
    const proxied = {
      toEntities: ['cluster'],
      toPorts: [{ ports: [{ port: '53', protocol: 'ANY' }], rules: { dns: [{ matchPattern: '*' }] } }],
    };
    expect(told('fqdn-without-dns-rule', [cnp({ egress: [names, proxied] })], cilium)).toEqual([]);
  });
});

describe('l7-widened', () => {
  const ports = [{ port: '80', protocol: 'TCP' }];
  const http = { fromEndpoints: [select('web')], toPorts: [{ ports, rules: { http: [{ method: 'GET' }] } }] };
  test('a plain rule of the same reach', () => {
    const plain = cnp({ ingress: [{ fromEndpoints: [select('web')], toPorts: [{ ports }] }] }, 'plain');
    expect(told('l7-widened', [cnp({ ingress: [http] }), plain], cilium)).toEqual([
      'p · ingress · 1 · Rule 1 restricts requests by http, but plain admits the same peers on the same ports without that: every request is allowed.',
    ]);
  });
  test('not alone', () => {
    expect(told('l7-widened', [cnp({ ingress: [http] })], cilium)).toEqual([]);
  });
});

test('findings of one policy come gravest first', () => {
  const policy = np({
    podSelector: select('db'),
    policyTypes: ['Egress'],
    ingress: [fromWeb],
    egress: [{ to: [{ podSelector: select('db') }] }],
  });
  expect(
    findings([policy], undefined, [web, db, dns]).map(({ id, severity }) => `${severity} ${id}`),
  ).toEqual(['error unlisted-section', 'warning no-dns']);
});
