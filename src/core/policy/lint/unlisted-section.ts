import { plural } from '../../plural.ts';
import type { Lint } from './context.ts';

/** Rules of a direction that policyTypes leaves out (NP-8, CIL-21). */
export const unlistedSection: Lint = {
  id: 'unlisted-section',
  title: 'policyTypes leaves out a direction that has rules',
  source: 'Kubernetes API, NetworkPolicySpec.policyTypes; Cilium applies both sections all the same',
  severity: 'error',
  *check({ dialect }, { unlisted }) {
    for (const direction of ['ingress', 'egress'] as const) {
      const count = unlisted?.[direction].length ?? 0;
      if (count === 0) continue;
      const type = direction === 'ingress' ? 'Ingress' : 'Egress';
      const rules = plural(count, 'rule');
      yield {
        direction,
        text: dialect.appliesUnlisted
          ? `policyTypes does not list ${type}, and ${dialect.enforcer} isolates and admits by its ${rules} all the same; other enforcers do not.`
          : `policyTypes does not list ${type}, so its ${rules} of ${direction} count for nothing.`,
        fix: `Add ${type} to policyTypes, or take the ${direction} section out.`,
      };
    }
  },
};
