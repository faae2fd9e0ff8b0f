import type { Rule } from '../model/policy.ts';
import { type Lint, placedRules } from './context.ts';

/**
 * A rule without any peer or port that could match (CIL-4, CIL-5, ANP-10). An empty rule that is the only one of its
 * section is how Cilium's documentation writes a default deny: not reported.
 */
export const ruleMatchesNothing: Lint = {
  id: 'rule-matches-nothing',
  title: 'a rule can match nothing',
  source: 'Cilium policy engine 1.19: an empty rule, an empty peer list and empty ports select nothing',
  severity: 'warning',
  *check(context, policy) {
    for (const { direction, index, rule, reading } of placedRules(context, policy)) {
      if (isDefaultDeny(rule, reading[direction])) continue;
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

function isDefaultDeny(rule: Rule, rules: readonly Rule[]): boolean {
  const { action, peers, ports, at } = rule;
  const isBare = action === 'allow' && peers !== 'any' && peers.length === 0 && ports === 'any';
  return isBare && at !== undefined && rules.every((other) => other === rule || other.action === 'deny');
}
