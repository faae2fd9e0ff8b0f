import { policyKey } from '../live/live.ts';
import type { PathDecision } from '../policy/decide/decide.ts';
import { policyTitle } from '../policy/explain/explain.ts';
import type { Policy } from '../policy/model/model.ts';
import { GRANT_LABEL, NOTE } from './names.ts';

/**
 * Other policies that would keep every half open without the grant; undefined if some half is open only because of it.
 */
export function openers(
  policies: readonly Policy[],
  { egress, ingress }: PathDecision,
): readonly Policy[] | undefined {
  const own = new Set(policies.map(policyKey));
  const found: Policy[] = [];
  for (const policy of policies) {
    const { steps } = policy.isolates.ingress ? ingress : egress;
    const others = steps.flatMap(({ action, applied }) =>
      action === 'allow' && !own.has(policyKey(applied.policy)) ? [applied.policy] : [],
    );
    if (others.length === 0) return undefined;
    found.push(...others);
  }
  return found;
}

/** The most openers listed by name. */
const NAMED = 3;

/** What other openers mean for the end of a grant. */
export function openersText(others: readonly Policy[]): readonly string[] {
  const names = [...new Set(others.slice(0, NAMED).map(openerText))];
  const texts = names.map((name) => `${name} also opens the path: it will stay open when the grant ends`);
  return others.length > NAMED ? [...texts, 'more policies also open the path'] : texts;
}

function openerText(policy: Policy): string {
  const id = policy.labels[GRANT_LABEL];
  if (id === undefined) return policyTitle(policy);
  return `grant ${id} by ${policy.annotations[NOTE.requester] ?? '?'}`;
}

/** Who opens a path: a policy, or `grant 7f3k of alice, until 15:45:00` by the marks on it. */
export function openerName(policy: Policy, time: (at: number) => string): string {
  const id = policy.labels[GRANT_LABEL];
  if (id === undefined) return policyTitle(policy);
  const end = Date.parse(policy.annotations[NOTE.expiresAt] ?? '');
  const until = Number.isNaN(end) ? '' : `, until ${time(end)}`;
  return `grant ${id} of ${policy.annotations[NOTE.requester] ?? '?'}${until}`;
}
