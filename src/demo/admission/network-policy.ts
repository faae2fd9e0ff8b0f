import { isRecord, listAt } from '../../core/json.ts';
import type { ApiObject } from '../../core/ports.ts';

const TYPES = ['Ingress', 'Egress'];

/**
 * A NetworkPolicy with its defaults: protocol TCP, an empty podSelector, `policyTypes` from its sections (NP-6, NP-7,
 * NP-24).
 */
export function defaultNetworkPolicy(policy: ApiObject): ApiObject {
  const spec = isRecord(policy.spec) ? policy.spec : {};
  const egress = listAt(spec, 'egress');
  const types = listAt(spec, 'policyTypes');
  return {
    ...policy,
    spec: {
      podSelector: {},
      ...spec,
      ...(Array.isArray(spec.ingress) ? { ingress: spec.ingress.map(withProtocols) } : {}),
      ...(egress.length > 0 ? { egress: egress.map(withProtocols) } : {}),
      policyTypes: types.length > 0 ? types : egress.length > 0 ? TYPES : ['Ingress'],
    },
  };
}

function withProtocols(rule: unknown): unknown {
  if (!isRecord(rule) || !Array.isArray(rule.ports)) return rule;
  return { ...rule, ports: rule.ports.map((port) => (isRecord(port) ? { protocol: 'TCP', ...port } : port)) };
}
