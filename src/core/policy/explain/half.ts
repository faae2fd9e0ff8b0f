import type { Pod } from '../../cluster/cluster.ts';
import type { AppliedPolicy, HalfDecision, PathDecision, Step } from '../decide/decide.ts';
import { nameOfSide, type World } from '../match/match.ts';
import type { Decider, Decision, Direction, Half } from '../model/model.ts';
import { conflictText, doubtText, managedBy, openText, settledText } from './causes.ts';
import { nearestMiss, nearMisses } from './near-miss.ts';
import { peersText, podText, policyTitle, ruleText } from './text.ts';

/** A half in words: its deciders, near misses with their edits, what can't be opened, and a summary. */
export function explainHalf(world: World, half: HalfDecision): Half {
  const { verdict, byRules, isolated, steps, direction, l7 } = half;
  const misses = byRules === 'allow' ? [] : nearMisses(world, half);
  return {
    verdict,
    isolated,
    deciders: steps.map((step) => deciderOf(step, direction)),
    nearMisses: misses,
    cannotOpen: cannotOpen(world, half),
    l7,
    summary: summaryBy(world, half, () => misses[0]),
  };
}

/** A half in a few words. */
export type HalfSummary = Pick<Half, 'verdict' | 'l7' | 'summary'>;

/** A path in a few words per half, sized for a row or a bar. */
export type PathSummary = {
  readonly verdict: Decision;
  readonly egress: HalfSummary;
  readonly ingress: HalfSummary;
};

/** A decision in a few words; computes no edits, and nothing beyond the nearest rule. */
export function summarize(world: World, { verdict, egress, ingress }: PathDecision): PathSummary {
  return { verdict, egress: halfSummary(world, egress), ingress: halfSummary(world, ingress) };
}

function halfSummary(world: World, half: HalfDecision): HalfSummary {
  const { verdict, l7 } = half;
  return { verdict, l7, summary: summaryOf(world, half) };
}

/** What decides a path, in a few words: the half that denies or is unknown, else both. */
export function causeOf(world: World, { verdict, egress, ingress }: PathDecision): string {
  const half = [egress, ingress].find((item) => item.verdict === verdict && verdict !== 'allow');
  if (half !== undefined) return summaryOf(world, half);
  return [...new Set([summaryOf(world, egress), summaryOf(world, ingress)])].join('; ');
}

/** A step as a decider, with its phrase. */
function deciderOf({ applied, action, rule, index }: Step, direction: Direction): Decider {
  const { kind, namespace, name, tier, priority } = applied.policy;
  const manager = managedBy(applied.policy);
  return {
    kind,
    namespace,
    name,
    direction,
    ...(index === undefined ? {} : { ruleIndex: rule?.at?.index ?? index }),
    action,
    tier,
    priority,
    managedBy: manager,
    text:
      rule === undefined
        ? isolationText(applied, direction)
        : `rule ${(rule.at?.index ?? index) + 1} ${VERBS[action]} ${ruleText(rule)}`,
  };
}

const VERBS = { allow: 'admits', deny: 'denies', pass: 'passes', isolate: 'isolates' } as const;

function isolationText({ reading }: AppliedPolicy, direction: Direction): string {
  const rules = reading[direction].filter(({ action }) => action === 'allow');
  if (rules.length === 0) return 'admits nothing';
  return rules.length === 1
    ? 'its rule admits other traffic'
    : `its ${rules.length} rules admit other traffic`;
}

/** Why no NetworkPolicy can open a half; empty when one can, or when it is already open (ENF-7). */
export function cannotOpen(world: World, half: HalfDecision): readonly string[] {
  let reasons = half.byRules === 'deny' ? denialTexts(world, half) : [];
  for (const question of half.open) {
    if (question.type === 'addresses') reasons = [];
    if (question.type === 'host-network') reasons = [hostNetworkText(question.pod)];
    if (question.type === 'not-enforced') reasons = [NOT_ENFORCED, ...reasons];
  }
  return reasons;
}

const NOT_ENFORCED = 'No known policy enforcer in this cluster.';

