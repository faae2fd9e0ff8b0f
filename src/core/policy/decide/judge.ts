import {
  type Dialect,
  type Match,
  matchPeers,
  matchPorts,
  matchRule,
  type Question,
  type World,
} from '../match/match.ts';
import type { Decision, Direction, Rule } from '../model/model.ts';
import type { Conflict, Step } from './decision.ts';
import type { AppliedPolicy, Stack } from './stack.ts';

/** The decision on one half and how it was reached. `isolated`: by the normal tier. */
export type Judgement = {
  readonly decision: Decision;
  readonly isolated: boolean;
  readonly steps: readonly Step[];
  /** What the tiers could not settle between them. */
  readonly conflict?: Conflict;
};

/** The part of the request on which a proxy decides, where a half is allowed at L4 only (CIL-18). */
export function l7Of({ decision, steps }: Pick<Judgement, 'decision' | 'steps'>): string | undefined {
  return decision === 'allow' ? steps.find(({ rule }) => rule?.l7 !== undefined)?.rule?.l7 : undefined;
}

/** The decision; allowed at L4 with a proxy behind it is not a certain allow. */
export function decisionOfJudgement(judgement: Judgement): Decision {
  return l7Of(judgement) === undefined ? judgement.decision : 'undecidable';
}

/**
 * Decides one half: admin tier, normal tier, baseline tier, default allow (ANP-1). Anything open is tried both ways; if
 * the outcomes differ, the half is undecidable.
 */
export function judge(world: World, stack: Stack, direction: Direction, question: Question): Judgement {
  const isolated = isIsolated(world.dialect, stack, direction);
  const ask = { world, direction, question, isolated };
  const baseline = () => judgeRanked(ask, stack.baseline, () => outcome('allow', []));
  const normal = () => judgeNormal(ask, stack.normal, baseline);
  return { ...judgeRanked(ask, stack.admin, normal), isolated };
}

/** Whether the normal tier denies a pod what no rule allows; Cilium's modes override it (CIL-1). */
export function isIsolated({ enablePolicy }: Dialect, stack: Stack, direction: Direction): boolean {
  if (enablePolicy !== 'default') return enablePolicy === 'always';
  return stack.normal.some(({ reading, sure }) => sure && reading.isolates[direction]);
}

type Ask = {
  readonly world: World;
  readonly direction: Direction;
  readonly question: Question;
  readonly isolated: boolean;
};

type Outcome = { readonly decision: Decision; readonly steps: readonly Step[]; readonly conflict?: Conflict };

function outcome(decision: Decision, steps: readonly Step[], conflict?: Conflict | undefined): Outcome {
  return conflict === undefined ? { decision, steps } : { decision, steps, conflict };
}

/**
 * A tier of ranked policies: the first group with an opinion decides; `pass` and no opinion continue to the next.
 * Policies of equal priority that disagree have no order (ANP-2, ANP-3).
 */
function judgeRanked(ask: Ask, groups: readonly (readonly AppliedPolicy[])[], next: () => Outcome): Outcome {
  const [group, ...rest] = groups;
  if (group === undefined) return next();
  const opinions = group.flatMap((applied) => opinionsOf(ask, applied));
  const certain = opinions.some((opinion) => opinion.sure);
  const outcomes = opinions.map((opinion) => outcomeOf(opinion, next));
  if (!certain) outcomes.push(judgeRanked(ask, rest, next));
  const [first] = outcomes;
  if (first === undefined) return next();
  if (outcomes.every(({ decision }) => decision === first.decision)) {
    // Of several denies, one in this tier gives the reason: nothing after it can open the half.
    const byDeny = outcomes.find(({ decision, steps }) => decision === 'deny' && steps[0]?.action === 'deny');
    // Of several allows, one through a proxy: it is the least that is certain.
    return byDeny ?? outcomes.find((item) => l7Of(item) !== undefined) ?? first;
  }
  const steps = outcomes.flatMap((item) => item.steps);
  return outcome('undecidable', steps, conflictOf(opinions));
}

function outcomeOf(step: Step, next: () => Outcome): Outcome {
  if (step.action !== 'pass') return outcome(step.action === 'deny' ? 'deny' : 'allow', [step]);
  const after = next();
  return outcome(after.decision, [step, ...after.steps], after.conflict);
}

function conflictOf(opinions: readonly Step[]): Conflict | undefined {
  const policies = [...new Map(opinions.map(({ applied: { policy } }) => [policy.name, policy])).values()];
  return policies.length < 2 ? undefined : { type: 'tie', policies };
}

/** The rules of one policy that may come first: doubtful ones, up to the first that certainly applies. */
function opinionsOf(ask: Ask, applied: AppliedPolicy): readonly Step[] {
  const steps: Step[] = [];
  for (const [index, rule] of applied.reading[ask.direction].entries()) {
    const match = matchRule(ask.world, rule, ask.question);
    if (match === 'no') continue;
    const sure = match === 'yes' && applied.sure;
    steps.push({ applied, action: rule.action, rule, index, sure });
    if (match === 'yes') break;
  }
  return steps;
}

/**
 * The normal tier: no order; a deny beats every allow, whatever the kind (CIL-9, CIL-15); isolated means that whatever
 * no rule allows is denied (NP-2, NP-4).
 */
