import { describe, expect, test } from 'vitest';
import { assume } from '../../../../src/core/policy/enforcers/assume.ts';
import { withCiliumConfig } from '../../../../src/core/policy/enforcers/cilium.ts';
import { dialectOf, parseEnforcer } from '../../../../src/core/policy/enforcers/enforcers.ts';
import { enforces } from '../../../../src/core/policy/match/dialect.ts';

const cilium = dialectOf('cilium');

test('an assumption changes its field, and is told', () => {
  expect(assume(dialectOf('spec'), 'ipblock-matches-pods=false')).toEqual({
    ...dialectOf('spec'),
    ipBlockMatchesPods: 'no',
    settings: ['ipblock-matches-pods=false'],
  });
  expect(assume(cilium, 'enable-policy=always')).toEqual({
    ...cilium,
    enablePolicy: 'always',
    settings: ['enable-policy=always'],
  });
  expect(assume(dialectOf('calico'), 'sctp=true')).toMatchObject({ sctp: 'yes' });
  expect(assume(cilium, 'labels=k8s:app k8s:!tier')).toMatchObject({ labels: 'k8s:app k8s:!tier' });
  expect(assume(cilium, 'allow-localhost=policy')).toMatchObject({ ownNode: 'by-rule' });
});

test('the last assumption of a key counts, and kinds may be named one by one', () => {
  const twice = assume(assume(cilium, 'enable-policy=always'), 'enable-policy=never');
  expect(twice).toMatchObject({ enablePolicy: 'never', settings: ['enable-policy=never'] });
  const dialect = assume(
    assume(assume(dialectOf('unknown'), 'enforces=AdminNetworkPolicy'), 'ignores=ClusterNetworkPolicy'),
    'ignores=BaselineAdminNetworkPolicy',
  );
  expect(
    ['AdminNetworkPolicy', 'ClusterNetworkPolicy', 'BaselineAdminNetworkPolicy'].map((kind) =>
      enforces(dialect, kind),
    ),
  ).toEqual(['yes', 'no', 'no']);
  expect(dialect.settings).toEqual([
    'enforces=AdminNetworkPolicy',
    'ignores=ClusterNetworkPolicy',
    'ignores=BaselineAdminNetworkPolicy',
  ]);
});

test.each([
  'moon=1',
  'enable-policy',
  'enable-policy=often',
  'ipblock-matches-pods=yes',
  'enforces=Secret',
  'labels',
])('%s is refused', (text) => {
  expect(() => assume(cilium, text)).toThrow(expect.objectContaining({ code: 'usage' }));
});

test('a setting of Cilium is refused for another enforcer', () => {
  expect(() => assume(dialectOf('spec'), 'enable-policy=always')).toThrow(/is a Cilium setting/);
});

describe("Cilium's ConfigMap", () => {
  test('sets its dialect, and no other', () => {
    const config = {
      'enable-policy': 'never',
      'policy-cidr-match-mode': 'pods nodes',
      'allow-localhost': 'Policy',
      labels: 'k8s:app',
      debug: 'true',
    };
    expect(withCiliumConfig(cilium, config)).toMatchObject({
      enablePolicy: 'never',
      cidrMatchesNodes: true,
      ipBlockMatchesPods: 'yes',
      ownNode: 'by-rule',
      labels: 'k8s:app',
      settingsRead: true,
      settings: [
        'enable-policy=never',
        'policy-cidr-match-mode=nodes,pods',
        'labels=k8s:app',
        'allow-localhost=policy',
      ],
    });
    expect(withCiliumConfig(dialectOf('calico'), config)).toEqual(dialectOf('calico'));
  });

  test('leaves defaults where a key is absent or has no known value', () => {
    const read = withCiliumConfig(cilium, { 'enable-policy': 'often' });
    expect(read).toMatchObject({ enablePolicy: 'default', settings: [], settingsRead: true });
    expect(enforces(read, 'ClusterNetworkPolicy')).toBe('no');
  });

  test('switches kinds on and off', () => {
    const config = {
      'enable-k8s-networkpolicy': 'false',
      'enable-cilium-clusterwide-network-policy': 'false',
      'enable-k8s-cluster-network-policy': 'true',
    };
    const of = (version?: string) => {
      const dialect = withCiliumConfig(dialectOf('cilium', version), config);
      return [
        'NetworkPolicy',
        'CiliumNetworkPolicy',
        'CiliumClusterwideNetworkPolicy',
        'ClusterNetworkPolicy',
      ].map((kind) => enforces(dialect, kind));
    };
    expect(of('1.20.2')).toEqual(['no', 'yes', 'no', 'yes']);
    expect(of('1.19.5')).toEqual(['no', 'yes', 'no', 'no']);
  });

  test('knows the mode `pods` from 1.20 on', () => {
    const config = { 'policy-cidr-match-mode': 'pods' };
    expect(withCiliumConfig(dialectOf('cilium', '1.20.0'), config).ipBlockMatchesPods).toBe('yes');
    expect(withCiliumConfig(dialectOf('cilium', '1.19.5'), config).ipBlockMatchesPods).toBe('no');
  });
});

describe('the dialect of a version', () => {
  test.each([
    ['1.16.3', '1.19'],
    ['1.19.5', '1.19'],
    ['1.20.0-rc.1', '1.20'],
    ['1.21.0', '1.20'],
  ])('cilium %s is read as %s', (version, readAs) => {
    expect(dialectOf('cilium', version)).toMatchObject({ version, readAs });
  });

  test('Cilium without one is read as 1.19, and may be new enough for ClusterNetworkPolicy', () => {
    expect(cilium).toMatchObject({ readAs: '1.19', namedEgressPorts: 'cluster' });
    expect(enforces(cilium, 'ClusterNetworkPolicy')).toBe('maybe');
    expect(enforces(dialectOf('cilium', '1.19.5'), 'ClusterNetworkPolicy')).toBe('no');
  });

  test.each([
    [undefined, ['maybe', 'maybe']],
    ['3.28.0', ['no', 'no']],
    ['3.30.2', ['yes', 'no']],
    ['3.32.0', ['no', 'yes']],
  ])('calico %s enforces the admin kinds of its time', (version, wanted) => {
    const dialect = dialectOf('calico', version);
    expect([enforces(dialect, 'AdminNetworkPolicy'), enforces(dialect, 'ClusterNetworkPolicy')]).toEqual(
      wanted,
    );
  });
});

test('an enforcer may be named with its release', () => {
  expect(parseEnforcer('cilium-1.20')).toEqual({ name: 'cilium', version: '1.20' });
  expect(parseEnforcer('kube-router')).toEqual({ name: 'kube-router' });
  expect(parseEnforcer('ovn-kubernetes-v1.2.0')).toEqual({ name: 'ovn-kubernetes', version: '1.2.0' });
  expect(() => parseEnforcer('weave')).toThrow(/Unknown enforcer "weave"/);
});
