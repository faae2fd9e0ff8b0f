export type { ClusterEvent, FeedState, KindName } from './events.ts';
export { type ClusterModel, createClusterModel, policyKey, withPolicies } from './model.ts';
/* The live model of a cluster, and the events that change it. */
