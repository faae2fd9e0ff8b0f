import type { Labels, Requirement, Selector } from '../../cluster/labels.ts';
import { holds } from '../../cluster/labels.ts';
import type { ClusterModel } from '../../cluster/model.ts';
import type { Pod } from '../../cluster/objects.ts';

export const NAMESPACE_LABEL = 'io.kubernetes.pod.namespace';
const NAMESPACE_LABELS = 'io.cilium.k8s.namespace.labels.';
const SERVICE_ACCOUNT = 'io.cilium.k8s.policy.serviceaccount';
const CLUSTER = 'io.cilium.k8s.policy.cluster';

/** Labels that never become part of an identity; anchored at the start only (facts/policy.md §2a.8). */
const IGNORED =
  /^(?:io\.kubernetes|kubernetes\.io|.*beta\.kubernetes\.io|k8s\.io|topology\.kubernetes\.io|statefulset\.kubernetes\.io\/pod-name|apps\.kubernetes\.io\/pod-index|batch\.kubernetes\.io\/job-completion-index|batch\.kubernetes\.io\/controller-uid|pod-template-generation|pod-template-hash|controller-revision-hash|controller-uid|annotation|etcd_node)/;

/** Labels that Cilium derives; a pod that carries them itself does not deceive it (facts/policy.md §2a.7). */
const DERIVED = /^io\.cilium\.k8s\./;

/** Whether a label of a pod is no part of its identity, so that selecting it selects nothing (§0 fact 5). */
export function isIgnoredLabel(key: string): boolean {
  const name = unprefixed(key).key;
  return IGNORED.test(name) && name !== NAMESPACE_LABEL && !name.startsWith('app.kubernetes.io');
}

type Known = { readonly namespaceLabels: Labels; readonly labels: Labels };

const identities = new WeakMap<Pod, Known>();

/** The labels by which Cilium knows a pod: its own without the ignored ones, and the derived ones. */
export function identityLabels(model: ClusterModel, pod: Pod): Labels {
  const namespaceLabels = model.namespace(pod.namespace)?.labels ?? NO_LABELS;
  const known = identities.get(pod);
  if (known !== undefined && known.namespaceLabels === namespaceLabels) return known.labels;
  const labels: Record<string, string> = {};
  for (const [key, value] of Object.entries(pod.labels)) {
    if (!IGNORED.test(key) && !DERIVED.test(key)) labels[key] = value;
  }
  for (const [key, value] of Object.entries(namespaceLabels)) labels[`${NAMESPACE_LABELS}${key}`] = value;
  labels[NAMESPACE_LABEL] = pod.namespace;
  labels[SERVICE_ACCOUNT] = pod.serviceAccount;
  labels[CLUSTER] = 'default';
  identities.set(pod, { namespaceLabels, labels });
  return labels;
}

const NO_LABELS: Labels = {};

/** Whether a pod's identity satisfies a selector whose keys may carry a source (facts/policy.md §2a.7). */
export function matchesIdentity(selector: Selector, labels: Labels): boolean {
  return selector.every((requirement) => {
    const { source, key } = unprefixed(requirement.key);
    const known = source === 'any' || source === 'k8s';
    return holds({ ...requirement, key }, known ? labels : NO_LABELS);
  });
}

/** A key and the source before its colon; `any` without one. */
export function unprefixed(key: string): { readonly source: string; readonly key: string } {
  const colon = key.indexOf(':');
  return colon < 0 ? { source: 'any', key } : { source: key.slice(0, colon), key: key.slice(colon + 1) };
}

/** Whether a selector speaks of namespaces, in any of the three spellings (facts/policy.md §2a.6). */
export function mentionsNamespace(selector: Selector): boolean {
  return selector.some((requirement) => {
    const { source, key } = unprefixed(requirement.key);
    return (
      (source === 'any' || source === 'k8s') && (key === NAMESPACE_LABEL || key.startsWith(NAMESPACE_LABELS))
    );
  });
}

/** Whether a requirement is the namespace in matchLabels, which Cilium replaces by the policy's own. */
export function isReplacedNamespace({ key, isLabel }: Requirement, prefix: '' | 'k8s:'): boolean {
  return isLabel === true && key === `${prefix}${NAMESPACE_LABEL}`;
}
