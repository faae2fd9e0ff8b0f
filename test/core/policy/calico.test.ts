import { describe, expect, test } from 'vitest';
import { createEngine } from '../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../src/core/policy/enforcers/enforcers.ts';
import { cluster, namespace, networkPolicy, node, pod } from '../../helpers/builders.ts';
import { verdictOf } from '../../helpers/verdict-of.ts';
import { asker } from './questions.ts';

const web = pod({ name: 'web' });
const db = pod({ name: 'db', serviceAccount: 'keeper' });
const job = pod({ name: 'job', namespace: 'batch' });
const pods = [web, db, job];
const namespaces = [namespace(), namespace({ name: 'batch', labels: { team: 'data' } })];
const calico = (version?: string) => dialectOf('calico', version);

const onDb = (rule: object) =>
  networkPolicy({ spec: { podSelector: { matchLabels: { app: 'db' } }, ingress: [rule] } });
const from = (selector: object, namespaceSelector?: object) =>
  onDb({
    from: [{ podSelector: selector, ...(namespaceSelector === undefined ? {} : { namespaceSelector }) }],
  });

/** Whether web of the same namespace and job of another reach db. */
function reach(policy: ReturnType<typeof networkPolicy>, dialect = calico()) {
  const { ask } = asker({ pods, namespaces, policies: [policy], dialect });
  return [web, job].map((source) => ask(source, db).verdict);
}

describe('labels that Calico derives', () => {
  const exists = (key: string) => ({ matchExpressions: [{ key, operator: 'Exists' }] });

  test.each([
    ['projectcalico.org/orchestrator', 'k8s', ['allow', 'allow']],
    ['projectcalico.org/namespace', 'batch', ['deny', 'allow']],
    ['projectcalico.org/serviceaccount', 'default', ['allow', 'allow']],
    ['projectcalico.org/serviceaccount', 'keeper', ['deny', 'deny']],
    ['pcns.team', 'data', ['deny', 'allow']],
    ['pcns.projectcalico.org/name', 'shop', ['allow', 'deny']],
    ['pcsa.projectcalico.org/name', 'default', ['allow', 'allow']],
  ])('a podSelector sees %s=%s', (key, value, wanted) => {
    const policy = from({ matchLabels: { [key]: value } }, {});
    expect(reach(policy)).toEqual(wanted);
    expect(reach(policy, dialectOf('spec'))).toEqual(['deny', 'deny']);
  });

  test('a namespaceSelector sees the name', () => {
    const policy = from({}, { matchLabels: { 'projectcalico.org/name': 'batch' } });
    expect(reach(policy)).toEqual(['deny', 'allow']);
    expect(reach(policy, dialectOf('spec'))).toEqual(['deny', 'deny']);
  });

  test('a policy selects by them too, each service account for itself', () => {
    const policy = networkPolicy({
      spec: { podSelector: { matchLabels: { 'projectcalico.org/serviceaccount': 'keeper' } } },
    });
    const { ask } = asker({ pods, namespaces, policies: [policy], dialect: calico() });
    expect(ask(web, db).verdict).toBe('deny');
    expect(ask(db, web).verdict).toBe('allow');
  });

  test('a pod that says such a label of itself deceives nobody', () => {
    const sly = pod({ name: 'web', labels: { app: 'web', 'projectcalico.org/namespace': 'batch' } });
    const policy = from({ matchLabels: { 'projectcalico.org/namespace': 'batch' } }, {});
    const { ask } = asker({ pods: [sly, db, job], namespaces, policies: [policy], dialect: calico() });
    expect(ask(sly, db)).toMatchObject({
      verdict: 'deny',
      ingress: {
        nearMisses: [{ because: 'web has projectcalico.org/namespace=shop' }],
      },
    });
  });

  test('labels of the service account itself are not known', () => {
    const { ask } = asker({ pods, namespaces, policies: [from(exists('pcsa.tier'))], dialect: calico() });
    expect(ask(web, db)).toMatchObject({
      verdict: 'undecidable',
      ingress: { summary: 'the labels of service account default are unknown' },
    });
    expect(ask(job, db).verdict).toBe('deny');
  });

  test('they are no reason where the namespace rules them out', () => {
    const policy = onDb({
      from: [{ podSelector: exists('pcsa.tier') }, { namespaceSelector: { matchLabels: { team: 'data' } } }],
    });
    const { ask, model } = asker({ pods, namespaces, policies: [policy], dialect: calico() });
    model.apply({ type: 'delete', kind: 'namespaces', source: 'test', key: 'batch' });
    expect(ask(job, db)).toMatchObject({
      verdict: 'undecidable',
      ingress: { summary: 'the labels of namespace batch are unknown' },
    });
  });
});

