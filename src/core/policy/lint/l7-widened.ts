import { type Lint, placedRules } from './context.ts';

/** A plain rule with the same peers and ports makes an L7 rule allow all requests (CIL-18). */
export const l7Widened: Lint = {
  id: 'l7-widened',
  title: 'a plain rule makes an L7 rule meaningless',
  source:
    'Cilium, pkg/policy rule merging: an L4 allow of the same port and selector adds an allow-all L7 rule',
  severity: 'warning',
  *check(context, policy) {
    const [pod] = context.selected(policy);
    if (pod === undefined) return;
    for (const { direction, index, rule } of placedRules(context, policy)) {
      if (rule.l7 === undefined) continue;
      const reach = JSON.stringify([rule.peers, rule.ports]);
      const wide = context.engine
        .policiesOn(pod)
        .find(
          (other) =>
            other.kind === policy.kind &&
            [...placedRules(context, other)].some(
              (placed) =>
                placed.direction === direction &&
                placed.rule.action === 'allow' &&
                placed.rule.l7 === undefined &&
                JSON.stringify([placed.rule.peers, placed.rule.ports]) === reach,
            ),
        );
      if (wide === undefined) continue;
      yield {
        direction,
        ruleIndex: index,
        text: `Rule ${index + 1} restricts requests by ${rule.l7}, and ${wide.name} admits the same peers on the same ports without that: every request passes.`,
        fix: 'Take the plain rule out, or write the restriction there too.',
      };
    }
  },
};
