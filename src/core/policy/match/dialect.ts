import type { ClusterModel } from '../../live/live.ts';
import type { Matching } from './matching.ts';
import type { CidrTable } from './ranges.ts';

/** What implements policies in a cluster. `spec` is the Kubernetes specification itself. */
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

/** `unknown`: no available source tells; whatever depends on it is undecidable, or reported as an assumption. */
export type Tristate = 'yes' | 'no' | 'unknown';

/** Policy kinds that an enforcer certainly enforces, and those it may, depending on version or flags. */
export type EnforcedKinds = {
  readonly sure: readonly string[] | 'all';
  readonly unsure: readonly string[] | 'all';
  /** Kinds that are switched off, whatever the lists say. */
  readonly never?: readonly string[];
};

/**
 * How an enforcer reads policies where the API leaves room. Each field is one difference; an enforcer's values are in a
 * file of `enforcers/`, each with its source.
 */
export type Dialect = {
  readonly enforcer: EnforcerName;
  /** The running version, if known: `1.20.2`. */
  readonly version?: string;
  /** The release whose behavior is assumed, where releases differ: `1.19`. */
  readonly readAs?: string;
  /** Settings, found or assumed, that differ from the default, as `KEY=VALUE`. */
  readonly settings: readonly string[];
  /** Whether the settings were read from the cluster: then anything not in `settings` has its default. */
  readonly settingsRead: boolean;
  /** Whether an ipBlock matches pod addresses (NP-22). */
  readonly ipBlockMatchesPods: Tristate;
  /** Whether `endPort` of a NetworkPolicy counts; otherwise only `port` does (NP-24). */
  readonly endPort: Tristate;
  /** Whether SCTP ports count (NP-26). */
  readonly sctp: Tristate;
  /** Whether connections opened before a policy change survive it (ENF-2): shown on revoke. */
  readonly keepsEstablished: Tristate;
  /** Whether a denied connection gets an answer, so that it looks "refused" (ENF-3). */
  readonly rejects: Tristate;
  /** Which kinds take effect (ENF-1, ANP-12). */
  readonly kinds: EnforcedKinds;
  /** A host-network pod is its node, or "undefined" as in the API: then both readings are tried (NP-29). */
  readonly hostNetwork: 'node' | 'undefined';
  /**
   * Namespaces as which ingress from the host network counts, where they exist: to rules that select whole namespaces,
   * and to them alone (ENF-34).
   */
  readonly hostNamespaces: readonly string[];
  /** Whether the own node is always allowed, allowed unless a rule denies it, or needs a rule (NP-28, CIL-1, CIL-9). */
  readonly ownNode: 'always' | 'unless-denied' | 'by-rule';
  /** Whether policies filter what a pod sends to itself through its own Service (NP-30). */
  readonly filtersHairpin: Tristate;
  /** Whether egress is decided by the address of a Service rather than by that of the pod behind it (NP-27). */
  readonly egressSeesServices: Tristate;
  /** Whether selectors see Cilium's identity labels: some pod labels are ignored, others derived (CIL-7, CIL-8). */
  readonly identityLabels: boolean;
  /** Cilium's `labels` option, which may turn its label filter into an allow-list; '' is the default (CIL-8). */
  readonly labels: string;
  /** Whether rules count in a direction that policyTypes leaves out (NP-8, CIL-21). */
  readonly appliesUnlisted: boolean;
  /** Cilium's `enable-policy`: `always` isolates every pod, `never` enforces nothing (CIL-1). */
  readonly enablePolicy: 'default' | 'always' | 'never';
  /** Whether in mode `always` the own node needs an ingress rule that selects the pod (CIL-1). */
  readonly alwaysShutsOwnNode: boolean;
  /** Cilium's `policy-cidr-match-mode=nodes`: a CIDR may match a node (CIL-11). */
  readonly cidrMatchesNodes: boolean;
  /** How the port name of an egress rule is resolved: on the destination, or over the cluster (CIL-17). */
  readonly namedEgressPorts: 'destination' | 'cluster';
  /** Whether ports declared by a native sidecar have names (NP-25). */
  readonly sidecarPortNames: Tristate;
  /** Whether Cilium's port `0` with an endPort means every port, or the range from 0 (CIL-13). */
  readonly zeroPortIsAll: boolean;
  /** Whether traffic accepted by a baseline policy may pass although the normal tier isolates (CIL-16). */
  readonly baselineMayAccept: boolean;
  /** Creates its matching for one cluster. */
  readonly matching: (model: ClusterModel, dialect: Dialect, cidrs: CidrTable) => Matching;
};

/** Whether a kind takes effect: `maybe` depends on the enforcer's version or flags. */
export function enforces({ kinds }: Dialect, kind: string): 'yes' | 'no' | 'maybe' {
  if (kinds.never?.includes(kind) === true) return 'no';
  if (kinds.sure === 'all' || kinds.sure.includes(kind)) return 'yes';
  return kinds.unsure === 'all' || kinds.unsure.includes(kind) ? 'maybe' : 'no';
}

/** A dialect that certainly enforces a kind, or certainly does not. */
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

/** The dialect with a key set to a value; `enforces` and `ignores` may have several. */
export function noteSetting(dialect: Dialect, key: string, value: string): Dialect {
  const isList = key === 'enforces' || key === 'ignores';
  const others = dialect.settings.filter((text) => isList || !text.startsWith(`${key}=`));
  return { ...dialect, settings: [...others, `${key}=${value}`] };
}