describe('the port name of a native sidecar', () => {
  const side = { name: 'http', port: 81, protocol: 'TCP', sidecar: true } as const;
  const own = { name: 'http', port: 80, protocol: 'TCP' } as const;
  const ask = (version: string | undefined, port: number) =>
    asker({
      pods: [web, { ...db, ports: [side, own] }],
      policies: [onDb({ ports: [{ port: 'http' }] })],
      dialect: calico(version),
    }).ask(web, { ...db, ports: [side, own] }, port);

  test.each([
    ['3.28.5', 'deny'],
    ['3.29.0', 'allow'],
    [undefined, 'undecidable'],
  ])('stands for its number by the version: %s', (version, wanted) => {
    expect(ask(version, 81).verdict).toBe(wanted);
    expect(ask(version, 80).verdict).toBe('allow');
  });

  test('is named where it does not count', () => {
    expect(ask('3.28.5', 81).ingress.nearMisses).toMatchObject([
      {
        why: 'port',
        text: 'admits anyone on http, but port names of sidecars are ignored',
        because: 'port names of sidecars are ignored',
        edit: { type: 'add-rule', protocol: 'TCP', port: 81 },
        otherEdit: { type: 'add-port', protocol: 'TCP', port: 81 },
      },
    ]);
  });

  test('says what is not known', () => {
    expect(ask(undefined, 81).ingress.summary).toBe(
      'whether it supports port names of sidecars is not known for calico',
    );
  });
});

test('a pod on the host network is its node: no selector reaches it, none of its own policies holds', () => {
  const agent = pod({ name: 'agent', hostNetwork: true, ips: ['192.168.0.2'], node: 'node-b' });
  const nodes = [node({ name: 'node-b', ips: ['192.168.0.2'] })];
  const closed = networkPolicy({ name: 'all', spec: { policyTypes: ['Ingress', 'Egress'] } });
  const setting = { pods: [web, db, agent], nodes, dialect: calico() };
  const byLabel = asker({ ...setting, policies: [from({ matchLabels: { app: 'agent' } })] });
  expect(byLabel.ask(agent, db).verdict).toBe('deny');
  expect(asker({ ...setting, policies: [closed] }).ask('10.0.0.9', agent).verdict).toBe('allow');
  const byAddress = onDb({ from: [{ ipBlock: { cidr: '192.168.0.2/32' } }] });
  expect(asker({ ...setting, policies: [byAddress] }).ask(agent, db).verdict).toBe('allow');
});

describe('a pod that reaches itself through its Service', () => {
  const peers = (app: string) => [{ podSelector: { matchLabels: { app } } }];
  const ask = (spec: object, viaService: boolean) => {
    const policy = networkPolicy({ spec: { podSelector: { matchLabels: { app: 'db' } }, ...spec } });
    const engine = createEngine(cluster({ pods, policies: [policy] }), calico());
    const end = { type: 'pod', pod: db } as const;
    const query = { from: end, to: end, port: 80, protocol: 'TCP', viaService } as const;
    const { ingress, egress } = engine.decide(query);
    const verdict = verdictOf(engine, query);
    expect([verdict.egress.verdict, verdict.ingress.verdict]).toEqual([egress.verdict, ingress.verdict]);
    return verdict;
  };

  test.each([
    ['its ingress policies deny', { ingress: [{ from: peers('web') }] }, 'deny'],
    [
      'its egress policies deny',
      { policyTypes: ['Egress'], egress: [{ to: peers('web'), ports: [{ port: 80 }] }] },
      'deny',
    ],
    ['its policies admit it as its own peer', { ingress: [{ from: peers('db') }] }, 'allow'],
  ])('goes as %s', (_, spec, wanted) => {
    expect(ask(spec, true).verdict).toBe(wanted);
    expect(ask(spec, false).verdict).toBe('allow');
  });

  test('is told the difference on the direct way only', () => {
    const text = 'policies also filter what db sends to itself through its own Service';
    expect(ask({}, false).assumptions).toContain(text);
    expect(ask({}, true).assumptions).not.toContain(text);
  });
});
