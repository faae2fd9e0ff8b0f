import { describe, expect, test } from 'vitest';
import { validateNetworkPolicy } from '../../../src/core/policy/kinds/validate-network-policy.ts';
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
    'spec.ingress[0].ports[0].endPort: Invalid value: 90: must be greater than or equal to `port`',
  ]);
  expect(port({ protocol: 'ICMP' })).toEqual([
    'spec.ingress[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"',
  ]);
  expect(problems({ ingress: [{ from: [{}] }] })).toEqual([
    'spec.ingress[0].from[0]: Required value: must specify a peer',
  ]);
});

test('tells every fault of a label, its length in bytes', () => {
  const told = problems({ podSelector: { matchLabels: { [`A/${'k'.repeat(64)}`]: 'v'.repeat(64) } } });
  expect(told.map((text) => text.replace(/ \(e\.g\..*$/, ''))).toEqual([
    expect.stringMatching(/: prefix part a lowercase RFC 1123 subdomain must consist/),
    expect.stringMatching(/: name part must be no more than 63 bytes$/),
    expect.stringMatching(/: must be no more than 63 bytes$/),
  ]);
  expect(problems({ podSelector: { matchLabels: { a: 'ü'.repeat(32) } } })[0]).toMatch(/more than 63 bytes$/);
});

test('tells a name with a regular expression, its length in characters', () => {
  const named = (name: string) => validateNetworkPolicy({ metadata: { name }, spec: {} });
  expect(named('p'.repeat(254))).toEqual([
    `metadata.name: Invalid value: "${'p'.repeat(254)}": must be no more than 253 characters`,
  ]);
  expect(named('a_b')).toEqual([
    `metadata.name: Invalid value: "a_b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
  ]);
});

test('reads zeros in front as the server does, in parts of an address only', () => {
  const cidr = (text: string) => problems({ ingress: [{ from: [{ ipBlock: { cidr: text } }] }] });
  expect(cidr('10.010.0.0/16')[0]).toMatch(/must not have leading 0s/);
  expect(cidr('::ffff:a00:0/104')[0]).toMatch(/IPv4-mapped/);
  expect(cidr('0012::/32')).toEqual([]);
});

test('judges owners and finalizers', () => {
  const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', controller: true };
  const object = (more: object) => validateNetworkPolicy({ metadata: { ...metadata, ...more }, spec: {} });
  expect(object({ ownerReferences: [owner] })).toEqual([]);
  expect(object({ ownerReferences: [owner, owner] })[0]).toMatch(/^metadata.ownerReferences: .*Only one/);
  expect(object({ ownerReferences: [{ ...owner, uid: '' }] })).toEqual([
    'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
  ]);
  expect(object({ finalizers: ['mine'] })[0]).toMatch(/^metadata.finalizers\[0\]: .*fully qualified$/);
});

test('names the fields that there are for one that there is not', () => {
  expect(problems({ ingress: [{ form: [] }] })).toEqual([
    'spec.ingress[0].form: unknown field; known fields: from, ports',
  ]);
});

test('takes a name that the server makes, and the status of older servers', () => {
  expect(validateNetworkPolicy({ metadata: { generateName: 'p-' }, spec: {} })).toEqual([]);
  expect(validateNetworkPolicy({ metadata, spec: {}, status: {} })).toEqual([]);
  expect(validateNetworkPolicy({ metadata: { generateName: 'P-' }, spec: {} })[0]).toMatch(
    /^metadata.generateName: Invalid value: "P-"/,
  );
});
