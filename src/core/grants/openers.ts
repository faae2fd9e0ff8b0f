import { policyKey } from '../live/live.ts';
import type { PathDecision } from '../policy/decide/decide.ts';
import { policyTitle } from '../policy/explain/explain.ts';
import type { Direction, Policy } from '../policy/model/model.ts';
import { GRANT_LABEL, NOTE } from './names.ts';

/** The half that a policy of a grant opens. */
export function directionOf({ isolates }: Policy): Direction {
  return isolates.ingress ? 'ingress' : 'egress';
}

/** Who allows the half that each policy opens: all of them, and those that are not among the policies. */
export function allowsOf(
  policies: readonly Policy[],
  decision: PathDecision,
): readonly { readonly all: readonly Policy[]; readonly others: readonly Policy[] }[] {
  const own = new Set(policies.map(policyKey));
  return policies.map((policy) => {
    const allows = decision[directionOf(policy)].steps.filter(({ action }) => action === 'allow');
    const all = allows.map(({ applied }) => applied.policy);
    return { all, others: all.filter((one) => !own.has(policyKey(one))) };
  });
}

/**
 * Other policies that would keep every half open without the grant; undefined if some half is open only because of it.
 */
export function openers(policies: readonly Policy[], decision: PathDecision): readonly Policy[] | undefined {
  const halves = allowsOf(policies, decision).map(({ others }) => others);
  return halves.some((others) => others.length === 0) ? undefined : halves.flat();
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
  const grant = grantMarks(policy);
  return grant === undefined ? policyTitle(policy) : `grant ${grant.id} by ${grant.requester ?? '?'}`;
}

/** Who opens a path: a policy, or `grant 7f3k of alice, until 15:45:00` by the marks on it. */
export function openerName(policy: Policy, time: (at: number) => string): string {
  const grant = grantMarks(policy);
  if (grant === undefined) return policyTitle(policy);
  const end = Date.parse(grant.end ?? '');
  const until = Number.isNaN(end) ? '' : `, until ${time(end)}`;
  return `grant ${grant.id} of ${grant.requester ?? '?'}${until}`;
}

/** What is marked on a policy about its grant, which whoever may edit it may have edited; undefined if it is of none. */
export function grantMarks({
  labels,
  annotations,
}: Policy): { readonly id: string; readonly requester?: string; readonly end?: string } | undefined {
  const id = labels[GRANT_LABEL];
  return id === undefined
    ? undefined
    : { id, requester: annotations[NOTE.requester], end: annotations[NOTE.expiresAt] };
}
