import type { Policy } from '../../policy.ts';
import { readingsOf } from '../../reading.ts';
import { type Lint, placedRules } from '../context.ts';
import { shadowedRule } from './shadowed-rule.ts';

/** A policy that could go without anybody noticing (facts/policy.md §1 rules 2, 4). */
export const noEffect: Lint = {
  id: 'no-effect',
  title: 'the policy has no effect beside the others',
  source: 'Kubernetes docs, Network Policies: policies do not conflict, they are additive',
  severity: 'info',
  *check(context, policy) {
    const pods = context.selected(policy);
    if (pods.length === 0 || policy.tier !== 'normal' || policy.parts !== undefined) return;
    const rules = [...placedRules(context.dialect, policy)];
    const told = new Set(
      [...shadowedRule.check(context, policy)].map(({ direction, ruleIndex }) => `${direction} ${ruleIndex}`),
    );
    if (!rules.every(({ direction, index }) => told.has(`${direction} ${index}`))) return;
    const [reading] = readingsOf(context.dialect, policy);
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
            readingsOf(context.dialect, other).some(({ isolates }) => isolates[direction]),
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

/** Of two policies without rules that could each stand for the other, the later one by name is told. */
function outlasts(other: Policy, policy: Policy): boolean {
  const isBare = ({ ingress, egress }: Policy) => ingress.length + egress.length === 0;
  return !isBare(other) || !isBare(policy) || other.name < policy.name;
}
