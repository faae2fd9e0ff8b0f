import { type Lint, placedRules } from '../context.ts';

/** A rule without any peer or port that could match (facts/policy.md §2a.4, §2a.5, §2b rule 10). */
export const ruleMatchesNothing: Lint = {
  id: 'rule-matches-nothing',
  title: 'a rule can match nothing',
  source: 'Cilium policy engine 1.19: an empty rule, an empty peer list and empty ports select nothing',
  severity: 'warning',
  *check({ dialect }, policy) {
    for (const { direction, index, rule } of placedRules(dialect, policy)) {
      const what = rule.peers !== 'any' && rule.peers.length === 0 ? 'peer' : undefined;
      const ports = rule.ports !== 'any' && rule.ports.length === 0 ? 'port' : undefined;
      const missing = what ?? ports;
      if (missing === undefined) continue;
      yield {
        direction,
        ruleIndex: index,
        text: `Rule ${index + 1} names no ${missing} that could match, so it ${rule.action === 'deny' ? 'denies' : 'admits'} nothing.`,
        fix:
          missing === 'peer'
            ? 'Name a peer; for every peer in Cilium write fromEntities or toEntities: [all].'
            : 'Name a port, or leave the ports out for every port.',
      };
    }
  },
};
