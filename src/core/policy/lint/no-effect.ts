import type { Policy } from '../model/policy.ts';
import { type Lint, placedRules } from './context.ts';
import { shadowedRule } from './shadowed-rule.ts';

/**
 * A policy that could go without anybody noticing (NP-2, NP-4). A default deny stands for pods that are to come: only
 * another default deny makes it needless.
 */
export const noEffect: Lint = {
  id: 'no-effect',
  title: 'the policy has no effect beside the others',
  source: 'Kubernetes docs, Network Policies: policies do not conflict, they are additive',
  severity: 'info',
  *check(context, policy) {
    const pods = context.selected(policy);
    if (pods.length === 0 || policy.tier !== 'normal' || policy.parts !== undefined) return;
    const rules = [...placedRules(context, policy)];
    const told = new Set(
      [...shadowedRule.check(context, policy)].map(({ direction, ruleIndex }) => `${direction} ${ruleIndex}`),
    );
    if (!rules.every(({ direction, index }) => told.has(`${direction} ${index}`))) return;
    const [reading] = context.world.matching.readings(policy);
    const others = pods.map((pod) =>
      context.engine
        .policiesOn(pod)
        .filter((other) => other !== policy && other.tier === 'normal' && outlasts(other, policy)),
    );
    const isolated = (['ingress', 'egress'] as const).every(
      (direction) =>
        reading?.isolates[direction] !== true ||
        others.every((list) =>
          list.some((other) =>
            context.world.matching.readings(other).some(({ isolates }) => isolates[direction]),
          ),
        ),
    );
    if (!isolated) return;
    yield {
      text: 'Other policies isolate the same pods and admit all that it admits.',
      fix: 'Delete it, or keep it for pods that are to come or policies that are to go.',
    };
  },
};

/**
 * Whether the other one may stand for this one. Of two without rules, the one that selects more, else the first by
 * name; one with rules comes and goes with what it admits.
 */
function outlasts(other: Policy, policy: Policy): boolean {
  if (!isBare(policy)) return true;
  if (!isBare(other) || other.parts !== undefined) return false;
  const [wide, narrow] = [other.subject.pods.length, policy.subject.pods.length];
  return wide === narrow ? other.name < policy.name : wide < narrow;
}

function isBare({ ingress, egress }: Policy): boolean {
  return ingress.length + egress.length === 0;
}
