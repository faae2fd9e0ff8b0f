/** What implements policies in a cluster. */
export type EnforcerName = 'cilium' | 'calico' | 'kube-router' | 'spec' | 'none' | 'unknown';

/** Policy kinds that an enforcer enforces for certain, and those that it may, by version or flag. */
export type EnforcedKinds = {
  readonly sure: readonly string[] | 'all';
  readonly unsure: readonly string[] | 'all';
};

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
  /** Which kinds take effect (§0 fact 9, §2b rule 12). */
  readonly kinds: EnforcedKinds;
  /** A host-network pod is its node, or the API's "undefined": then both readings are tried (§1 rule 29). */
  readonly hostNetwork: 'node' | 'undefined';
  /** Whether selectors see Cilium's identity labels: some pod labels are ignored, others derived (§2a.7, §2a.8). */
  readonly identityLabels: boolean;
  /** Cilium's `labels` option, which may turn its label filter into an allow-list; '' is the default (§2a.8). */
  readonly labels: string;
  /** Whether rules count in a direction that policyTypes leaves out (§1 rule 8). */
  readonly appliesUnlisted: boolean;
  /** Cilium's `enable-policy`: `always` isolates every pod, `never` enforces nothing (§2a.1). */
  readonly enablePolicy: 'default' | 'always' | 'never';
  /** Cilium's `policy-cidr-match-mode=nodes`: a CIDR may match a node (§2a.11). */
  readonly cidrMatchesNodes: boolean;
  /** How an egress rule's port name is looked up: on the destination, or over the cluster (§2a.13). */
  readonly namedEgressPorts: 'destination' | 'cluster';
  /** Whether a deny rule that covers the own node stops it (§2a.9). */
  readonly ownNode: 'always' | 'unless-denied';
};

const NORMAL = 'NetworkPolicy';
const CILIUM = ['CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'];
const ADMIN = ['AdminNetworkPolicy', 'BaselineAdminNetworkPolicy', 'ClusterNetworkPolicy'];

const SPEC: Dialect = {
  enforcer: 'spec',
  ipBlockMatchesPods: true,
  keepsEstablished: 'unknown',
  rejects: false,
  kinds: { sure: 'all', unsure: [] },
  hostNetwork: 'undefined',
  identityLabels: false,
  labels: '',
  appliesUnlisted: false,
  enablePolicy: 'default',
  cidrMatchesNodes: false,
  namedEgressPorts: 'destination',
  ownNode: 'always',
};

const DIALECTS: Readonly<Record<EnforcerName, Dialect>> = {
  spec: SPEC,
  cilium: {
    ...SPEC,
    enforcer: 'cilium',
    ipBlockMatchesPods: false,
    keepsEstablished: 'no',
    kinds: { sure: [NORMAL, ...CILIUM], unsure: ['ClusterNetworkPolicy'] },
    hostNetwork: 'node',
    identityLabels: true,
    appliesUnlisted: true,
    cidrMatchesNodes: false,
    namedEgressPorts: 'cluster',
    ownNode: 'unless-denied',
  },
  calico: {
    ...SPEC,
    enforcer: 'calico',
    keepsEstablished: 'yes',
    kinds: { sure: [NORMAL], unsure: ADMIN },
  },
  'kube-router': {
    ...SPEC,
    enforcer: 'kube-router',
    keepsEstablished: 'yes',
    rejects: true,
    kinds: { sure: [NORMAL], unsure: [] },
  },
  none: { ...SPEC, enforcer: 'none', kinds: { sure: [NORMAL], unsure: 'all' } },
  unknown: { ...SPEC, enforcer: 'unknown', kinds: { sure: [NORMAL], unsure: 'all' } },
};

/** The dialect of an enforcer. */
export function dialectOf(enforcer: EnforcerName): Dialect {
  return DIALECTS[enforcer];
}

/** Whether a kind takes effect: `maybe` depends on a version or a flag of the enforcer. */
export function enforces({ kinds }: Dialect, kind: string): 'yes' | 'no' | 'maybe' {
  if (kinds.sure === 'all' || kinds.sure.includes(kind)) return 'yes';
  return kinds.unsure === 'all' || kinds.unsure.includes(kind) ? 'maybe' : 'no';
}
