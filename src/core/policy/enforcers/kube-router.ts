import type { Dialect } from '../match/match.ts';
import { DEFAULT_DIALECT, NETWORK_POLICY } from './spec.ts';

export const KUBE_ROUTER: Dialect = {
  ...DEFAULT_DIALECT,
  enforcer: 'kube-router',
  // kube-router PR #1080; SCTP support is still requested in #1019.
  endPort: 'yes',
  // Its last rule rejects with icmp-port-unreachable (ENF-3).
  rejects: 'yes',
  kinds: { sure: [NETWORK_POLICY], unsure: [] },
};
