import type { ForeignObject } from '../../../core/policy/model/policy.ts';
import { safeText } from '../../../core/safe-text.ts';
import type { ManifestObject } from './objects.ts';

/** Policies that govern traffic and are not evaluated here, by group and kind (EXT-1). */
const FOREIGN: readonly (readonly [group: RegExp, kind: string, cluster: boolean, name: string])[] = [
  [/(?:^|\.)projectcalico\.org$/, 'NetworkPolicy', false, 'Calico NetworkPolicy'],
  [/(?:^|\.)projectcalico\.org$/, 'GlobalNetworkPolicy', true, 'Calico GlobalNetworkPolicy'],
  [/^crd\.antrea\.io$/, 'NetworkPolicy', false, 'Antrea NetworkPolicy'],
  [/^crd\.antrea\.io$/, 'ClusterNetworkPolicy', true, 'Antrea ClusterNetworkPolicy'],
  [/^security\.istio\.io$/, 'AuthorizationPolicy', false, 'Istio AuthorizationPolicy'],
];

/** The object as a policy that is not evaluated; undefined when it is none. */
export function foreignPolicyOf(
  { apiVersion, kind, namespace, name }: ManifestObject,
  defaultNamespace: string,
): ForeignObject | undefined {
  const group = apiVersion.split('/')[0] ?? '';
  const found = FOREIGN.find(([groups, wanted]) => wanted === kind && groups.test(group));
  if (found === undefined) return undefined;
  const [, , clusterWide, shown] = found;
  return {
    kind: shown,
    name: safeText(name),
    ...(clusterWide ? {} : { namespace: safeText(namespace ?? defaultNamespace) }),
  };
}