function hostNetworkText({ name }: Pod): string {
  return `${name} is on the host network, and NetworkPolicy selectors may not match it.`;
}

function denialTexts({ dialect }: World, { steps, direction, question }: HalfDecision): readonly string[] {
  const { peer } = question;
  const denies = steps.filter(
    ({ action, applied }) => action === 'deny' && applied.policy.tier !== 'baseline',
  );
  const reasons = denies.map(({ applied: { policy }, rule: denial, index }) => {
    const where = policy.tier === 'admin' ? 'admin tier' : (denial?.at?.section ?? direction);
    const rule = index === undefined ? where : `rule ${(denial?.at?.index ?? index) + 1}, ${where}`;
    const manager = managedBy(policy);
    const managed = manager === undefined ? '' : ` It is ${manager}.`;
    return `${policyTitle(policy)} denies it (${rule}). A NetworkPolicy cannot override a deny.${managed}`;
  });
  const isNode = peer.type === 'ip' && (peer.node !== undefined || peer.reserved !== undefined);
  if (isNode && dialect.identityLabels && !dialect.cidrMatchesNodes) {
    reasons.push(
      `${nameOfSide(peer)} is a node: on ${dialect.enforcer} NetworkPolicies do not match nodes. A CiliumNetworkPolicy with its entity (kube-apiserver, host or remote-node) does.`,
    );
  }
  if (isNode && direction === 'ingress' && dialect.hostNamespaces.length > 0) {
    const [name] = dialect.hostNamespaces;
    reasons.push(
      `${nameOfSide(peer)} is a node: on ${dialect.enforcer} only a rule for namespace ${name} matches the host network.`,
    );
  }
  if (peer.type === 'pod' && peer.pod.hostNetwork) {
    reasons.push(`${podText(peer.pod)} is on the host network: NetworkPolicy selectors do not match it.`);
  }
  return reasons;
}

/** The half in a few words, for a table cell or the path in view: `db-only-api admits api, not web`. */
export function summaryOf(world: World, half: HalfDecision): string {
  return summaryBy(world, half, () => nearestMiss(world, half));
}

type Nearest = () => ReturnType<typeof nearestMiss>;

function summaryBy({ dialect }: World, half: HalfDecision, nearest: Nearest): string {
  const { settled, question, open, byRules, steps, conflict, doubt } = half;
  const [asked] = open
    .map(openText)
    .filter((text) => text !== undefined)
    .slice(-1);
  if (asked !== undefined) return asked;
  if (settled !== undefined) return settledText(settled, question.self);
  const ruling = steps.find(({ action }) => action === 'allow' || action === 'deny');
  switch (byRules) {
    case 'allow':
      return ruling?.rule === undefined
        ? 'not isolated'
        : `${ruling.applied.policy.name} ${ruledText(ruling)}`;
    case 'deny':
      if (ruling?.rule !== undefined) return `${ruling.applied.policy.name} ${ruledText(ruling)}`;
      return isolatedSummary(half, nearest());
    case 'undecidable':
      if (conflict !== undefined) return conflictText(conflict);
      return doubt === undefined ? unsureText(steps) : doubtText(doubt, dialect.enforcer);
  }
}

function ruledText({ action, rule }: Step): string {
  const l7 = rule?.l7 === undefined ? '' : ` at L4, then a proxy decides by ${rule.l7}`;
  const what = rule === undefined || (rule.peers === 'any' && rule.ports === 'any') ? 'anything' : undefined;
  return `${VERBS[action]} ${what ?? peersText(rule?.peers ?? 'any')}${l7}`;
}

function isolatedSummary({ steps }: HalfDecision, nearest: ReturnType<Nearest>): string {
  if (nearest !== undefined) return `${nearest.name} ${nearest.text}`;
  const isolating = steps.find(({ action }) => action === 'isolate');
  return isolating === undefined
    ? 'enable-policy is always, and no rule admits it'
    : `${isolating.applied.policy.name} admits nothing`;
}

function unsureText(steps: readonly Step[]): string {
  const policy = steps.find(({ sure }) => !sure)?.applied.policy;
  return policy === undefined ? 'unknown' : `${policy.kind} ${policy.name} may apply`;
}
