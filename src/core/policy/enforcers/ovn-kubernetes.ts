import type { Dialect } from '../match/match.ts';
import { ALPHA1_KINDS, DEFAULT_DIALECT, NETWORK_POLICY } from './spec.ts';

export const OVN_KUBERNETES: Dialect = {
  ...DEFAULT_DIALECT,
  enforcer: 'ovn-kubernetes',
  // OKD docs, "About network policy": it applies to TCP, UDP, ICMP and SCTP.
  sctp: 'yes',
  kinds: { sure: [NETWORK_POLICY], unsure: ALPHA1_KINDS },
};
