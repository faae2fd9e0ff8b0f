import { describe, expect, test } from 'vitest';
import type { Pod } from '../../../src/core/cluster/objects.ts';
import { clusterMatrix } from '../../../src/core/policy/reach/matrix.ts';
import { namespace, networkPolicy, pod } from '../../helpers/builders.ts';
import { askedWorld } from './ends/world.ts';

const web = pod({ name: 'web' });
const db = pod({ name: 'db' });
const ambient = namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } });
const admits = (...ports: number[]) =>
  networkPolicy({
    name: 'db',
    spec: {
      podSelector: { matchLabels: { app: 'db' } },
      ingress: [{ ports: ports.map((port) => ({ port })) }],
    },
  });

type Contents = Parameters<typeof askedWorld>[0];
const asked = (contents: Contents) =>
  askedWorld({ pods: [web, db], namespaces: [ambient], ...contents }).ask('web', 'db', '5432').verdict;
const verdictOf = (contents: Contents) => asked(contents).verdict;

describe('pods in Istio ambient (ENF-32)', () => {
  test('are undecided where the port asked for and that of the tunnel differ, either way', () => {
    const closed = asked({ policies: [admits(5432)] });
    expect(closed).toMatchObject({
      verdict: 'undecidable',
      ingress: { summary: expect.stringContaining('tcp 15008 (HBONE), which is not admitted') },
    });
    expect(closed.assumptions.join()).toContain('web and db are in Istio ambient');
    expect(asked({ policies: [admits(15_008)] })).toMatchObject({
      verdict: 'undecidable',
      ingress: { summary: expect.stringContaining('tcp 15008 (HBONE), which is admitted') },
    });
  });

  test('are decided where both agree', () => {
    expect(verdictOf({ policies: [admits(5432, 15_008)] })).toBe('allow');
    expect(verdictOf({ policies: [admits(1)] })).toBe('deny');
    expect(verdictOf({})).toBe('allow');
  });

  test('hold for the way out too', () => {
    const out = networkPolicy({
      name: 'web',
      spec: {
        podSelector: { matchLabels: { app: 'web' } },
        policyTypes: ['Egress'],
        egress: [{ ports: [{ port: 5432 }] }],
      },
    });
    expect(asked({ policies: [out] })).toMatchObject({
      verdict: 'undecidable',
      ingress: { verdict: 'allow' },
    });
  });

  test('speak HBONE only to others of the mesh, and only TCP', () => {
    const shop = pod({ name: 'web', namespace: 'plain' });
    const world = askedWorld({ pods: [shop, db], namespaces: [ambient], policies: [admits(5432)] });
    expect(world.ask('plain/web', 'db', '5432').verdict.verdict).toBe('allow');
    expect(world.ask('203.0.113.7', 'db', '5432').verdict.verdict).toBe('allow');
    const udp = askedWorld({ pods: [web, db], namespaces: [ambient], policies: [admits(15_008)] });
    expect(udp.ask('web', 'db', '5432/udp').verdict.verdict).toBe('deny');
  });

  test.each<[string, Partial<Pod>, string]>([
    ['left out by its label', { labels: { app: 'db', 'istio.io/dataplane-mode': 'none' } }, 'allow'],
    ['on the host network', { hostNetwork: true }, 'allow'],
    ['with a sidecar, which may be sent HBONE', { containers: ['main', 'istio-proxy'] }, 'undecidable'],
    ['that is to get a sidecar', { labels: { app: 'db', 'sidecar.istio.io/inject': 'true' } }, 'undecidable'],
  ])('but not one %s', (_, fields, verdict) => {
    const other = pod({ name: 'db', ...fields });
    expect(verdictOf({ pods: [web, other], policies: [admits(5432)] })).toBe(verdict);
  });

  test('with sidecars on both ends keep the port', () => {
    const pods = [web, db].map((one) => ({ ...one, containers: ['main', 'istio-proxy'] }));
    expect(verdictOf({ pods, policies: [admits(5432)] })).toBe('allow');
  });

  test('behind a waypoint are undecided where a policy selects them', () => {
    const labels = { ...ambient.labels, 'istio.io/use-waypoint': 'shop-gate' };
    const behind = { namespaces: [namespace({ labels })] };
    expect(asked({ ...behind, policies: [admits(5432, 15_008)] })).toMatchObject({
      verdict: 'undecidable',
      ingress: { summary: 'Istio may carry it through waypoint shop-gate, which is then the other end' },
    });
    expect(verdictOf(behind)).toBe('allow');
  });

  test('are undecided in the matrix on the same ports', () => {
    const { engine, ask } = askedWorld({ pods: [web, db], namespaces: [ambient], policies: [admits(5432)] });
    const row = clusterMatrix(engine).find(
      ({ from, to }) => from.type === 'workload' && to.type === 'workload' && to.name === 'db',
    );
    expect(row).toMatchObject({ open: { TCP: [] }, unsure: { TCP: [[5432, 5432]] } });
    expect(ask('web', 'db', '5432').verdict.verdict).toBe('undecidable');
  });
});
