import type { ApiObject } from '../ports.ts';
import type { GrantPlan } from './plan.ts';

/**
 * The policies of a plan as they would stand for good, to be reviewed in Git: same selectors and ports, a name that
 * says what they are for, none of a grant's labels, annotations and lease.
 */
export function permanentPolicies({
  halves,
  source,
  destination,
}: Extract<GrantPlan, { ok: true }>): readonly ApiObject[] {
  return halves.map(({ direction, namespace, policy }) => ({
    apiVersion: policy.apiVersion,
    kind: policy.kind,
    metadata: {
      name: direction === 'ingress' ? named(destination, 'from', source) : named(source, 'to', destination),
      namespace,
    },
    spec: policy.spec,
  }));
}

/** A DNS label of at most 63 characters from two names. */
function named(subject: string, word: string, peer: string): string {
  const clean = (text: string) =>
    text
      .toLowerCase()
      .replace(/^.*\//, '')
      .replace(/[^a-z0-9]+/g, '-');
  return `${clean(subject)}-${word}-${clean(peer)}`.slice(0, 63).replace(/^-+|-+$/g, '');
}
