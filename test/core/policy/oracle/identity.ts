import type { Ask } from './question.ts';
import type { OraclePod } from './reading.ts';

const NAMESPACE = 'io.kubernetes.pod.namespace';
const NAMESPACE_LABELS = 'io.cilium.k8s.namespace.labels.';

/** Label keys of the random worlds that Cilium drops by default (CIL-8). */
const DROPPED = ['pod-template-hash'];

/** What a selector's key stands for in the identity of a pod (CIL-6 to CIL-8). */
export function identity(
  { world, settings }: Pick<Ask, 'world' | 'settings'>,
  pod: OraclePod,
): (key: string) => string | undefined {
  const isAllowList = settings.labels === 'k8s:app';
  return (written) => {
    const [first = '', rest] = written.split(/:(.*)/s);
    const source = rest === undefined ? 'any' : first;
    const key = rest ?? first;
    if (source !== 'any' && source !== 'k8s') return undefined;
    if (key === NAMESPACE) return pod.namespace;
    if (key === 'io.cilium.k8s.policy.cluster') return 'default';
    if (key === 'io.cilium.k8s.policy.serviceaccount') return isAllowList ? undefined : pod.account;
    if (key.startsWith(NAMESPACE_LABELS))
      return world.namespaces.get(pod.namespace)?.[key.slice(NAMESPACE_LABELS.length)];
    if (DROPPED.includes(key)) return undefined;
    if (isAllowList && !key.startsWith('app')) return undefined;
    if (settings.labels === 'k8s:!tier' && key.startsWith('tier')) return undefined;
    return pod.labels[key];
  };
}

/** Whether a selector speaks of namespaces, in any spelling (CIL-6). */
export function speaksOfNamespaces(keys: readonly string[]): boolean {
  return keys.some((written) => {
    const key = written.replace(/^(k8s|any):/, '');
    return key === NAMESPACE || key.startsWith(NAMESPACE_LABELS);
  });
}
