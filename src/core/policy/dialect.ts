/** What implements policies in a cluster. */
export type EnforcerName = 'cilium' | 'calico' | 'kube-router' | 'spec' | 'none' | 'unknown';

/**
 * How an enforcer reads policies where the API leaves room. `spec` is the Kubernetes text with every kind enforced.
 * Each field is one difference, with its rule in facts/policy.md.
 */
export type Dialect = {
  readonly enforcer: EnforcerName;
  /** Whether an ipBlock matches the addresses of pods (fact 10). */
  readonly ipBlockMatchesPods: boolean;
  /** Whether connections made before a policy change go on after it (fact 11): shown at revoke. */
  readonly keepsEstablished: 'yes' | 'no' | 'unknown';
  /** Whether a denied connection may look "refused" (facts/traffic.md §0.6). */
  readonly rejects: boolean;
};

const DIALECTS: Readonly<Record<EnforcerName, Dialect>> = {
  spec: { enforcer: 'spec', ipBlockMatchesPods: true, keepsEstablished: 'unknown', rejects: false },
  cilium: { enforcer: 'cilium', ipBlockMatchesPods: false, keepsEstablished: 'no', rejects: false },
  calico: { enforcer: 'calico', ipBlockMatchesPods: true, keepsEstablished: 'yes', rejects: false },
  'kube-router': {
    enforcer: 'kube-router',
    ipBlockMatchesPods: true,
    keepsEstablished: 'yes',
    rejects: true,
  },
  none: { enforcer: 'none', ipBlockMatchesPods: true, keepsEstablished: 'unknown', rejects: false },
  unknown: { enforcer: 'unknown', ipBlockMatchesPods: true, keepsEstablished: 'unknown', rejects: false },
};

/** The dialect of an enforcer. */
export function dialectOf(enforcer: EnforcerName): Dialect {
  return DIALECTS[enforcer];
}
