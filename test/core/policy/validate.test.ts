import { describe, expect, test } from 'vitest';
import { validateNetworkPolicy } from '../../../src/core/policy/kinds.ts';
import { JUDGED } from '../../helpers/judged-policies.ts';

const metadata = { name: 'p', namespace: 'shop' };
const problems = (spec: unknown) => validateNetworkPolicy({ metadata, spec });

describe('finds the faults that the API server finds, and no others:', () => {
  test.each(JUDGED)('$name', ({ object, faults }) => {
    const paths = validateNetworkPolicy(object).map((problem) => problem.slice(0, problem.indexOf(': ')));
    expect([...new Set(paths)].sort()).toEqual([...faults].sort());
  });
});

test('says it in the words of the API server', () => {
  const port = (item: unknown) => problems({ ingress: [{ ports: [item] }] });
  expect(port({ port: '80' })).toEqual([
    'spec.ingress[0].ports[0].port: Invalid value: "80": must contain at least one letter (a-z)',
  ]);
  expect(port({ port: 90, endPort: 80 })).toEqual([
    'spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`',
  ]);
  expect(port({ protocol: 'ICMP' })).toEqual([
    'spec.ingress[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"',
  ]);
  expect(problems({ ingress: [{ from: [{}] }] })).toEqual([
    'spec.ingress[0].from[0]: Required value: must specify a peer',
  ]);
});

test('names the fields that there are for one that there is not', () => {
  expect(problems({ ingress: [{ form: [] }] })).toEqual([
    'spec.ingress[0].form: unknown field; there are from, ports',
  ]);
});

test('takes a name that the server makes, and the status of older servers', () => {
  expect(validateNetworkPolicy({ metadata: { generateName: 'p-' }, spec: {} })).toEqual([]);
  expect(validateNetworkPolicy({ metadata, spec: {}, status: {} })).toEqual([]);
  expect(validateNetworkPolicy({ metadata: { generateName: 'P-' }, spec: {} })[0]).toMatch(
    /^metadata.generateName: Invalid value: "P-"/,
  );
});
