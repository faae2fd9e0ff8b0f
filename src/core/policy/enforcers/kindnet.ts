import type { Dialect } from '../match/match.ts';
import { ADMIN_KINDS, DEFAULT_DIALECT, NETWORK_POLICY } from './spec.ts';

/** kube-network-policies, standalone or inside kindnet; the other kinds need a different build of it (ANP-12). */
export const KINDNET: Dialect = {
  ...DEFAULT_DIALECT,
  enforcer: 'kindnet',
  kinds: { sure: [NETWORK_POLICY], unsure: ADMIN_KINDS },
};
