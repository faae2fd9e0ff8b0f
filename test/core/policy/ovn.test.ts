import { describe, expect, test } from 'vitest';
import { namespace, networkPolicy, node, pod } from '../../helpers/builders.ts';
import { askedWorld } from './ends/world.ts';

const site = pod({ name: 'site', node: 'b' });
const router = pod({ name: 'router', namespace: 'edge', node: 'a', hostNetwork: true, ips: ['192.168.0.1'] });
const nodes = [node({ name: 'a', ips: ['192.168.0.1'] }), node({ name: 'b', ips: ['192.168.0.2'] })];
const GROUP = 'policy-group.network.openshift.io/ingress';
const host = namespace({ name: 'openshift-host-network', labels: { [GROUP]: '' } });
const edge = namespace({ name: 'edge', labels: { tier: 'edge' } });

const from = (...peers: object[]) =>
  networkPolicy({ name: 'site', spec: { podSelector: {}, ingress: [{ from: peers }] } });
const verdict = (policy: ReturnType<typeof from>, namespaces = [host, edge], source = 'edge/router') =>
  askedWorld({ pods: [site, router], nodes, namespaces, policies: [policy], enforcer: 'ovn-kubernetes' }).ask(
    source,
    'site',
    '8080',
  ).verdict;

describe('the host network on OVN-Kubernetes (ENF-34)', () => {
  test('is the namespace openshift-host-network to rules for whole namespaces', () => {
    const byGroup = { namespaceSelector: { matchLabels: { [GROUP]: '' } } };
    expect(verdict(from(byGroup)).verdict).toBe('allow');
    expect(verdict(from({ ...byGroup, podSelector: {} })).verdict).toBe('allow');
    expect(verdict(from({ namespaceSelector: {} }), undefined, 'node/a').verdict).toBe('allow');
    expect(verdict(from({ ...byGroup, podSelector: { matchLabels: { app: 'router' } } })).verdict).toBe(
      'deny',
    );
  });

  test('is not the namespace of its pods, nor any other', () => {
    expect(verdict(from({ namespaceSelector: { matchLabels: { tier: 'edge' } } }))).toMatchObject({
      verdict: 'deny',
      ingress: { cannotOpen: [expect.stringContaining('only a rule for namespace openshift-host-network')] },
    });
  });

  test('is undecided where no such namespace is known, but might be meant', () => {
    expect(verdict(from({ namespaceSelector: {} }), [edge])).toMatchObject({
      verdict: 'undecidable',
      ingress: { summary: expect.stringContaining('the host network counts as a namespace') },
    });
    expect(verdict(from({ namespaceSelector: { matchLabels: { tier: 'edge' } } }), [edge]).verdict).not.toBe(
      'allow',
    );
  });

  test('may reach pods by another address than that of its node', () => {
    expect(verdict(from({ ipBlock: { cidr: '192.168.0.0/16' } })).verdict).toBe('undecidable');
    expect(verdict(from({ ipBlock: { cidr: '203.0.113.0/24' } })).verdict).toBe('deny');
    expect(verdict(from({ ipBlock: { cidr: '0.0.0.0/0' } })).verdict).toBe('allow');
  });

  test('is admitted by an edit for that namespace, and by none for the address of a node', () => {
    const edits = (namespaces: ReturnType<typeof namespace>[]) =>
      verdict(
        from({ podSelector: { matchLabels: { app: 'other' } } }),
        namespaces,
        'node/a',
      ).ingress.nearMisses.map(({ edit }) => edit?.text);
    expect(edits([host, edge])).toEqual(['add namespace openshift-host-network to rule 1']);
    expect(edits([edge])).toEqual([undefined]);
  });

  test('says nothing of the way out', () => {
    const out = networkPolicy({
      name: 'site',
      spec: {
        podSelector: { matchLabels: { app: 'site' } },
        policyTypes: ['Egress'],
        egress: [{ to: [{ namespaceSelector: {} }] }],
      },
    });
    const world = { pods: [site, router], nodes, namespaces: [host, edge], policies: [out] };
    const { ask } = askedWorld({ ...world, enforcer: 'ovn-kubernetes' });
    expect(ask('site', 'node/a', '8080').verdict.verdict).toBe('deny');
  });
});

test('an EgressFirewall leaves open only what goes out, and no deny', () => {
  const world = askedWorld({ pods: [site, pod({ name: 'web' })], nodes });
  world.engine.setForeign([{ kind: 'OVN-Kubernetes EgressFirewall', namespace: 'shop', name: 'out' }]);
  expect(world.ask('web', '203.0.113.7', '443').verdict).toMatchObject({
    verdict: 'undecidable',
    egress: { summary: 'OVN-Kubernetes EgressFirewall shop/out may also apply' },
  });
  expect(world.ask('web', 'site', '8080').verdict.verdict).toBe('allow');
  const shut = networkPolicy({ spec: { podSelector: {}, policyTypes: ['Egress'] } });
  const closed = askedWorld({ pods: [site], nodes, policies: [shut] });
  closed.engine.setForeign([{ kind: 'OVN-Kubernetes EgressFirewall', namespace: 'shop', name: 'out' }]);
  expect(closed.ask('site', '203.0.113.7', '443').verdict.verdict).toBe('deny');
});
