import type { Dialect } from '../match/match.ts';
import { NETWORK_POLICY, UNSAID } from './spec.ts';

export const AWS_VPC_CNI: Dialect = {
  ...UNSAID,
  enforcer: 'aws-vpc-cni',
  // Its controller adds addresses and ports of Services for the peers that a rule selects (NP-27).
  egressSeesServices: 'yes',
  kinds: { sure: [NETWORK_POLICY], unsure: [] },
};
