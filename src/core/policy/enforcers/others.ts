import type { Dialect } from './dialect.ts';
import { ALPHA1_KINDS, ALPHA2_KIND, NETWORK_POLICY, UNSAID } from './spec.ts';
import { isAtLeast } from './version.ts';

const ADMIN_KINDS = [...ALPHA1_KINDS, ALPHA2_KIND];

/** Calico; measured on Felix 3.28 with real packets, unless a source is named. */
export function calicoDialect(version: string | undefined): Dialect {
  return {
    ...UNSAID,
    enforcer: 'calico',
    ...(version === undefined ? {} : { version }),
    ipBlockMatchesPods: 'yes',
    endPort: 'yes',
    // Felix accepts established flows before it looks at policies; calico #6399.
    keepsEstablished: 'yes',
    rejects: 'no',
    // No endpoint of Calico's stands for it; its packets have the node's address, and the own node always gets in.
    hostNetwork: 'node',
    filtersHairpin: 'yes',
    endpointLabels: true,
    // Since calico PR #8885, which 3.28 lacks.
    sidecarPortNames: version === undefined ? 'unknown' : isAtLeast(version, '3.29') ? 'yes' : 'no',
    kinds: {
      sure: [NETWORK_POLICY, ...calicoAdminKinds(version)],
      unsure: version === undefined ? ADMIN_KINDS : [],
    },
  };
}

/** v1alpha1 from 3.29 to 3.31, v1alpha2 from 3.32 (ANP-12). */
function calicoAdminKinds(version: string | undefined): readonly string[] {
  if (version === undefined || !isAtLeast(version, '3.29')) return [];
  return isAtLeast(version, '3.32') ? [ALPHA2_KIND] : ALPHA1_KINDS;
}

export const KUBE_ROUTER: Dialect = {
  ...UNSAID,
  enforcer: 'kube-router',
  // kube-router PR #1080; SCTP is still asked for in #1019.
  endPort: 'yes',
  // Its last rule rejects with icmp-port-unreachable (ENF-3).
  rejects: 'yes',
  kinds: { sure: [NETWORK_POLICY], unsure: [] },
};

/** kube-network-policies, alone or inside kindnet; the other kinds need another build of it (ANP-12). */
export const KINDNET: Dialect = {
  ...UNSAID,
  enforcer: 'kindnet',
  kinds: { sure: [NETWORK_POLICY], unsure: ADMIN_KINDS },
};

export const OVN_KUBERNETES: Dialect = {
  ...UNSAID,
  enforcer: 'ovn-kubernetes',
  // OKD docs, "About network policy": it applies to TCP, UDP, ICMP and SCTP.
  sctp: 'yes',
  kinds: { sure: [NETWORK_POLICY], unsure: ALPHA1_KINDS },
};

export const ANTREA: Dialect = {
  ...UNSAID,
  enforcer: 'antrea',
  kinds: { sure: [NETWORK_POLICY], unsure: ALPHA1_KINDS },
};

export const AWS_VPC_CNI: Dialect = {
  ...UNSAID,
  enforcer: 'aws-vpc-cni',
  // Its controller adds addresses and ports of Services for the peers that a rule selects (NP-27).
  egressSeesServices: 'yes',
  kinds: { sure: [NETWORK_POLICY], unsure: [] },
};

/** Nothing is known to enforce: objects of any kind may have been written for something that does. */
export const NONE: Dialect = {
  ...UNSAID,
  enforcer: 'none',
  kinds: { sure: [NETWORK_POLICY], unsure: 'all' },
};
export const UNKNOWN: Dialect = {
  ...UNSAID,
  enforcer: 'unknown',
  kinds: { sure: [NETWORK_POLICY], unsure: 'all' },
};
