import type { Policy, Rule } from '../model/model.ts';
import { type Lint, type LintContext, type PlacedRule, placedRules } from './context.ts';
import { ruleCovers } from './cover.ts';
import type { Flaw } from './finding.ts';
import { leavesOut } from './undone.ts';

/** A rule made redundant by another one (NP-4, CIL-9, ANP-2). */
export const shadowedRule: Lint = {
  id: 'shadowed-rule',
  title: 'a rule never decides anything',
  source:
    'Kubernetes docs: policies are additive; Cilium: deny precedes allow; network-policy-api: the first match decides',
  severity: 'info',
  *check(context, policy) {
    const rules = [...placedRules(context, policy)];
    for (const [at, placed] of rules.entries()) {
      const place = { direction: placed.direction, ruleIndex: placed.index };
      if (policy.tier === 'normal') {
        const shadow = shadowOf(context, policy, placed);
        if (shadow !== undefined) yield { ...place, ...besideOthers(placed, shadow) };
        continue;
      }
      const before = rules.slice(0, at).find(hides(placed));
      if (before !== undefined) yield { ...place, ...behind(placed, before) };
    }
  },
};

function besideOthers({ index, rule }: PlacedRule, { name, denies, theirs }: Shadow): Flaw {
  if (!denies && excludes(rule) && !excludes(theirs)) {
    return {
      severity: 'warning',
      text: `Rule ${index + 1} leaves some peers out, but ${name} undoes that: it admits them too.`,
      fix: `Narrow ${name}, or remove rule ${index + 1}.`,
    };
  }
  return denies
    ? {
        severity: 'warning',
        text: `Rule ${index + 1} admits only what ${name} denies, and a deny overrides every allow.`,
        fix: 'Narrow the deny, or remove the rule.',
      }
    : {
        text: `Rule ${index + 1} adds nothing to ${name}.`,
        fix: 'Remove the rule.',
      };
}

/** In these tiers the first matching rule decides: one after a wider one never does. */
function behind({ index, rule }: PlacedRule, before: PlacedRule): Flaw {
  const text = `Rule ${index + 1} is never reached: rule ${before.index + 1} decides everything that it matches`;
  return rule.action === before.rule.action
    ? { text: `${text}, with the same action.`, fix: 'Remove the rule.' }
    : {
        severity: 'warning',
        text: `${text}, with the action ${before.rule.action} instead of ${rule.action}.`,
        fix: `Move it before rule ${before.index + 1}, or remove it.`,
      };
}

type Shadow = {
  readonly policy: Policy;
  readonly name: string;
  readonly denies: boolean;
  readonly theirs: Rule;
};

function excludes({ peers }: Rule): boolean {
  return peers !== 'any' && peers.some(leavesOut);
}

function hides({ direction, rule }: PlacedRule): (other: PlacedRule) => boolean {
  return (other) => other.direction === direction && ruleCovers(other.rule, rule);
}

/**
 * A deny that covers it, or an allow: an earlier one of its own policy, a wider one, or one that selects all its pods.
 */
function shadowOf(context: LintContext, policy: Policy, placed: PlacedRule): Shadow | undefined {
  if (placed.rule.action !== 'allow' || placed.rule.l7 !== undefined) return undefined;
  const pods = context.selected(policy);
  const [first, ...rest] = pods;
  if (first === undefined) return undefined;
  for (const other of context.engine.policiesOn(first)) {
    if (other.tier !== 'normal') continue;
    for (const theirs of placedRules(context, other)) {
      if (
        theirs.rule === placed.rule ||
        theirs.rule.l7 !== undefined ||
        theirs.direction !== placed.direction
      )
        continue;
      if (!ruleCovers(theirs.rule, placed.rule)) continue;
      if (
        theirs.rule.action === 'allow' &&
        ruleCovers(placed.rule, theirs.rule) &&
        !comesFirst(policy, placed, other, theirs)
      )
        continue;
      if (!rest.every((pod) => context.engine.policiesOn(pod).includes(other))) continue;
      if (other.parts !== undefined) continue;
      const denies = theirs.rule.action === 'deny';
      return {
        policy: other,
        name: other === policy ? `rule ${theirs.index + 1}` : `${other.kind} ${other.name}`,
        denies,
        theirs: theirs.rule,
      };
    }
  }
  return undefined;
}

/** Of two equivalent rules, the later one is reported: by name, then by position. */
function comesFirst(policy: Policy, placed: PlacedRule, other: Policy, theirs: PlacedRule): boolean {
  if (other === policy) return theirs.index < placed.index;
  return `${other.name} ${other.kind}` < `${policy.name} ${policy.kind}`;
}
