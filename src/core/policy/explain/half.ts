import { type Judgement, judge, l7Of, type Step } from '../decide/judge.ts';
import type { Applied, Stack } from '../decide/stack.ts';
import type { Question, World } from '../match/match.ts';
import { nameOfSide, type Side } from '../match/side.ts';
import type { Direction } from '../model/policy.ts';
import type { Decider, Decision, Half, NearMiss } from '../model/verdict.ts';
import { nearMisses } from './near-miss.ts';
import { managedBy } from './owner.ts';
import { peersText, podText, policyTitle, ruleText } from './text.ts';

/** A half that no policy decides. */
export function plainHalf(verdict: Decision, summary: string): Half {
  return { verdict, isolated: false, deciders: [], nearMisses: [], cannotOpen: [], summary };
}

/** Turns a judgement into words: deciders, near misses, what can't be opened, and one summary. */
export function explainHalf(
  world: World,
  stack: Stack,
  { direction, peer }: { readonly direction: Direction; readonly peer: Side },
  question: Question,
  judgement: Judgement,
): Half {
  const { decision, isolated, steps } = judgement;
  const l7 = l7Of(judgement);
  const deciders = steps.map((step) => deciderOf(step, direction));
  const isolating = steps.filter(({ action }) => action === 'isolate').map(({ applied }) => applied);
  const misses = decision === 'allow' ? [] : nearMisses(world, isolating, direction, question);
  return {
    verdict: decision,
    isolated,
    deciders,
    nearMisses: misses,
    cannotOpen: decision === 'deny' ? cannotOpen(world, steps, direction, peer) : [],
    ...(l7 === undefined ? {} : { l7 }),
    summary: summaryOf(world, stack, direction, question, judgement, misses),
  };
}

/** A step as a decider, with its phrase. */
function deciderOf({ applied, action, rule, index }: Step, direction: Direction): Decider {
  const { kind, namespace, name, tier, priority } = applied.policy;
  const manager = managedBy(applied.policy);
  return {
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    direction,
    ...(index === undefined ? {} : { ruleIndex: rule?.at?.index ?? index }),
    action,
    tier,
    ...(priority === undefined ? {} : { priority }),
    ...(manager === undefined ? {} : { managedBy: manager }),
    text:
      rule === undefined
        ? isolationText(applied, direction)
        : `rule ${(rule.at?.index ?? index) + 1} ${VERBS[action]} ${ruleText(rule)}`,
  };
}

const VERBS = { allow: 'admits', deny: 'denies', pass: 'passes', isolate: 'isolates' } as const;

function isolationText({ reading }: Applied, direction: Direction): string {
  const rules = reading[direction].filter(({ action }) => action === 'allow');
  if (rules.length === 0) return 'admits nothing';
  return rules.length === 1 ? 'its rule admits others' : `its ${rules.length} rules admit others`;
}

/** Why a NetworkPolicy cannot open a denied half (ENF-7). */
function cannotOpen(
  { dialect }: World,
  steps: readonly Step[],
  direction: Direction,
  peer: Side,
): readonly string[] {
  const denies = steps.filter(
    ({ action, applied }) => action === 'deny' && applied.policy.tier !== 'baseline',
  );
  const reasons = denies.map(({ applied: { policy }, rule: denial, index }) => {
    const where = policy.tier === 'admin' ? 'admin tier' : (denial?.at?.section ?? direction);
    const rule = index === undefined ? where : `rule ${(denial?.at?.index ?? index) + 1}, ${where}`;
    const manager = managedBy(policy);
    const managed = manager === undefined ? '' : ` It is ${manager}.`;
    return `${policyTitle(policy)} denies it (${rule}). A NetworkPolicy never overrides a deny.${managed}`;
  });
  const isNode = peer.type === 'ip' && (peer.node !== undefined || peer.reserved !== undefined);
  if (isNode && dialect.identityLabels && !dialect.cidrMatchesNodes) {
    reasons.push(`${nameOfSide(peer)} is a node: on ${dialect.enforcer} no NetworkPolicy reaches nodes.`);
  }
  if (peer.type === 'pod' && peer.pod.hostNetwork) {
    reasons.push(`${podText(peer.pod)} is on the host network: no selector of a NetworkPolicy matches it.`);
  }
  return reasons;
}

function summaryOf(
  world: World,
  stack: Stack,
  direction: Direction,
  question: Question,
  judgement: Judgement,
  misses: readonly NearMiss[],
): string {
  const { decision, steps, conflict } = judgement;
  const ruling = steps.find(({ action }) => action === 'allow' || action === 'deny');
  switch (decision) {
    case 'allow':
      return ruling?.rule === undefined
        ? 'not isolated'
        : `${ruling.applied.policy.name} ${ruledText(ruling)}`;
    case 'deny':
      if (ruling?.rule !== undefined) return `${ruling.applied.policy.name} ${ruledText(ruling)}`;
      return isolatedSummary(steps, misses);
    case 'undecidable':
      return conflict ?? doubtOf(world, stack, direction, question) ?? unsureText(steps);
  }
}

function ruledText({ action, rule }: Step): string {
  const l7 = rule?.l7 === undefined ? '' : ` at L4, a proxy then decides by ${rule.l7}`;
  const what = rule === undefined || (rule.peers === 'any' && rule.ports === 'any') ? 'anything' : undefined;
  return `${VERBS[action]} ${what ?? peersText(rule?.peers ?? 'any')}${l7}`;
}

function isolatedSummary(steps: readonly Step[], misses: readonly NearMiss[]): string {
  const [nearest] = misses;
  if (nearest !== undefined) return `${nearest.name} ${nearest.text}`;
  const [first] = steps;
  return first === undefined
    ? 'enable-policy is always, and nothing admits it'
    : `${first.applied.policy.name} admits nothing`;
}

/** Why it is open, found by judging once more and listening. */
function doubtOf(world: World, stack: Stack, direction: Direction, question: Question): string | undefined {
  const doubts = new Set<string>();
  judge({ ...world, doubts }, stack, direction, question);
  const [first] = doubts;
  return first;
}

function unsureText(steps: readonly Step[]): string {
  const policy = steps.find(({ sure }) => !sure)?.applied.policy;
  return policy === undefined ? 'not known' : `${policy.kind} ${policy.name} may apply`;
}
