import { expect, test } from 'vitest';
import { assume, withCiliumConfig } from '../../../src/core/policy/assume.ts';
import { dialectOf } from '../../../src/core/policy/dialect.ts';

const cilium = dialectOf('cilium');

test('an assumption changes its field and no other', () => {
  expect(assume(dialectOf('spec'), 'ipblock-matches-pods=false')).toEqual({
    ...dialectOf('spec'),
    ipBlockMatchesPods: false,
  });
  expect(assume(cilium, 'enable-policy=always')).toEqual({ ...cilium, enablePolicy: 'always' });
  expect(assume(cilium, 'policy-cidr-match-mode=nodes')).toEqual({ ...cilium, cidrMatchesNodes: true });
});

test.each(['moon=1', 'enable-policy', 'enable-policy=often', 'ipblock-matches-pods=yes'])(
  '%s is refused',
  (text) => {
    expect(() => assume(cilium, text)).toThrow(expect.objectContaining({ code: 'usage' }));
  },
);

test('a setting of Cilium is refused for another enforcer', () => {
  expect(() => assume(dialectOf('spec'), 'enable-policy=always')).toThrow(/setting of Cilium/);
});

test("Cilium's ConfigMap sets its dialect, and no other", () => {
  const config = { 'enable-policy': 'never', 'policy-cidr-match-mode': 'nodes,pods', debug: 'true' };
  expect(withCiliumConfig(cilium, config)).toEqual({
    ...cilium,
    enablePolicy: 'never',
    cidrMatchesNodes: true,
    ipBlockMatchesPods: true,
  });
  expect(withCiliumConfig(cilium, {})).toEqual(cilium);
  expect(withCiliumConfig(dialectOf('calico'), config)).toBe(dialectOf('calico'));
});
