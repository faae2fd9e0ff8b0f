import { ciliumMatching } from '../cilium/cilium.ts';
import { type Dialect, noteSetting, withKind } from '../match/match.ts';
import { isAtLeast } from './enforcer-version.ts';
import { ALPHA2_KIND, DEFAULT_DIALECT, NETWORK_POLICY } from './spec.ts';

const OWN_KINDS = ['CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'];

/** Measured with the policy engine of 1.19.5, as described in docs/rules/cilium.md. */
const CILIUM: Dialect = {
  ...DEFAULT_DIALECT,
  enforcer: 'cilium',
  ipBlockMatchesPods: 'no',
  endPort: 'yes',
  sctp: 'yes',
  // It evaluates policy for every packet (ENF-2).
  keepsEstablished: 'no',
  hostNetwork: 'node',
  ownNode: 'unless-denied',
  identityLabels: true,
  appliesUnlisted: true,
  namedEgressPorts: 'cluster',
  sidecarPortNames: 'no',
  baselineMayAccept: true,
  matching: ciliumMatching,
  kinds: { sure: [NETWORK_POLICY, ...OWN_KINDS], unsure: [ALPHA2_KIND] },
};

/** Where 1.20.2 differs (CIL-1, CIL-13, CIL-17). */
const SINCE_1_20 = {
  alwaysShutsOwnNode: true,
  namedEgressPorts: 'destination',
  zeroPortIsAll: true,
} as const satisfies Partial<Dialect>;

/**
 * Cilium, of which 1.19 and 1.20 are known: older versions and unknown ones are evaluated as 1.19, newer ones as 1.20.
 * ClusterNetworkPolicy came with 1.20, behind a flag (ANP-12).
 */
export function ciliumDialect(version: string | undefined): Dialect {
  if (version === undefined) return { ...CILIUM, readAs: '1.19' };
  if (isAtLeast(version, '1.20')) return { ...CILIUM, ...SINCE_1_20, version, readAs: '1.20' };
  return { ...CILIUM, version, readAs: '1.19', kinds: { ...CILIUM.kinds, unsure: [] } };
}

/** An option of Cilium's agent that affects who may talk to whom. */
export type CiliumSetting = {
  readonly key: string;
  /** Allowed values, the default first; any text if absent. */
  readonly values?: readonly string[];
  readonly apply: (dialect: Dialect, value: string) => Dialect;
};

/** Options by their key in `kube-system/cilium-config`; the agent's flags have the same names. */
export const CILIUM_SETTINGS: readonly CiliumSetting[] = [
  {
    key: 'enable-policy',
    values: ['default', 'always', 'never'],
    apply: (dialect, value) => ({
      ...dialect,
      enablePolicy: value === 'always' || value === 'never' ? value : 'default',
    }),
  },
  {
    key: 'policy-cidr-match-mode',
    values: ['', 'nodes', 'pods', 'nodes,pods'],
    apply: withCidrModes,
  },
  { key: 'labels', apply: (dialect, labels) => ({ ...dialect, labels }) },
  {
    // `auto` is `always` on Kubernetes; `policy` needs a rule (cilium pkg/option: AllowLocalhostPolicy).
    key: 'allow-localhost',
    values: ['auto', 'always', 'policy'],
    apply: (dialect, value) => ({ ...dialect, ownNode: value === 'policy' ? 'by-rule' : 'unless-denied' }),
  },
  kindSetting('enable-k8s-networkpolicy', NETWORK_POLICY, 'true'),
  kindSetting('enable-cilium-network-policy', 'CiliumNetworkPolicy', 'true'),
  kindSetting('enable-cilium-clusterwide-network-policy', 'CiliumClusterwideNetworkPolicy', 'true'),
  kindSetting('enable-k8s-cluster-network-policy', ALPHA2_KIND, 'false'),
];

/**
 * A dialect configured by Cilium's ConfigMap `kube-system/cilium-config`: absent or unknown values mean the default
 * (CIL-1, CIL-8, CIL-11). No effect for other enforcers.
 */
export function withCiliumConfig(dialect: Dialect, config: Readonly<Record<string, string>>): Dialect {
  if (dialect.enforcer !== 'cilium') return dialect;
  return CILIUM_SETTINGS.reduce<Dialect>(
    (before, setting) => {
      const standard = setting.values?.[0] ?? '';
      const value = knownValue(setting, Object.hasOwn(config, setting.key) ? config[setting.key] : undefined);
      return value === undefined || value === standard
        ? setting.apply(before, standard)
        : withSetting(before, setting, value);
    },
    { ...dialect, settingsRead: true },
  );
}

/** A dialect with one setting, noted as found or assumed. */
export function withSetting(dialect: Dialect, { key, apply }: CiliumSetting, value: string): Dialect {
  return noteSetting(apply(dialect, value), key, value);
}

/** The value as listed; modes may be in any order, separated by blanks or commas. */
function knownValue({ key, values }: CiliumSetting, text: string | undefined): string | undefined {
  if (text === undefined || values === undefined) return text;
  const plain = text.trim().toLowerCase();
  const value =
    key === 'policy-cidr-match-mode'
      ? plain
          .split(/[\s,]+/)
          .sort()
          .join(',')
      : plain;
  return values.includes(value) ? value : undefined;
}

/** `pods` came with 1.20 (CIL-11). */
function withCidrModes(dialect: Dialect, value: string): Dialect {
  const modes = value.split(/[\s,]+/);
  const knowsPods = dialect.version === undefined || dialect.readAs !== '1.19';
  return {
    ...dialect,
    cidrMatchesNodes: modes.includes('nodes'),
    ipBlockMatchesPods: modes.includes('pods') && knowsPods ? 'yes' : 'no',
  };
}

/** A flag that enables or disables a kind; 1.19 does not know ClusterNetworkPolicy (ANP-12). */
function kindSetting(key: string, kind: string, standard: 'true' | 'false'): CiliumSetting {
  return {
    key,
    values: standard === 'true' ? ['true', 'false'] : ['false', 'true'],
    apply: (dialect, value) => {
      const isUnknown = kind === ALPHA2_KIND && dialect.version !== undefined && dialect.readAs === '1.19';
      return withKind(dialect, kind, value === 'true' && !isUnknown);
    },
  };
}
