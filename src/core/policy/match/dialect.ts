import type { ClusterModel } from '../../live/live.ts';
import type { Matching } from './matching.ts';
import type { CidrTable } from './ranges.ts';

/** What implements policies in a cluster. `spec` is the Kubernetes text itself. */
export type EnforcerName =
  | 'cilium'
  | 'calico'
  | 'kube-router'
  | 'kindnet'
  | 'ovn-kubernetes'
  | 'antrea'
  | 'aws-vpc-cni'
  | 'spec'
  | 'none'
  | 'unknown';

/** `unknown`: no source at hand tells; what hangs on it is undecidable, or told as an assumption. */
export type Tristate = 'yes' | 'no' | 'unknown';

/** Policy kinds that an enforcer enforces for certain, and those that it may, by version or flag. */
export type EnforcedKinds = {
  readonly sure: readonly string[] | 'all';
  readonly unsure: readonly string[] | 'all';
  /** Kinds that are switched off, whatever the lists say. */
  readonly never?: readonly string[];
};

/**
 * How an enforcer reads policies where the API leaves room. Each field is one difference; the values of an enforcer
 * are in a file of `enforcers/`, each with its source.
 */
export type Dialect = {
  readonly enforcer: EnforcerName;
  /** The version that runs, as far as it is known: `1.20.2`. */
  readonly version?: string;
  /** The release whose behaviour is assumed, where releases differ: `1.19`. */
  readonly readAs?: string;
  /** Settings that were found or assumed and differ from the default, as `KEY=VALUE`. */
  readonly settings: readonly string[];
  /** Whether the cluster was asked for its settings: what `settings` leaves out then has its default. */
  readonly settingsRead: boolean;
  /** Whether an ipBlock matches the addresses of pods (NP-22). */
  readonly ipBlockMatchesPods: Tristate;
  /** Whether `endPort` of a NetworkPolicy counts; else only `port` does (NP-24). */
  readonly endPort: Tristate;
  /** Whether ports of SCTP count (NP-26). */
  readonly sctp: Tristate;
  /** Whether connections made before a policy change outlive it (ENF-2): shown at revoke. */
  readonly keepsEstablished: Tristate;
  /** Whether a denied connection is answered, so that it looks "refused" (ENF-3). */
  readonly rejects: Tristate;
  /** Which kinds take effect (ENF-1, ANP-12). */
  readonly kinds: EnforcedKinds;
  /** A host-network pod is its node, or the API's "undefined": then both readings are tried (NP-29). */
  readonly hostNetwork: 'node' | 'undefined';
  /** Whether the own node always gets in, gets in unless a rule denies it, or needs a rule (NP-28, CIL-1, CIL-9). */
  readonly ownNode: 'always' | 'unless-denied' | 'by-rule';
  /** Whether policies filter what a pod sends to itself through its own Service (NP-30). */
  readonly filtersHairpin: Tristate;
  /** Whether egress is decided on the address of a Service rather than on that of the pod behind it (NP-27). */
  readonly egressSeesServices: Tristate;
  /** Whether selectors see Cilium's identity labels: some pod labels are ignored, others derived (CIL-7, CIL-8). */
  readonly identityLabels: boolean;
  /** Cilium's `labels` option, which may turn its label filter into an allow-list; '' is the default (CIL-8). */
  readonly labels: string;
  /** Whether rules count in a direction that policyTypes leaves out (NP-8, CIL-21). */
  readonly appliesUnlisted: boolean;
  /** Cilium's `enable-policy`: `always` isolates every pod, `never` enforces nothing (CIL-1). */
  readonly enablePolicy: 'default' | 'always' | 'never';
  /** Whether in mode `always` the own node needs some ingress rule that selects the pod (CIL-1). */
  readonly alwaysShutsOwnNode: boolean;
  /** Cilium's `policy-cidr-match-mode=nodes`: a CIDR may match a node (CIL-11). */
  readonly cidrMatchesNodes: boolean;
  /** How an egress rule's port name is looked up: on the destination, or over the cluster (CIL-17). */
  readonly namedEgressPorts: 'destination' | 'cluster';
  /** Whether ports that a native sidecar declares have names (NP-25). */
  readonly sidecarPortNames: Tristate;
  /** Whether Cilium's port `0` with an endPort is every port, or the range from 0 (CIL-13). */
  readonly zeroPortIsAll: boolean;
  /** Whether what a baseline policy accepts may get in although the normal tier isolates (CIL-16). */
  readonly baselineMayAccept: boolean;
  /** Makes its matching for one cluster. */
  readonly matching: (model: ClusterModel, dialect: Dialect, cidrs: CidrTable) => Matching;
};

/** Whether a kind takes effect: `maybe` depends on a version or a flag of the enforcer. */
export function enforces({ kinds }: Dialect, kind: string): 'yes' | 'no' | 'maybe' {
  if (kinds.never?.includes(kind) === true) return 'no';
  if (kinds.sure === 'all' || kinds.sure.includes(kind)) return 'yes';
  return kinds.unsure === 'all' || kinds.unsure.includes(kind) ? 'maybe' : 'no';
}

/** A dialect that surely enforces a kind, or surely does not. */
export function withKind(dialect: Dialect, kind: string, enforced: boolean): Dialect {
  const { sure, unsure, never = [] } = dialect.kinds;
  const others = never.filter((name) => name !== kind);
  return {
    ...dialect,
    kinds: {
      sure: enforced && sure !== 'all' && !sure.includes(kind) ? [...sure, kind] : sure,
      unsure,
      never: enforced ? others : [...others, kind],
    },
  };
}

/** The dialect saying that a key has a value; `enforces` and `ignores` may have several. */
export function noteSetting(dialect: Dialect, key: string, value: string): Dialect {
  const isList = key === 'enforces' || key === 'ignores';
  const others = dialect.settings.filter((text) => isList || !text.startsWith(`${key}=`));
  return { ...dialect, settings: [...others, `${key}=${value}`] };
}
