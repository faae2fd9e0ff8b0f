import { isLive } from '../../cluster/objects.ts';
import { explainHalf, plainHalf } from '../explain/half.ts';
import { podText } from '../explain/text.ts';
import type { Question, World } from '../match/match.ts';
import { isOwnNode, isSamePod, nameOfSide, type Side } from '../match/side.ts';
import { waysBetween } from '../match/ways.ts';
import type { Direction } from '../model/policy.ts';
import type { Decision, Half, Query } from '../model/verdict.ts';
import { foreignDoubt } from './foreign.ts';
import { decisionOfJudgement, type Judgement, judge, l7Of } from './judge.ts';
import type { Classes } from './pod-class.ts';
import type { Stack } from './stack.ts';

/** One half to decide: `self` is the end whose policies count, `peer` the other one. */
export type HalfQuestion = {
  readonly direction: Direction;
  readonly self: Side;
  readonly peer: Side;
  readonly port: Query['port'];
  readonly protocol: Query['protocol'];
  readonly viaService?: boolean | undefined;
};

/** Decides and explains one half of a path. */
export function decideHalf(world: World, classes: Classes, half: HalfQuestion): Half {
  const found = byPolicies(world, classes, half);
  const doubt = foreignDoubt(world.foreign ?? [], half.self, found.verdict);
  if (doubt !== undefined) return { ...found, verdict: 'undecidable', summary: doubt };
  if (found.verdict !== 'deny' || isEnforced(world)) return found;
  return {
    ...found,
    verdict: 'undecidable',
    cannotOpen: ['Nothing in this cluster is known to enforce policies.', ...found.cannotOpen],
  };
}

/** What a half comes to as a whole: open at L4 with a proxy behind it is not a certain allow (ENF-4). */
export function decisionOf({ verdict, l7 }: Pick<Half, 'verdict' | 'l7'>): Decision {
  return verdict === 'allow' && l7 !== undefined ? 'undecidable' : verdict;
}

/** Where nothing is known to enforce policies, a deny on paper stops nobody for certain (NP-35). */
function isEnforced({ dialect }: World): boolean {
  return dialect.enforcer !== 'none';
}

function byPolicies(world: World, classes: Classes, half: HalfQuestion): Half {
  const judged = isExempt(world, half) ? plainHalf('allow', ITSELF) : byEveryWay(world, classes, half);
  return judged.verdict === 'deny' && isContested(world, half)
    ? { ...judged, verdict: 'undecidable', summary: HAIRPIN }
    : judged;
}

/** A pod reaches itself whatever its policies say, but for the way through a Service (NP-30). */
function isExempt({ dialect }: World, { self, peer, viaService }: HalfQuestion): boolean {
  return isSamePod(self, peer) && (viaService !== true || dialect.filtersHairpin === 'no');
}

function isContested({ dialect }: World, { self, peer }: HalfQuestion): boolean {
  return isSamePod(self, peer) && dialect.filtersHairpin === 'unknown';
}

function byEveryWay(world: World, classes: Classes, half: HalfQuestion): Half {
  const halves = waysBetween(world, half.self, half.peer).map((way) =>
    decideWay(world, classes, { ...half, ...way }),
  );
  const [first] = halves;
  if (first === undefined) return plainHalf('undecidable', 'nothing to decide');
  if (halves.every(({ verdict }) => verdict === first.verdict)) {
    return halves.find(({ l7 }) => l7 !== undefined) ?? first;
  }
  return { ...first, verdict: 'undecidable', ...openQuestion(half) };
}

/** Why the ways to read the ends lead to different verdicts. */
function openQuestion({ self, peer }: HalfQuestion): Pick<Half, 'summary' | 'cannotOpen'> {
  const host = [self, peer].find((side) => side.type === 'pod' && side.pod.hostNetwork);
  if (host === undefined) {
    const dual = [peer, self].find(({ ips }) => ips.length > 1) ?? peer;
    return {
      summary: `${nameOfSide(dual)} has several addresses, and policies treat them differently`,
      cannotOpen: [],
    };
  }
  const name = nameOfSide(host);
  return {
    summary: `${name} is on the host network: the API leaves that open`,
    cannotOpen: [
      `${name} is on the host network, and no selector of a NetworkPolicy reaches it for certain.`,
    ],
  };
}

/** What `decideHalf` comes to, without its reasons: for many questions at once. */
export function decideQuickly(world: World, classes: Classes, half: HalfQuestion): Decision {
  const found = byPoliciesQuickly(world, classes, half);
  if (foreignDoubt(world.foreign ?? [], half.self, found) !== undefined) return 'undecidable';
  return found === 'deny' && !isEnforced(world) ? 'undecidable' : found;
}

function byPoliciesQuickly(world: World, classes: Classes, half: HalfQuestion): Decision {
  const judged = isExempt(world, half) ? 'allow' : byEveryWayQuickly(world, classes, half);
  return judged === 'deny' && isContested(world, half) ? 'undecidable' : judged;
}

