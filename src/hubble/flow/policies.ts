import { safeText } from '../../core/safe-text.ts';
import type { FlowPolicy } from '../../core/traffic/flow.ts';
import type { DecodedPolicy } from '../wire/decoded.ts';

const NONE: readonly FlowPolicy[] = [];

/** Policies of both directions. Those without any name are left out: nothing can be said of them. */
export function policiesOf(
  egress: readonly DecodedPolicy[],
  ingress: readonly DecodedPolicy[],
): readonly FlowPolicy[] {
  if (egress.length === 0 && ingress.length === 0) return NONE;
  return [
    ...egress.map((policy) => policyOf(policy, 'egress')),
    ...ingress.map((policy) => policyOf(policy, 'ingress')),
  ].filter(({ name }) => name !== '');
}

/** Servers before 1.17 give the kind only in a label (HUB-12). */
function policyOf(
  { name, namespace, kind, labels }: DecodedPolicy,
  direction: 'ingress' | 'egress',
): FlowPolicy {
  const realKind = kind || labelOf(labels, 'io.cilium.k8s.policy.derived-from');
  return {
    ...(realKind === '' ? {} : { kind: safeText(realKind) }),
    ...(namespace === '' ? {} : { namespace: safeText(namespace) }),
    name: safeText(name || labelOf(labels, 'io.cilium.k8s.policy.name')),
    direction,
  };
}

function labelOf(labels: readonly string[], key: string): string {
  const start = `k8s:${key}=`;
  return labels.find((label) => label.startsWith(start))?.slice(start.length) ?? '';
}
