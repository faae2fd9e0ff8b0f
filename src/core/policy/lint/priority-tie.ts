import { type Lint, placedRules } from './context.ts';
import { rulesMeet } from './cover.ts';

/** Two policies of one tier and priority that may disagree: their order is undefined (ANP-2). */
export const priorityTie: Lint = {
  id: 'priority-tie',
  title: 'policies of one priority overlap with different actions',
  source: 'network-policy-api, AdminNetworkPolicySpec.priority: the order of equal priorities is undefined',
  severity: 'error',
  *check(context, policy) {
    if (policy.tier === 'normal') return;
    const own = new Set(context.selected(policy));
    for (const other of context.engine.policies()) {
      if (other === policy || other.tier !== policy.tier || other.priority !== policy.priority) continue;
      if (other.inert === true || !context.selected(other).some((pod) => own.has(pod))) continue;
      const clash = [...placedRules(context, policy)].find((mine) =>
        [...placedRules(context, other)].some(
          (theirs) =>
            theirs.direction === mine.direction &&
            theirs.rule.action !== mine.rule.action &&
            rulesMeet(mine.rule, theirs.rule),
        ),
      );
      if (clash === undefined) continue;
      yield {
        direction: clash.direction,
        ruleIndex: clash.index,
        text: `Rule ${clash.index + 1} and ${other.kind} ${other.name} have priority ${policy.priority} both, select the same pods and act differently: which one wins is undefined.`,
        fix: 'Give one of the two another priority.',
      };
    }
  },
};