function byEveryWayQuickly(world: World, classes: Classes, half: HalfQuestion): Decision {
  let found: Decision | undefined;
  for (const way of waysBetween(world, half.self, half.peer)) {
    const decision = decideWayQuickly(world, classes, { ...half, ...way });
    if (found !== undefined && found !== decision) return 'undecidable';
    found = decision;
  }
  return found ?? 'undecidable';
}

function decideWayQuickly(world: World, classes: Classes, half: HalfQuestion): Decision {
  const settled = settle(world, half);
  if (settled !== undefined) return settled.verdict;
  const stack = stackOn(classes, half.self);
  const judgement = judge(world, stack, half.direction, questionOf(half));
  return decisionOfJudgement(withIcmp(world, half, withOwnNode(world, stack, half, judgement)));
}

function decideWay(world: World, classes: Classes, half: HalfQuestion): Half {
  const settled = settle(world, half);
  if (settled !== undefined) return settled;
  const stack = stackOn(classes, half.self);
  const question = questionOf(half);
  const judgement = judge(world, stack, half.direction, question);
  const found = withIcmp(world, half, withOwnNode(world, stack, half, judgement));
  if (found === judgement || found.decision !== 'allow')
    return explainHalf(world, stack, half, question, found);
  const l7 = l7Of(found);
  return {
    ...plainHalf('allow', OWN_NODE),
    isolated: judgement.isolated,
    ...(l7 === undefined ? {} : { l7 }),
  };
}

const ITSELF = 'a pod always reaches itself';

/** Contested: whether the way back through a Service is exempt like the direct one (NP-30). */
const HAIRPIN = 'whether a pod reaches itself through its Service differs between enforcers';
const OWN_NODE = 'its own node always reaches it';

/**
 * The own node gets in unless a rule denies it; by Cilium's settings only where a rule admits it, or where some rule
 * selects the pod (NP-28, CIL-1, CIL-9).
 */
export function withOwnNode(
  { dialect }: World,
  { normal }: Stack,
  { direction, self, peer }: Pick<HalfQuestion, 'direction' | 'self' | 'peer'>,
  judgement: Judgement,
): Judgement {
  if (direction !== 'ingress' || self.type !== 'pod' || !isOwnNode(self.pod, peer)) return judgement;
  if (dialect.ownNode === 'by-rule') return judgement;
  const isSelected = normal.some(({ reading }) => reading.isolates.ingress || reading.ingress.length > 0);
  if (dialect.alwaysShutsOwnNode && dialect.enablePolicy === 'always' && !isSelected) return judgement;
  const denies = judgement.steps.filter(({ action }) => action === 'deny');
  if (judgement.decision === 'allow' || denies.some(({ sure }) => sure)) return judgement;
  return { ...judgement, decision: denies.length > 0 ? 'undecidable' : 'allow' };
}

/**
 * The NetworkPolicy API says nothing of ICMP, so where only NetworkPolicies lead to a decision it is not known (NP-26).
 * Cilium says what it does with them (CIL-19).
 */
function withIcmp({ dialect }: World, { protocol }: HalfQuestion, judgement: Judgement): Judgement {
  if (protocol !== 'ICMP' || dialect.identityLabels) return judgement;
  const { steps } = judgement;
  const rests = steps.filter(({ action }) => action !== 'pass');
  if (rests.length === 0 || rests.some(({ applied }) => applied.policy.kind !== 'NetworkPolicy')) {
    return judgement;
  }
  return { ...judgement, decision: 'undecidable', conflict: NO_ICMP };
}

const NO_ICMP = 'the NetworkPolicy API leaves ICMP undefined: enforcers differ';

function stackOn(classes: Classes, self: Side): Stack {
  return self.type === 'pod' ? classes.stackFor(self.pod) : classes.stackForReserved(self.reserved ?? '');
}

function questionOf({ direction, self, peer, port, protocol }: HalfQuestion): Question {
  return { port, protocol, self, peer, destination: direction === 'ingress' ? self : peer };
}

/** Halves that no policy decides (NP-1, NP-28, NP-30, NP-32; CIL-1). */
function settle({ dialect }: World, { direction, self, peer }: HalfQuestion): Half | undefined {
  if (self.type !== 'pod') {
    if (self.reserved !== undefined && dialect.identityLabels) return undefined;
    return plainHalf(
      'allow',
      self.node === undefined ? 'outside the cluster' : `${self.node.name} is a node`,
    );
  }
  if (!isLive(self.pod)) {
    return plainHalf('undecidable', `${podText(self.pod)} has finished: it has no network`);
  }
  if (dialect.enablePolicy === 'never')
    return plainHalf('allow', 'enable-policy is never: nothing is enforced');
  if (dialect.ownNode === 'always' && direction === 'ingress' && isOwnNode(self.pod, peer)) {
    return plainHalf('allow', OWN_NODE);
  }
  return undefined;
}
