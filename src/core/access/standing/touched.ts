import { at, isRecord, textAt } from '../../json.ts';
import type { ApiObject } from '../../ports.ts';

/** The namespaces that a grant's policy touches: that of its pods, and that of the other end where it names one. */
export function touchedNamespaces(policy: ApiObject): readonly string[] {
  const peers = [
    at(policy, 'spec', 'ingress', 0, 'from', 0, 'namespaceSelector', 'matchLabels'),
    at(policy, 'spec', 'egress', 0, 'to', 0, 'namespaceSelector', 'matchLabels'),
  ];
  const named = peers.flatMap((labels) =>
    isRecord(labels) ? (textAt(labels, 'kubernetes.io/metadata.name') ?? []) : [],
  );
  return [...new Set([policy.metadata.namespace ?? '', ...named])];
}
