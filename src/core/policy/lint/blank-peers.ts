import type { Lint } from './context.ts';

/** Empty toFQDNs and toServices count as absent, and a toServices in a deny is never resolved (CIL-5, CIL-9). */
export const blankPeers: Lint = {
  id: 'blank-peers',
  title: 'an empty or unresolved peer list means any peer',
  source:
    'Cilium policy engine 1.19: empty toServices and toFQDNs count as absent; egressDeny.toServices is not resolved',
  severity: 'error',
  *check(_context, { blanks = [] }) {
    for (const blank of blanks) {
      if (blank.field === 'policyTypes') continue;
      const { field, at, hasPorts } = blank;
      const denies = at.section === 'egressDeny';
      const verb = denies ? 'denies' : 'admits';
      const what =
        field === 'toServices' && denies ? 'is never resolved in a deny' : 'is empty and counts as absent';
      yield {
        direction: 'egress',
        ruleIndex: at.index,
        text: `${field} of rule ${at.index + 1} (${at.section}) ${what}: the rule ${verb} ${
          hasPorts ? 'any peer on its ports' : 'nothing'
        }.`,
        fix: denies
          ? 'Name the peers with toEndpoints or toCIDR.'
          : `Name what is meant in ${field}, or take the rule out.`,
      };
    }
  },
};
