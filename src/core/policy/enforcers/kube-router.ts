import type { Dialect } from '../match/match.ts';
import { NETWORK_POLICY, UNSAID } from './spec.ts';

export const KUBE_ROUTER: Dialect = {
  ...UNSAID,
  enforcer: 'kube-router',
  // kube-router PR #1080; SCTP is still asked for in #1019.
  endPort: 'yes',
  // Its last rule rejects with icmp-port-unreachable (ENF-3).
  rejects: 'yes',
  kinds: { sure: [NETWORK_POLICY], unsure: [] },
};
