import type { Dialect } from '../match/match.ts';
import { ALPHA1_KINDS, NETWORK_POLICY, UNSAID } from './spec.ts';

export const ANTREA: Dialect = {
  ...UNSAID,
  enforcer: 'antrea',
  kinds: { sure: [NETWORK_POLICY], unsure: ALPHA1_KINDS },
};
