import { expect, test } from 'vitest';
import { dialectOf } from '../../../../src/core/policy/enforcers/enforcers.ts';
import { pod } from '../../../helpers/builders.ts';
import { askedWorld, ciliumPolicy } from '../ends/world.ts';

const byAddress = ciliumPolicy('web', { endpointSelector: {}, ingress: [{ fromCIDR: ['203.0.113.0/24'] }] });
const byRequest = ciliumPolicy('web', {
  endpointSelector: {},
  ingress: [
    {
      fromEntities: ['world'],
      toPorts: [{ ports: [{ port: '80', protocol: 'TCP' }], rules: { http: [{ method: 'GET' }] } }],
    },
  ],
});

function told(policy: ReturnType<typeof ciliumPolicy>, version: string | undefined): readonly string[] {
  const world = askedWorld({ pods: [pod({ name: 'web' })], policies: [policy], enforcer: 'cilium' });
  world.engine.setDialect(dialectOf('cilium', version));
  const { assumptions } = world.ask('203.0.113.7', 'web', '80').verdict;
  return assumptions.filter((text) => text.includes('known bug'));
}

test('a bug of the running release is told where the rules on the path depend on it (ENF-37)', () => {
  expect(told(byAddress, '1.14.0')).toEqual([
    'cilium 1.14.0 has a known bug: after a restart of its agent, rules with CIDRs may be lost (cilium #27210)',
  ]);
  expect(told(byRequest, '1.15.1')).toEqual([expect.stringContaining('CVE-2024-28248')]);
});

test('nothing is told of releases that have it not, of other rules, nor of an unknown version', () => {
  expect(told(byAddress, '1.14.1')).toEqual([]);
  expect(told(byRequest, '1.14.8')).toEqual([]);
  expect(told(byRequest, '1.13.8')).toEqual([]);
  expect(told(byAddress, '1.15.1')).toEqual([]);
  expect(told(byAddress, '1.14')).toEqual([]);
  expect(told(byAddress, undefined)).toEqual([]);
});