function judgeNormal(ask: Ask, applied: readonly AppliedPolicy[], next: () => Outcome): Outcome {
  const steps: Step[] = [];
  for (const item of applied) collectSteps(ask, item, steps);
  const denies = steps.filter(({ action }) => action === 'deny');
  // A policy that also denies a peer does not admit it.
  const denying = new Set(denies.filter(({ matches }) => matches).map((step) => step.applied));
  const allows = steps.filter((step) => step.action === 'allow' && !denying.has(step.applied));
  const isolating = applied.filter(({ reading }) => reading.isolates[ask.direction]);
  const isolation = isolating.map((item): Step => ({ applied: item, action: 'isolate', sure: item.sure }));
  const surely = (list: readonly Step[]) => list.filter(({ sure }) => sure);

  if (surely(denies).length > 0) return outcome('deny', surely(denies));
  const mayDeny = denies.length > 0;
  if (surely(allows).length > 0) {
    if (mayDeny) return outcome('undecidable', [...denies, ...surely(allows)]);
    return outcome(
      'allow',
      proxiedFirst(
        ask,
        applied,
        allows.filter(({ sure, rule }) => sure || rule?.l7),
      ),
    );
  }
  const after = next();
  if (ask.isolated) {
    const accepts = baselineAccepts(ask, after);
    const maybe = [...allows, ...accepts];
    return maybe.length > 0
      ? outcome('undecidable', [...denies, ...maybe, ...isolation], acceptConflict(accepts))
      : outcome('deny', [...denies, ...surely(isolation)]);
  }
  // A policy that may not be in force does not shut out a peer that it would admit if it were.
  const admitting = new Set(allows.filter(({ matches }) => matches).map((step) => step.applied));
  const mayDenyAfterAll = mayDeny || isolating.some((item) => !admitting.has(item));
  if ((mayDenyAfterAll && after.decision !== 'deny') || (allows.length > 0 && after.decision !== 'allow')) {
    return outcome('undecidable', [...denies, ...allows, ...isolation, ...after.steps]);
  }
  // Allowed in any case, possibly through a proxy.
  const proxied = proxiedFirst(
    ask,
    applied,
    allows.filter(({ rule }) => rule?.l7),
  );
  return proxied.length === 0 || after.decision !== 'allow'
    ? after
    : outcome('allow', [...proxied, ...after.steps]);
}

/** A baseline accept may take effect where a NetworkPolicy isolates (CIL-16). */
function baselineAccepts({ world }: Ask, after: Outcome): readonly Step[] {
  return world.dialect.baselineMayAccept ? after.steps.filter(({ action }) => action === 'allow') : [];
}

function acceptConflict([first]: readonly Step[]): Conflict | undefined {
  return first === undefined ? undefined : { type: 'baseline-accept', policy: first.applied.policy };
}

/**
 * Moves an applicable L7 rule to the front, and drops L7 rules that plain rules widen to all requests: the rest is
 * allowed at L4 while a proxy decides (CIL-18).
 */
function proxiedFirst(ask: Ask, applied: readonly AppliedPolicy[], allows: readonly Step[]): readonly Step[] {
  const plain = allows.filter(({ rule }) => rule?.l7 === undefined);
  if (plain.length === allows.length) return allows;
  const wide = new Set(applied.flatMap((item) => plainReach(ask, item)));
  const isWidened = ({ applied: { policy }, rule }: Step) =>
    rule !== undefined && reachOf(ask, policy.kind, rule).every((reach) => wide.has(reach));
  const proxied = allows.filter((step) => step.rule?.l7 !== undefined && !isWidened(step));
  return [...proxied, ...plain];
}

function plainReach(ask: Ask, { policy, reading }: AppliedPolicy): readonly string[] {
  return reading[ask.direction]
    .filter(({ action, l7 }) => action === 'allow' && l7 === undefined)
    .flatMap((rule) => reachOf(ask, policy.kind, rule));
}

/** Each peer and port of an applicable rule, with its kind: an allow of the same key is equivalent. */
function reachOf({ world, question }: Ask, kind: string, { peers, ports }: Rule): readonly string[] {
  const who =
    peers === 'any' ? ['any'] : peers.filter((peer) => matchPeers(world, [peer], question) !== 'no');
  const where =
    ports === 'any' ? ['any'] : ports.filter((port) => matchPorts(world, [port], question) !== 'no');
  return who.flatMap((peer) => where.map((port) => JSON.stringify([kind, peer, port])));
}

/** The applicable rules of one policy; of its allows, the first certain one and every L7 one. */
function collectSteps(ask: Ask, applied: AppliedPolicy, steps: Step[]): void {
  let allowed = false;
  for (const [index, rule] of applied.reading[ask.direction].entries()) {
    if (allowed && rule.action === 'allow' && rule.l7 === undefined) continue;
    const match: Match = matchRule(ask.world, rule, ask.question);
    if (match === 'no') continue;
    const matches = match === 'yes';
    steps.push({ applied, action: rule.action, rule, index, sure: matches && applied.sure, matches });
    if (matches && applied.sure && rule.action === 'allow') allowed = true;
  }
}
