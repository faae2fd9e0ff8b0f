import { enforces } from '../match/dialect.ts';
import type { Lint } from './context.ts';

/** A kind that takes no effect here, or only by a version or flag (ENF-1, NP-35, ANP-12). */
export const notEnforced: Lint = {
  id: 'not-enforced',
  title: 'nothing here enforces the policy',
  source:
    'network-policy-api, implementations.md (2026-04); Kubernetes docs: a policy without an enforcing plugin has no effect',
  severity: 'error',
  *check({ dialect }, policy) {
    const { enforcer } = dialect;
    if (enforcer === 'none') {
      yield {
        text: 'Nothing in this cluster is known to enforce policies.',
        fix: 'Install a network plugin that enforces them, or name it with --enforcer.',
      };
      return;
    }
    const answer = enforces(dialect, policy.kind);
    if (answer === 'yes') return;
    const who = enforcer === 'unknown' ? 'the enforcer here, which is not known,' : enforcer;
    yield answer === 'no'
      ? {
          text: `${who} does not enforce ${policy.kind}.`,
          fix: 'Write it as a kind that is enforced here, or delete it.',
        }
      : {
          severity: 'info' as const,
          text: `Whether ${who} enforces ${policy.kind} depends on its version and flags.`,
          fix: 'Check its version and flags before you rely on the policy.',
        };
  },
};
