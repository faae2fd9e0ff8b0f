import type { Labels, Requirement, Selector } from '../../cluster/labels.ts';
import { holds } from '../../cluster/labels.ts';
import { unprefixed } from '../model/label-keys.ts';
import { labelFilter } from './label-filter.ts';

export const NAMESPACE_LABEL = 'io.kubernetes.pod.namespace';
export const NAMESPACE_LABELS = 'io.cilium.k8s.namespace.labels.';
export const SERVICE_ACCOUNT_LABEL = 'io.cilium.k8s.policy.serviceaccount';
export const CLUSTER_LABEL = 'io.cilium.k8s.policy.cluster';

/**
 * Whether a label of a pod is no part of its identity, so that selecting it selects nothing (CIL-8). `option` is the
 * `labels` setting of Cilium.
 */
export function isIgnoredLabel(key: string, option = ''): boolean {
  return !labelFilter(option).own(unprefixed(key).key);
}

const NO_LABELS: Labels = {};

/** Whether a pod's identity satisfies a selector whose keys may carry a source (CIL-7). */
export function matchesIdentity(selector: Selector, labels: Labels): boolean {
  return selector.every((requirement) => {
    if (!requirement.key.includes(':')) return holds(requirement, labels);
    const { source, key } = unprefixed(requirement.key);
    const known = source === 'any' || source === 'k8s';
    return holds({ ...requirement, key }, known ? labels : NO_LABELS);
  });
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
