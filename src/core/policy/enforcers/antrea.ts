import type { Dialect } from '../match/match.ts';
import { ALPHA1_KINDS, DEFAULT_DIALECT, NETWORK_POLICY } from './spec.ts';

export const ANTREA: Dialect = {
  ...DEFAULT_DIALECT,
  enforcer: 'antrea',
  kinds: { sure: [NETWORK_POLICY], unsure: ALPHA1_KINDS },
};
