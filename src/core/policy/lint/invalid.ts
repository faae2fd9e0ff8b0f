import type { Lint } from './context.ts';

/** An object that is refused, or read only in part (NP-23, CIL-14, ANP-10). */
export const invalid: Lint = {
  id: 'invalid',
  title: 'the policy is refused, whole or in part',
  source: 'Cilium, pkg/policy/api/rule_validation.go and status.conditions[Valid]; Kubernetes API validation',
  severity: 'error',
  *check(_context, policy) {
    const isWarning = policy.inert !== true && policy.kind.startsWith('Cilium');
    if (isWarning) return;
    for (const problem of policy.problems) {
      yield {
        text:
          policy.inert === true ? `It enforces nothing: ${problem}.` : `It cannot be read whole: ${problem}.`,
        fix: 'Correct it and apply it again; until then nothing it says can be relied on.',
      };
    }
  },
};
