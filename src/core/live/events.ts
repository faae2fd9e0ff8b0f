import type { CidrGroup, EndpointSlice, Namespace, Node, Pod, Service } from '../cluster/cluster.ts';
import type { Policy } from '../policy/model/model.ts';

/** What a cluster holds, by the name of the collection. */
export type Kinds = {
  pods: Pod;
  namespaces: Namespace;
  services: Service;
  nodes: Node;
  policies: Policy;
  endpointSlices: EndpointSlice;
  cidrGroups: CidrGroup;
};

export type KindName = keyof Kinds;

/**
 * One step of a list-watch, already mapped and sanitized. `reset` replaces everything of one kind (in one scope: a
 * namespace, or the cluster when absent); keys are `keyOf`. For policies the key is prefixed with the API kind, because
 * one collection holds several: `NetworkPolicy/ns/name`.
 */
export type ClusterEvent = {
  [K in KindName]:
    | {
        readonly type: 'reset';
        readonly kind: K;
        readonly source: string;
        readonly objects: readonly Kinds[K][];
      }
    | { readonly type: 'set'; readonly kind: K; readonly source: string; readonly object: Kinds[K] }
    | { readonly type: 'delete'; readonly kind: K; readonly source: string; readonly key: string };
}[KindName];

/**
 * The state of one list-watch. `denied` names the missing permission; the rest of the app continues without the kind.
 * `since` and `retryAt` are ms since the epoch, local.
 */
export type FeedState =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  | {
      readonly state: 'stale';
      readonly since: number;
      readonly reason: string;
      /** When the next try is due, if one is waiting. */
      readonly retryAt?: number;
    }
  | { readonly state: 'denied'; readonly reason: string }
  | { readonly state: 'absent' };
