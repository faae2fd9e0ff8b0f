import type { Dialect } from '../match/match.ts';
import { DEFAULT_DIALECT, NETWORK_POLICY } from './spec.ts';

export const AWS_VPC_CNI: Dialect = {
  ...DEFAULT_DIALECT,
  enforcer: 'aws-vpc-cni',
  // Its controller adds the addresses and ports of Services to the peers that a rule selects (NP-27).
  egressSeesServices: 'yes',
  kinds: { sure: [NETWORK_POLICY], unsure: [] },
};
