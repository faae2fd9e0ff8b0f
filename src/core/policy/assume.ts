import { SluiceError } from '../errors.ts';
import type { Dialect } from './dialect.ts';

/** What may be assumed of an enforcer, as `KEY=VALUE`, with the values of each key. */
const KEYS = {
  'ipblock-matches-pods': ['true', 'false'],
  'enable-policy': ['default', 'always', 'never'],
  'policy-cidr-match-mode': ['', 'nodes', 'pods', 'nodes,pods'],
} as const;

type Key = keyof typeof KEYS;

/**
 * A dialect with one assumption changed (design §8 `--assume`). The keys of Cilium are those of its ConfigMap.
 *
 * @throws SluiceError `usage` for an unknown key or value, with those that exist
 */
export function assume(dialect: Dialect, text: string): Dialect {
  const cut = text.indexOf('=');
  const key = cut < 0 ? text : text.slice(0, cut);
  const value = cut < 0 ? undefined : text.slice(cut + 1);
  if (!isKey(key)) {
    throw new SluiceError(
      'usage',
      `"${key}" is nothing to assume.`,
      `Known: ${Object.keys(KEYS).join(', ')}.`,
    );
  }
  const values: readonly string[] = KEYS[key];
  if (value === undefined || !values.includes(value)) {
    const known = values.filter((item) => item !== '').join(', ');
    throw new SluiceError(
      'usage',
      `"${text}" has no value known for ${key}.`,
      `Write ${key}= and one of ${known}.`,
    );
  }
  if (key !== 'ipblock-matches-pods' && dialect.enforcer !== 'cilium') {
    throw new SluiceError(
      'usage',
      `${key} is a setting of Cilium.`,
      'Add --enforcer cilium, or leave it out.',
    );
  }
  return withSetting(dialect, key, value);
}

/**
 * A dialect as Cilium's ConfigMap `kube-system/cilium-config` sets it; keys that are absent or not known leave it as
 * it is (facts/policy.md §2a.1, §2a.8, §2a.11). Of no effect for other enforcers.
 */
export function withCiliumConfig(dialect: Dialect, config: Readonly<Record<string, string>>): Dialect {
  if (dialect.enforcer !== 'cilium') return dialect;
  const mode = config['policy-cidr-match-mode'] ?? '';
  const enable = config['enable-policy'] ?? 'default';
  const set = withSetting(withSetting(dialect, 'enable-policy', enable), 'policy-cidr-match-mode', mode);
  return { ...set, labels: config.labels ?? '' };
}

function isKey(key: string): key is Key {
  return Object.hasOwn(KEYS, key);
}

function withSetting(dialect: Dialect, key: Key, value: string): Dialect {
  switch (key) {
    case 'ipblock-matches-pods':
      return { ...dialect, ipBlockMatchesPods: value === 'true' };
    case 'enable-policy':
      return { ...dialect, enablePolicy: value === 'always' || value === 'never' ? value : 'default' };
    case 'policy-cidr-match-mode': {
      const modes = value.split(/[\s,]+/);
      return {
        ...dialect,
        cidrMatchesNodes: modes.includes('nodes'),
        ipBlockMatchesPods: modes.includes('pods'),
      };
    }
  }
}
