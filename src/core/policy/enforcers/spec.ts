import { besideCilium } from '../cilium/cilium.ts';
import { apiMatching, type Dialect } from '../match/match.ts';

/** The kind defined by the Kubernetes API itself. */
export const NETWORK_POLICY = 'NetworkPolicy';

/** Kinds of network-policy-api v1alpha1; v1alpha2 replaces them with one (ANP-12). */
export const ALPHA1_KINDS: readonly string[] = ['AdminNetworkPolicy', 'BaselineAdminNetworkPolicy'];
export const ALPHA2_KIND = 'ClusterNetworkPolicy';
export const ADMIN_KINDS: readonly string[] = [...ALPHA1_KINDS, ALPHA2_KIND];

/**
 * The Kubernetes specification with every kind enforced: `yes` wherever e2e tests and documents say so, even if some
 * enforcer says no.
 */
export const SPEC: Dialect = {
  enforcer: 'spec',
  settings: [],
  settingsRead: false,
  // e2e asserts that a /32 of a pod's address matches the pod (NP-22).
  ipBlockMatchesPods: 'yes',
  endPort: 'yes',
  sctp: 'yes',
  keepsEstablished: 'unknown',
  rejects: 'unknown',
  kinds: { sure: 'all', unsure: [] },
  hostNetwork: 'undefined',
  hostNamespaces: [],
  ownNode: 'always',
  filtersHairpin: 'unknown',
  egressSeesServices: 'no',
  identityLabels: false,
  labels: '',
  appliesUnlisted: false,
  enablePolicy: 'default',
  alwaysShutsOwnNode: false,
  cidrMatchesNodes: false,
  namedEgressPorts: 'destination',
  sidecarPortNames: 'yes',
  zeroPortIsAll: false,
  baselineMayAccept: false,
  matching: besideCilium(apiMatching),
};

/** The specification where it is clear, and unknown where it leaves room: the starting point of every enforcer. */
export const DEFAULT_DIALECT: Dialect = {
  ...SPEC,
  ipBlockMatchesPods: 'unknown',
  endPort: 'unknown',
  sctp: 'unknown',
  sidecarPortNames: 'unknown',
  egressSeesServices: 'unknown',
};

/** No known policy enforcer: objects of any kind may have been written for one. */
export const NONE: Dialect = {
  ...DEFAULT_DIALECT,
  enforcer: 'none',
  kinds: { sure: [NETWORK_POLICY], unsure: 'all' },
};

/** There may be an enforcer, but it is unknown which. */
export const UNKNOWN: Dialect = {
  ...DEFAULT_DIALECT,
  enforcer: 'unknown',
  kinds: { sure: [NETWORK_POLICY], unsure: 'all' },
};
