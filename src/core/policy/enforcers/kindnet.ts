import type { Dialect } from '../match/match.ts';
import { ADMIN_KINDS, NETWORK_POLICY, UNSAID } from './spec.ts';

/** kube-network-policies, alone or inside kindnet; the other kinds need another build of it (ANP-12). */
export const KINDNET: Dialect = {
  ...UNSAID,
  enforcer: 'kindnet',
  kinds: { sure: [NETWORK_POLICY], unsure: ADMIN_KINDS },
};
