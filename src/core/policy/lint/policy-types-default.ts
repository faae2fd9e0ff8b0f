import type { Lint } from './context.ts';

/** policyTypes left out where its default is not what the sections suggest (NP-7, NP-9, NP-10). */
export const policyTypesDefault: Lint = {
  id: 'policy-types-default',
  title: 'policyTypes is left to its default',
  source:
    'Kubernetes API, NetworkPolicySpec.policyTypes: Ingress always, Egress only where there is an egress rule',
  severity: 'warning',
  *check(_context, policy) {
    const blank = policy.blanks?.find(({ field }) => field === 'policyTypes');
    if (blank?.field !== 'policyTypes') return;
    if (policy.egress.length > 0 && policy.ingress.length === 0) {
      yield {
        direction: 'ingress',
        text: 'It has egress rules only, and without policyTypes it denies all ingress as well.',
        fix: 'Write policyTypes: [Egress], or [Ingress, Egress] if that is meant.',
      };
    } else if (blank.emptySections.includes('egress')) {
      yield {
        direction: 'egress',
        text: 'Its egress is empty, and without policyTypes that does not restrict egress at all.',
        fix: 'Write policyTypes: [Ingress, Egress] to deny egress, or leave egress out.',
      };
    } else if (policy.ingress.length === 0) {
      yield {
        direction: 'ingress',
        severity: 'info',
        text: 'It has no rule and no policyTypes, so it denies all ingress and nothing else.',
        fix: 'Write policyTypes: [Ingress] to say so.',
      };
    }
  },
};
