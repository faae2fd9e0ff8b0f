export type { ClusterEvent, FeedState, KindName } from './events.ts';
export { type ClusterModel, createClusterModel, policyKey } from './model.ts';
/* The live model of a cluster, and the events that change it. */
