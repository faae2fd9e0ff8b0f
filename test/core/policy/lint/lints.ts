import { parseCiliumPolicy } from '../../../../src/core/policy/cilium/parse.ts';
import { createEngine } from '../../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../../src/core/policy/enforcers/enforcers.ts';
import { parseAdminPolicy } from '../../../../src/core/policy/kinds/admin-policy.ts';
import type { Finding } from '../../../../src/core/policy/lint/finding.ts';
import { lint } from '../../../../src/core/policy/lint/lint.ts';
import type { Dialect } from '../../../../src/core/policy/match/dialect.ts';
import type { Policy } from '../../../../src/core/policy/model/policy.ts';
import { cluster, namespace, networkPolicy, pod, service } from '../../../helpers/builders.ts';

export const web = pod({ name: 'web', ports: [{ name: 'http', port: 80, protocol: 'TCP' }] });
export const db = pod({ name: 'db', ports: [{ name: 'pg', port: 5432, protocol: 'TCP' }] });
export const mon = pod({ name: 'mon', namespace: 'ops', ips: ['10.0.1.4'] });
export const dns = pod({ name: 'coredns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } });

const services = [
  service({
    name: 'kube-dns',
    namespace: 'kube-system',
    selector: { 'k8s-app': 'kube-dns' },
    ports: [{ port: 53, targetPort: 53, protocol: 'UDP' }],
  }),
  service({ name: 'db' }),
];

export const select = (app: string) => ({ matchLabels: { app } });
export const inNamespace = (name: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } });

/** A NetworkPolicy `p` of namespace shop. */
export const np = (spec: unknown, name = 'p') => networkPolicy({ name, spec });

/** A CiliumNetworkPolicy `p` of namespace shop on db, unless its fields say otherwise. */
export const cnp = (fields: Record<string, unknown>, name = 'p') =>
  parseCiliumPolicy({
    kind: 'CiliumNetworkPolicy',
    metadata: { name, namespace: 'shop' },
    spec: { endpointSelector: select('db'), ...fields },
  });

export const anp = (name: string, priority: number, ingress: string | readonly object[]) =>
  parseAdminPolicy({
    apiVersion: 'policy.networking.k8s.io/v1alpha1',
    kind: 'AdminNetworkPolicy',
    metadata: { name },
    spec: {
      priority,
      subject: { namespaces: {} },
      ingress: typeof ingress === 'string' ? [{ action: ingress, from: [{ namespaces: {} }] }] : ingress,
    },
  });

/** What all lints find in some policies over a small cluster. */
export function findings(
  policies: readonly Policy[],
  dialect: Dialect = dialectOf('spec'),
  pods = [web, db, mon, dns],
  partial = false,
): readonly Finding[] {
  const namespaces = [namespace({ name: 'ops', labels: { team: 'blue' } })];
  return lint(createEngine(cluster({ pods, namespaces, services, policies }), dialect), { partial });
}

/** The texts of one lint, with policy, direction and rule. */
export function told(id: string, ...world: Parameters<typeof findings>): readonly string[] {
  return findings(...world)
    .filter((finding) => finding.id === id)
    .map(({ policy, direction, ruleIndex, text }) =>
      [policy.name, direction, ruleIndex === undefined ? undefined : ruleIndex + 1, text]
        .filter((part) => part !== undefined)
        .join(' · '),
    );
}
