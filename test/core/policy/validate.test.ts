import { expect, test } from 'vitest';
import { validateNetworkPolicy } from '../../../src/core/policy/kinds.ts';

const metadata = { name: 'p', namespace: 'shop' };
const problems = (spec: unknown) => validateNetworkPolicy({ metadata, spec });
const ingress = (rule: unknown) => problems({ podSelector: {}, ingress: [rule] });

test('a sound policy has no problem', () => {
  expect(
    problems({
      podSelector: {
        matchLabels: { 'app.kubernetes.io/name': 'db' },
        matchExpressions: [{ key: 'x', operator: 'Exists' }],
      },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        { from: [{ podSelector: {} }, { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] },
        {},
      ],
      egress: [
        {
          to: [{ namespaceSelector: {} }],
          ports: [{ port: 53, protocol: 'UDP' }, { port: 80, endPort: 90 }, { port: 'http' }],
        },
      ],
    }),
  ).toEqual([]);
  expect(problems({})).toEqual([]);
});

test.each([
  ['spec.ingress[0].from[0]: Required value', { from: [{}] }],
  ['spec.ingress[0].from[0]: Forbidden', { from: [{ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }] }],
  ['spec.ingress[0].from[0].ipBlock.cidr: Required', { from: [{ ipBlock: {} }] }],
  [
    'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.0"',
    { from: [{ ipBlock: { cidr: '10.0.0.0' } }] },
  ],
  [
    'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "10.0.0.0/8": must be a strict subset',
    { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8'] } }] },
  ],
  ['spec.ingress[0].ports[0].port: Invalid value: 0', { ports: [{ port: 0 }] }],
  ['spec.ingress[0].ports[0].port: Invalid value: 70000', { ports: [{ port: 70_000 }] }],
  ['spec.ingress[0].ports[0].port: Invalid value: "a_b"', { ports: [{ port: 'a_b' }] }],
  ['spec.ingress[0].ports[0].protocol: Unsupported value: "ICMP"', { ports: [{ protocol: 'ICMP' }] }],
  ['spec.ingress[0].ports[0].endPort: Invalid value: 80', { ports: [{ port: 90, endPort: 80 }] }],
  ['spec.ingress[0].ports[0].endPort: Invalid value: 80', { ports: [{ endPort: 80 }] }],
  ['spec.ingress[0].ports[0].endPort: Invalid value: 80', { ports: [{ port: 'http', endPort: 80 }] }],
  ['spec.ingress[0].from: Invalid value', { from: {} }],
  [
    'spec.ingress[0].from[0].podSelector.matchExpressions[0].values: Required',
    { from: [{ podSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } }] },
  ],
  [
    'spec.ingress[0].from[0].podSelector.matchExpressions[0].operator: Invalid value: "Gt"',
    { from: [{ podSelector: { matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1'] }] } }] },
  ],
  [
    'spec.ingress[0].from[0].podSelector.matchLabels: Invalid value: "a b"',
    { from: [{ podSelector: { matchLabels: { 'a b': 'c' } } }] },
  ],
])('%s …', (start, rule) => {
  const [first, ...rest] = ingress(rule);
  expect(first?.startsWith(start), first).toBe(true);
  expect(rest).toEqual([]);
});

test('names, types and shapes', () => {
  expect(validateNetworkPolicy({ metadata: {}, spec: {} })).toEqual([
    'metadata.name: Required value: name or generateName is required',
  ]);
  expect(validateNetworkPolicy({ metadata: { name: 'Bad_Name' }, spec: {} })[0]).toMatch(
    /^metadata.name: Invalid/,
  );
  expect(problems({ policyTypes: ['ingress'] })[0]).toMatch(
    /^spec.policyTypes\[0\]: Unsupported value: "ingress"/,
  );
  expect(problems('x')[0]).toMatch(/^spec: Invalid value/);
});
