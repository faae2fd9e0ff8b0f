import { parseCiliumPolicy } from '../cilium/cilium.ts';
import type { Policy } from '../model/model.ts';
import { parseAdminPolicy } from './admin-policy.ts';
import { parseNetworkPolicy } from './network-policy.ts';

/** One policy kind that the engine evaluates: how to list it, and how to parse it. */
export type PolicyKind = {
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  /** The plural, as in the URL. */
  readonly resource: string;
  readonly namespaced: boolean;
  /** Never throws: faults of the object are in `problems`. */
  readonly parse: (raw: unknown) => Policy;
};

/** Every kind that the engine evaluates. A new one is a folder with a parser, and a line here. */
export const POLICY_KINDS: readonly PolicyKind[] = [
  {
    kind: 'NetworkPolicy',
    group: 'networking.k8s.io',
    version: 'v1',
    resource: 'networkpolicies',
    namespaced: true,
    parse: parseNetworkPolicy,
  },
  {
    kind: 'CiliumNetworkPolicy',
    group: 'cilium.io',
    version: 'v2',
    resource: 'ciliumnetworkpolicies',
    namespaced: true,
    parse: parseCiliumPolicy,
  },
  {
    kind: 'CiliumClusterwideNetworkPolicy',
    group: 'cilium.io',
    version: 'v2',
    resource: 'ciliumclusterwidenetworkpolicies',
    namespaced: false,
    parse: parseCiliumPolicy,
  },
  {
    kind: 'AdminNetworkPolicy',
    group: 'policy.networking.k8s.io',
    version: 'v1alpha1',
    resource: 'adminnetworkpolicies',
    namespaced: false,
    parse: parseAdminPolicy,
  },
  {
    kind: 'BaselineAdminNetworkPolicy',
    group: 'policy.networking.k8s.io',
    version: 'v1alpha1',
    resource: 'baselineadminnetworkpolicies',
    namespaced: false,
    parse: parseAdminPolicy,
  },
  {
    kind: 'ClusterNetworkPolicy',
    group: 'policy.networking.k8s.io',
    version: 'v1alpha2',
    resource: 'clusternetworkpolicies',
    namespaced: false,
    parse: parseAdminPolicy,
  },
];

/** The group of an `apiVersion`; empty for the core group. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}

/** The kind of an object by its `apiVersion` group and `kind`; undefined if it is not a known policy. */
export function policyKindOf(apiVersion: string, kind: string): PolicyKind | undefined {
  const group = groupOf(apiVersion);
  return POLICY_KINDS.find((entry) => entry.kind === kind && entry.group === group);
}

/** The kind by its name alone. */
export function kindOf(kind: string): PolicyKind | undefined {
  return POLICY_KINDS.find((entry) => entry.kind === kind);
}
