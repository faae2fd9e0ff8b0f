import { SluiceError } from '../../common/common.ts';
import { POLICY_KINDS } from '../kinds/kinds.ts';
import { type Dialect, noteSetting, type Tristate, withKind } from '../match/match.ts';
import { CILIUM_SETTINGS, type CiliumSetting, withSetting } from './cilium.ts';

/** What may be assumed for any enforcer. */
type Assumption = {
  readonly key: string;
  readonly values: readonly string[];
  readonly apply: (dialect: Dialect, value: string) => Dialect;
};

const KINDS = POLICY_KINDS.map(({ kind }) => kind);

const ASSUMPTIONS: readonly Assumption[] = [
  knownField('ipblock-matches-pods', 'ipBlockMatchesPods'),
  knownField('end-port', 'endPort'),
  knownField('sctp', 'sctp'),
  knownField('keeps-established', 'keepsEstablished'),
  { key: 'enforces', values: KINDS, apply: (dialect, kind) => withKind(dialect, kind, true) },
  { key: 'ignores', values: KINDS, apply: (dialect, kind) => withKind(dialect, kind, false) },
];

function knownField(
  key: string,
  field: 'ipBlockMatchesPods' | 'endPort' | 'sctp' | 'keepsEstablished',
): Assumption {
  return {
    key,
    values: ['true', 'false', 'unknown'],
    apply: (dialect, value) => ({ ...dialect, [field]: knownOf(value) }),
  };
}

function knownOf(value: string): Tristate {
  if (value === 'unknown') return value;
  return value === 'true' ? 'yes' : 'no';
}

/** Everything that may be assumed, written `KEY=VALUE`; settings that take any value are left out. */
export function knownAssumptions(): readonly string[] {
  return [...ASSUMPTIONS, ...CILIUM_SETTINGS].flatMap(({ key, values = [] }) =>
    values.filter((value) => value !== '').map((value) => `${key}=${value}`),
  );
}

/**
 * A dialect with one assumption changed, written `KEY=VALUE` as for `--assume`. Cilium's keys are those of its
 * ConfigMap.
 * @throws SluiceError `usage` for an unknown key or value, listing the known ones
 */
export function assume(dialect: Dialect, text: string): Dialect {
  const cut = text.indexOf('=');
  const key = cut < 0 ? text : text.slice(0, cut);
  const value = cut < 0 ? undefined : text.slice(cut + 1);
  const setting = CILIUM_SETTINGS.find((item) => item.key === key);
  const assumption = ASSUMPTIONS.find((item) => item.key === key);
  const found = setting ?? assumption;
  if (found === undefined) {
    const known = [...ASSUMPTIONS, ...CILIUM_SETTINGS].map((item) => item.key);
    throw new SluiceError('usage', `Unknown assumption "${key}".`, `Valid keys: ${known.join(', ')}.`);
  }
  const { values } = found;
  if (value === undefined || (values !== undefined && !values.includes(value))) {
    const known = values?.filter((item) => item !== '').join(', ') ?? 'its value';
    throw new SluiceError(
      'usage',
      `Invalid value for ${key} in "${text}".`,
      `Use ${key}= with one of ${known}.`,
    );
  }
  return setting === undefined
    ? noteSetting(found.apply(dialect, value), key, value)
    : ciliumSetting(dialect, setting, value);
}

function ciliumSetting(dialect: Dialect, setting: CiliumSetting, value: string): Dialect {
  if (dialect.enforcer !== 'cilium') {
    throw new SluiceError(
      'usage',
      `${setting.key} is a Cilium setting.`,
      'Add --enforcer cilium, or remove this assumption.',
    );
  }
  return withSetting(dialect, setting, value);
}
