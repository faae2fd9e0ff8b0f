import type { Dialect } from '../match/match.ts';
import { ALPHA1_KINDS, DEFAULT_DIALECT, NETWORK_POLICY } from './spec.ts';

export const OVN_KUBERNETES: Dialect = {
  ...DEFAULT_DIALECT,
  enforcer: 'ovn-kubernetes',
  // OKD docs, "About network policy": it applies to TCP, UDP, ICMP and SCTP.
  sctp: 'yes',
  // A host-network pod is in no address set of a namespace or pod selector (`util.PodWantsHostNetwork`).
  hostNetwork: 'node',
  // The option `--host-network-namespace`: OpenShift's name, and that of the installation in kind.
  hostNamespaces: ['openshift-host-network', 'ovn-host-network'],
  kinds: { sure: [NETWORK_POLICY], unsure: ALPHA1_KINDS },
};
