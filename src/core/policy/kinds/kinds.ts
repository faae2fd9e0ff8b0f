export { parseNetworkPolicy } from './network-policy.ts';
export { groupOf, kindOf, POLICY_KINDS, type PolicyKind, policyKindOf } from './policy-kinds.ts';
export { manifestEvents } from './read-manifests.ts';
export {
  NETWORK_POLICY_STRUCTS,
  networkPolicySpecFaults,
  validateNetworkPolicy,
} from './validate-network-policy.ts';
/* The policy kinds: which exist, how each is parsed into the common model, and how their manifests are read. */
