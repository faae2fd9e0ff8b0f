import { isRecord, type Raw, rawOf, rawsOf, safeText, textOf } from '../../core/common/common.ts';
import type { ForeignObject } from '../../core/policy/model/model.ts';
import type { ManifestDocument, Place } from './parse.ts';

/** One object of the manifests, with its identity. */
export type ManifestObject = {
  readonly place: Place;
  readonly raw: Raw;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
};

/** The objects of documents: `List`, `PodList` and JSON arrays are expanded recursively. */
export function objectsOf(documents: readonly ManifestDocument[]): {
  readonly objects: readonly ManifestObject[];
  /** Non-empty documents that are not Kubernetes objects. */
  readonly others: readonly Place[];
} {
  const objects: ManifestObject[] = [];
  const others: Place[] = [];
  for (const { place, value } of documents) {
    if (value === null || value === undefined) continue;
    const found = (Array.isArray(value) ? rawsOf(value) : isRecord(value) ? [value] : []).flatMap((raw) =>
      open(raw, undefined, undefined),
    );
    const named = found.filter(({ kind }) => textOf(kind) !== undefined);
    if (named.length === 0) others.push(place);
    for (const raw of named) objects.push(objectOf(raw, place));
  }
  return { objects, others };
}

/** Items of a list inherit its apiVersion and kind when they don't set their own. */
function open(raw: Raw, apiVersion: unknown, kind: unknown): readonly Raw[] {
  const ownKind = textOf(raw.kind) ?? textOf(kind);
  const whole = { ...raw, kind: ownKind, apiVersion: textOf(raw.apiVersion) ?? textOf(apiVersion) ?? 'v1' };
  if (ownKind?.endsWith('List') !== true || !Array.isArray(raw.items)) return [whole];
  const itemKind = ownKind === 'List' ? undefined : ownKind.slice(0, -'List'.length);
  return rawsOf(raw.items).flatMap((item) => open(item, whole.apiVersion, itemKind));
}

function objectOf(raw: Raw, place: Place): ManifestObject {
  const metadata = rawOf(raw.metadata);
  return {
    place,
    raw,
    apiVersion: textOf(raw.apiVersion) ?? 'v1',
    kind: textOf(raw.kind) ?? '',
    namespace: textOf(metadata.namespace),
    name: textOf(metadata.name) ?? textOf(metadata.generateName) ?? '',
  };
}

/** `NetworkPolicy shop/db`. */
export function objectText({
  kind,
  namespace,
  name,
}: Pick<ManifestObject, 'kind' | 'namespace' | 'name'>): string {
  return safeText(
    `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name === '' ? '(no name)' : name}`,
  );
}

/** Policies that affect traffic but are not evaluated here, by group and kind (EXT-1). */
const FOREIGN: readonly (readonly [group: RegExp, kind: string, cluster: boolean, name: string])[] = [
  [/(?:^|\.)projectcalico\.org$/, 'NetworkPolicy', false, 'Calico NetworkPolicy'],
  [/(?:^|\.)projectcalico\.org$/, 'GlobalNetworkPolicy', true, 'Calico GlobalNetworkPolicy'],
  [/^crd\.antrea\.io$/, 'NetworkPolicy', false, 'Antrea NetworkPolicy'],
  [/^crd\.antrea\.io$/, 'ClusterNetworkPolicy', true, 'Antrea ClusterNetworkPolicy'],
  [/^security\.istio\.io$/, 'AuthorizationPolicy', false, 'Istio AuthorizationPolicy'],
  [/^k8s\.ovn\.org$/, 'EgressFirewall', false, 'OVN-Kubernetes EgressFirewall'],
  [/^network\.openshift\.io$/, 'EgressNetworkPolicy', false, 'OpenShift EgressNetworkPolicy'],
  [/^networking\.k8s\.aws$/, 'ClusterNetworkPolicy', true, 'AWS ClusterNetworkPolicy'],
  [/^networking\.k8s\.aws$/, 'ApplicationNetworkPolicy', false, 'AWS ApplicationNetworkPolicy'],
  [/^policy\.linkerd\.io$/, 'Server', false, 'Linkerd Server'],
];

/** The object as a policy that is not evaluated; undefined when it isn't one. */
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
