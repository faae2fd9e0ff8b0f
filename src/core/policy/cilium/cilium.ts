/* Cilium's policies: parsing and validation, identities, and label matching as in the agent. */

export { cidrsOfGroups } from './cidr-groups.ts';
export { reservedOf } from './identity.ts';
export { isIgnoredLabel, matchesIdentity, NAMESPACE_LABEL } from './labels.ts';
export { besideCilium, ciliumMatching } from './matching.ts';
export { parseCiliumPolicy } from './parse.ts';
export { ownPort, serviceStands } from './services.ts';
