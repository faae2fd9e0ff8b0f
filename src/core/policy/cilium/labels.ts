import type { Labels, Requirement, Selector } from '../../cluster/labels.ts';
import { holds } from '../../cluster/labels.ts';
import type { ClusterModel } from '../../cluster/model.ts';
import type { Pod } from '../../cluster/objects.ts';
import { labelFilter } from './label-filter.ts';

export const NAMESPACE_LABEL = 'io.kubernetes.pod.namespace';
const NAMESPACE_LABELS = 'io.cilium.k8s.namespace.labels.';
const SERVICE_ACCOUNT = 'io.cilium.k8s.policy.serviceaccount';
const CLUSTER = 'io.cilium.k8s.policy.cluster';

/** Labels that Cilium derives; a pod that carries them itself does not deceive it (CIL-7). */
const DERIVED = /^io\.cilium\.k8s\./;

/**
 * Whether a label of a pod is no part of its identity, so that selecting it selects nothing (CIL-8). `option` is the
 * `labels` setting of Cilium.
 */
export function isIgnoredLabel(key: string, option = ''): boolean {
  return !labelFilter(option).own(unprefixed(key).key);
}

type Known = { readonly option: string; readonly namespaceLabels: Labels; readonly labels: Labels };

const identities = new WeakMap<Pod, Known>();

/** The labels by which Cilium knows a pod: its own and the derived ones, without those that its filter drops. */
export function identityLabels(model: ClusterModel, pod: Pod, option: string): Labels {
  const namespaceLabels = model.namespace(pod.namespace)?.labels ?? NO_LABELS;
  const known = identities.get(pod);
  if (known !== undefined && known.namespaceLabels === namespaceLabels && known.option === option)
    return known.labels;
  const filter = labelFilter(option);
  const labels: Record<string, string> = {};
  for (const [key, value] of Object.entries(pod.labels)) {
    if (filter.own(key) && !DERIVED.test(key)) labels[key] = value;
  }
  const derive = (key: string, value: string) => {
    if (filter.derived(key)) labels[key] = value;
  };
  for (const [key, value] of Object.entries(namespaceLabels)) derive(`${NAMESPACE_LABELS}${key}`, value);
  derive(NAMESPACE_LABEL, pod.namespace);
  derive(SERVICE_ACCOUNT, pod.serviceAccount);
  derive(CLUSTER, 'default');
  identities.set(pod, { option, namespaceLabels, labels });
  return labels;
}

const NO_LABELS: Labels = {};

/** Whether a pod's identity satisfies a selector whose keys may carry a source (CIL-7). */
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

/** Whether a selector speaks of namespaces, in any of the three spellings (CIL-6). */
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
