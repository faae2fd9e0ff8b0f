import { describe, expect, test } from 'vitest';
import { networkPolicy, node, pod } from '../../../helpers/builders.ts';
import { askedWorld, ciliumPolicy, partTexts } from './world.ts';

const [web, far] = [pod({ name: 'web', node: 'a' }), pod({ name: 'far', node: 'b' })];
const nodes = [
  node({ name: 'a', ips: ['192.168.0.1'] }),
  node({ name: 'b', ips: ['192.168.0.2'] }),
  node({ name: 'cp', ips: ['192.168.0.9'] }),
];
const slice = {
  kind: 'EndpointSlice',
  namespace: 'default',
  name: 'kubernetes',
  service: 'kubernetes',
  addresses: ['192.168.0.9'],
} as const;
const admits = (entity: string) =>
  ciliumPolicy('web', { endpointSelector: {}, ingress: [{ fromEntities: [entity] }] });
const world = { pods: [web, far], nodes, slices: [slice], enforcer: 'cilium' } as const;

describe('an entity of Cilium as an end (ENF-31)', () => {
  test.each(['host', 'remote-node', 'kube-apiserver', 'health', 'ingress'])(
    '%s is admitted by its name',
    (name) => {
      const { ask } = askedWorld({ ...world, policies: [admits(name)] });
      expect(ask(name, 'web', '80')).toMatchObject({ from: name, verdict: { verdict: 'allow' } });
      expect(ask('web', name, '80').verdict.verdict).toBe('allow');
      expect(ask('192.0.2.1', 'web', '80').verdict.verdict).toBe('deny');
    },
  );

  test('is not another one', () => {
    const { ask } = askedWorld({ ...world, policies: [admits('host')] });
    const verdicts = ['host', 'remote-node', 'kube-apiserver', 'health', 'ingress', 'world'].map(
      (name) => ask(name, 'web', '80').verdict.verdict,
    );
    expect(verdicts).toEqual(['allow', 'deny', 'deny', 'deny', 'deny', 'deny']);
  });

  test('host and remote-node are seen from each pod at the other end', () => {
    const { ask } = askedWorld({ ...world, policies: [admits('world')] });
    const own = ask('host', '10.0.0.0/8', '80');
    expect(own.query).toMatchObject({ from: { ip: '192.168.0.1' }, to: { pod: { name: 'web' } } });
    expect(own.verdict.verdict).toBe('allow');
    expect(ask('remote-node', 'web', '80').query).toMatchObject({ from: { ip: '192.168.0.2' } });
  });

  test('cluster is every pod and node', () => {
    const { ask } = askedWorld({ ...world, policies: [admits('remote-node')] });
    expect(partTexts(ask('cluster', 'web', '80'))).toEqual([
      'deny shop/web, shop/far → 80',
      'allow node/a, node/b, node/cp → 80',
    ]);
  });

  test('is a node of which nothing is known where manifests have none', () => {
    const { ask } = askedWorld({ pods: [pod({ name: 'web', node: undefined })], policies: [admits('host')] });
    expect(ask('host', 'web', '80').verdict.verdict).toBe('allow');
    expect(ask('remote-node', 'web', '80').verdict.verdict).toBe('deny');
    const range = networkPolicy({
      spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '192.168.0.0/16' } }] }] },
    });
    const blocked = askedWorld({ pods: [pod({ name: 'web', node: undefined })], policies: [range] });
    expect(blocked.ask('remote-node', 'web', '80').verdict).toMatchObject({
      verdict: 'undecidable',
      ingress: { summary: 'the addresses of the nodes are unknown' },
    });
    expect(() => blocked.ask('kube-apiserver', 'web', '80')).toThrow(
      /addresses of the API server are unknown/,
    );
  });

  test('gives way to a pod of that name', () => {
    const { ask } = askedWorld({ ...world, pods: [web, pod({ name: 'host', node: 'a' })] });
    expect(ask('host', 'web', '80').query).toMatchObject({ from: { pod: { name: 'host' } } });
    expect(ask('reserved:host', 'web', '80').query).toMatchObject({ from: { ip: '192.168.0.1' } });
  });

  test('that is a node needs a pod at the other end', () => {
    const { ask } = askedWorld(world);
    expect(() => ask('host', '192.0.2.1', '80')).toThrow(/the other end must be a pod/);
  });
});
