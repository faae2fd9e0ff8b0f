import { expect, test } from 'vitest';
import { parseAskedPorts } from '../../../../src/core/policy/path/asked-ports.ts';
import { pathText } from '../../../../src/core/policy/path/path-text.ts';
import { withPrices } from '../../../../src/core/policy/path/prices.ts';
import { namespace, networkPolicy, node, pod } from '../../../helpers/builders.ts';
import { type AskedWorld, askedWorld } from '../ends/world.ts';

const select = (app: string) => ({ podSelector: { matchLabels: { app } } });
const tcp = (port: number) => ({ ports: [{ protocol: 'TCP', port }] });
const udp = (port: number) => ({ ports: [{ protocol: 'UDP', port }] });
const pods = [
  pod({ name: 'web' }),
  pod({ name: 'api' }),
  pod({ name: 'db' }),
  pod({ name: 'redis', labels: { app: 'redis', tier: 'data' } }),
  pod({ name: 'job', labels: {}, namespace: 'ops' }),
  pod({ name: 'cron', namespace: 'ops' }),
];
const ingress = (name: string, app: string, ...rules: readonly unknown[]) =>
  networkPolicy({ name, spec: { ...select(app), policyTypes: ['Ingress'], ingress: rules } });
const egress = (name: string, app: string, ...rules: readonly unknown[]) =>
  networkPolicy({ name, spec: { ...select(app), policyTypes: ['Egress'], egress: rules } });

/** The suggested edits of a path, as they are shown. */
function edits(world: AskedWorld, from: string, to: string, port: string): readonly string[] {
  const lines = pathText(withPrices(world.engine, world.ask(from, to, port)), parseAskedPorts(port));
  return lines
    .join('\n')
    .replace(/\n {8}(?=\S)/g, ' ')
    .split('\n')
    .filter((line) => line.includes('edit: '))
    .map((line) => line.trim());
}

test('an edit that opens only what was asked for comes before one that opens more', () => {
  const data = networkPolicy({
    name: 'a-data',
    spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [select('api')], ...tcp(80) }] },
  });
  const world = askedWorld({
    pods,
    policies: [data, ingress('db', 'db', { from: [select('cron')], ...tcp(80) })],
  });
  expect(edits(world, 'web', 'db', '80')).toEqual([
    'edit: add app=web to rule 1 (opens 1 path)',
    'edit: add app=web to rule 1 (opens 3 paths, among them shop/web → shop/api tcp 80)',
  ]);
});

test('a port for everybody comes after a rule for the one that asks, and says whom it admits', () => {
  const world = askedWorld({
    pods,
    nodes: [node({ name: 'cp-1', ips: ['192.168.0.1'] })],
    policies: [ingress('hook', 'db', tcp(443))],
  });
  expect(edits(world, 'node/cp-1', 'db', '9443')).toEqual([
    'edit: add a rule for 192.168.0.1/32 on tcp 9443 (opens 1 path)',
    'edit: add tcp 9443 to rule 1 (admits anyone; opens 7 paths, among them outside → shop/db tcp 9443)',
  ]);
});

test('an address on every port of a rule is told with the path that it opens', () => {
  const world = askedWorld({ pods, policies: [ingress('db', 'db', { from: [{ podSelector: {} }] })] });
  expect(edits(world, '203.0.113.9', 'db', '80')).toEqual([
    'edit: add a rule for 203.0.113.9/32 on tcp 80 (opens 1 path)',
    'edit: add 203.0.113.9/32 to rule 1 (opens 1 path: 203.0.113.9 → shop/db all ports)',
  ]);
});

test('a selector that no label narrows is marked', () => {
  const world = askedWorld({
    pods,
    namespaces: [namespace({ name: 'ops' })],
    policies: [ingress('db', 'db', { from: [select('api')], ...tcp(80) })],
  });
  expect(edits(world, 'ops/job', 'db', '80')).toEqual([
    'edit: add all pods in ops to rule 1 (admits all pods in ops; opens 2 paths, among them ops/cron → shop/db tcp 80)',
  ]);
});

test.each([
  ['by number', { ports: [...udp(53).ports, ...tcp(53).ports] }],
  ['by the number behind it', udp(5353)],
  ['by name', { ports: [{ protocol: 'UDP', port: 'dns' }] }],
])('a rule kept for DNS, %s, is not widened for anything else', (_, dns) => {
  const world = askedWorld({ pods, policies: [egress('out', 'web', dns)] });
  expect(edits(world, 'web', 'db', '5432')).toEqual([
    'edit: add a rule for app=db on tcp 5432 (opens 1 path)',
  ]);
});

test('a rule kept for DNS is widened for DNS', () => {
  const world = askedWorld({ pods, policies: [egress('out', 'web', { to: [select('db')], ...udp(53) })] });
  expect(edits(world, 'web', 'db', '53/tcp')).toEqual(['edit: add tcp 53 to rule 1 (opens 1 path)']);
  expect(edits(world, 'web', 'redis', '53/udp')).toEqual(['edit: add app=redis to rule 1 (opens 1 path)']);
});

test('an edit of one half says that the other denies too', () => {
  const world = askedWorld({
    pods,
    policies: [egress('out', 'web', { to: [select('api')] }), ingress('in', 'db', { from: [select('api')] })],
  });
  expect(edits(world, 'web', 'db', '80')).toEqual([
    'edit: add app=db to rule 1 (opens nothing alone, the other half denies too)',
    'edit: add app=web to rule 1 (opens nothing alone, the other half denies too)',
  ]);
});

test('the price is data too', () => {
  const world = askedWorld({ pods, policies: [ingress('db', 'db', { from: [select('api')], ...tcp(80) })] });
  const { verdict } = withPrices(world.engine, world.ask('web', 'db', '80'));
  expect(verdict.ingress.nearMisses[0]?.edit?.price).toEqual({ opens: 1, ports: 1, text: 'opens 1 path' });
});
