import { isLive } from '../../cluster/cluster.ts';
import {
  type Doubt,
  HBONE_PORT,
  isOwnNode,
  isSamePod,
  type Question,
  type Side,
  tunnelBetween,
  type World,
  waysBetween,
} from '../match/match.ts';
import type { Direction, Query } from '../model/model.ts';
import type { HalfDecision, OpenQuestion, Settled } from './decision.ts';
import { foreignDoubt } from './foreign.ts';
import { type Judgement, judge, l7Of } from './judge.ts';
import type { PodClasses } from './pod-class.ts';
import type { Stack } from './stack.ts';

/** One half to decide: `self` is the end whose policies count, `peer` the other end. */
export type HalfQuestion = {
  readonly direction: Direction;
  readonly self: Side;
  readonly peer: Side;
  readonly port: Query['port'];
  readonly protocol: Query['protocol'];
  readonly viaService?: boolean | undefined;
  readonly through?: Query['through'];
};

/** Decides one half of a path. */
export function decideHalf(world: World, classes: PodClasses, half: HalfQuestion): HalfDecision {
  const found = meshed(world, classes, half, byPolicies(world, classes, half));
  const objects = foreignDoubt(world.foreign, half, found.verdict);
  if (objects !== undefined) return opened(found, { type: 'foreign', objects });
  // A deny on paper, but it may not be enforced (NP-35).
  const isEnforced = world.dialect.enforcer !== 'none';
  return found.verdict === 'deny' && !isEnforced ? opened(found, { type: 'not-enforced' }) : found;
}

function opened(half: HalfDecision, question: OpenQuestion): HalfDecision {
  return { ...half, verdict: 'undecidable', open: [...half.open, question] };
}

/**
 * What a mesh carries does not arrive on the port that was asked for: a half counts only where the tunnel's port has the
 * same verdict, and a waypoint, which comes between, leaves isolated ends undecided (ENF-32).
 */
function meshed(world: World, classes: PodClasses, half: HalfQuestion, found: HalfDecision): HalfDecision {
  const { direction, self, peer, port, protocol } = half;
  if (protocol !== 'TCP' || port === HBONE_PORT) return found;
  const [source, destination] = direction === 'egress' ? [self, peer] : [peer, self];
  const tunnel = tunnelBetween(world.model, source, destination);
  if (tunnel === undefined || found.steps.length === 0) return found;
  if (tunnel.waypoint !== undefined)
    return opened(found, { type: 'mesh', verdict: 'undecidable', ...tunnel });
  const { verdict } = byPolicies(world, classes, { ...half, port: HBONE_PORT });
  return verdict === found.verdict ? found : opened(found, { type: 'mesh', verdict });
}

function byPolicies(world: World, classes: PodClasses, half: HalfQuestion): HalfDecision {
  if (isExempt(world, half)) return settledHalf(half, 'itself');
  const judged = byEveryWay(world, classes, half);
  return judged.verdict === 'deny' && isContested(world, half) ? opened(judged, { type: 'hairpin' }) : judged;
}

/** A pod reaches itself whatever its policies say, except through a Service (NP-30). */
function isExempt({ dialect }: World, { self, peer, viaService }: HalfQuestion): boolean {
  return isSamePod(self, peer) && (viaService !== true || dialect.filtersHairpin === 'no');
}

/** Contested: whether going through a Service to itself is exempt like the direct path (NP-30). */
function isContested({ dialect }: World, { self, peer }: HalfQuestion): boolean {
  return isSamePod(self, peer) && dialect.filtersHairpin === 'unknown';
}

function byEveryWay(world: World, classes: PodClasses, half: HalfQuestion): HalfDecision {
  const ways = waysBetween(world, half.self, half.peer);
  const [first, ...others] = ways.map((way) => decideWay(world, classes, { ...half, ...way }));
  if (first === undefined) throw new Error('there is always a way to read two ends');
  if (others.length === 0) return first;
  const isByFamily = new Set(ways.map(({ family }) => family)).size > 1;
  const whole = (one: HalfDecision) => (isByFamily ? withAllAddresses(half, one) : one);
  if (others.some(({ verdict }) => verdict !== first.verdict)) {
    return opened(whole(first), openBetween(half));
  }
  // Among ways with the same result, the most limiting one gives the reason.
  return whole([first, ...others].find((one) => one.l7 !== undefined || isDenied(one)) ?? first);
}

/** The ends as one way reads them, but with the addresses of every family: an edit must hold for all. */
function withAllAddresses({ self, peer, direction }: HalfQuestion, decided: HalfDecision): HalfDecision {
  const { question } = decided;
  const all = (read: Side, given: Side) => (read.type === given.type ? given : read);
  const ends = { self: all(question.self, self), peer: all(question.peer, peer) };
  const destination = direction === 'ingress' ? ends.self : ends.peer;
  return { ...decided, question: { ...question, ...ends, destination } };
}

/** Whether a rule above the baseline denies it: then no NetworkPolicy can open it (NP-4). */
function isDenied({ byRules, steps }: HalfDecision): boolean {
  return (
    byRules === 'deny' &&
    steps.some(({ action, applied }) => action === 'deny' && applied.policy.tier !== 'baseline')
  );
}

/** Why the ways to read the ends lead to different verdicts. */
function openBetween({ self, peer }: HalfQuestion): OpenQuestion {
  for (const side of [self, peer]) {
    if (side.type === 'pod' && side.pod.hostNetwork) return { type: 'host-network', pod: side.pod };
  }
  return { type: 'addresses', side: [peer, self].find(({ ips }) => ips.length > 1) ?? peer };
}

function decideWay(world: World, classes: PodClasses, half: HalfQuestion): HalfDecision {
  const settled = settle(world, half);
  if (settled !== undefined) return settledHalf(half, settled);
  const stack = stackOn(classes, half.self);
  const question = questionOf(half);
  const doubts: Doubt[] = [];
  const judgement = judge({ ...world, doubts }, stack, half.direction, question);
  const found = withIcmp(world, half, withOwnNode(world, stack, half, judgement));
  const { decision, isolated, steps, conflict } = found;
  const l7 = l7Of(found);
  const [doubt] = doubts;
  const made = {
    direction: half.direction,
    question,
    verdict: decision,
    byRules: decision,
    isolated,
    open: NOTHING,
    l7,
  };
  if (found !== judgement && decision === 'allow') return { ...made, steps: [], settled: 'own-node' };
  return {
    ...made,
    steps,
    ...(conflict === undefined ? {} : { conflict }),
    ...(doubt === undefined ? {} : { doubt }),
  };
}

const NOTHING: readonly OpenQuestion[] = [];

/**
 * The own node is allowed unless a rule denies it; depending on Cilium's settings, only if a rule allows it, or if some
 * rule selects the pod (NP-28, CIL-1, CIL-9).
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
 * The NetworkPolicy API does not cover ICMP, so a decision by NetworkPolicies alone is unknown (NP-26). Cilium
 * documents what it does (CIL-19).
 */
function withIcmp({ dialect }: World, { protocol }: HalfQuestion, judgement: Judgement): Judgement {
  if (protocol !== 'ICMP' || dialect.identityLabels) return judgement;
  const rests = judgement.steps.filter(({ action }) => action !== 'pass');
  if (rests.length === 0 || rests.some(({ applied }) => applied.policy.kind !== 'NetworkPolicy')) {
    return judgement;
  }
  return { ...judgement, decision: 'undecidable', conflict: { type: 'icmp' } };
}

function stackOn(classes: PodClasses, self: Side): Stack {
  return self.type === 'pod' ? classes.stackFor(self.pod) : classes.stackForReserved(self.reserved ?? '');
}

function questionOf({ direction, self, peer, port, protocol, through }: HalfQuestion): Question {
  const question = { port, protocol, self, peer, destination: direction === 'ingress' ? self : peer };
  return through === undefined ? question : { ...question, through };
}

function settledHalf(half: HalfQuestion, settled: Settled): HalfDecision {
  const verdict = settled === 'finished' ? 'undecidable' : 'allow';
  return {
    direction: half.direction,
    question: questionOf(half),
    verdict,
    byRules: verdict,
    isolated: false,
    steps: [],
    settled,
    open: NOTHING,
  };
}

/** Halves that no policy decides (NP-1, NP-28, NP-30, NP-32; CIL-1). */
function settle({ dialect }: World, { direction, self, peer }: HalfQuestion): Settled | undefined {
  if (self.type !== 'pod') {
    if (self.reserved !== undefined && dialect.identityLabels) return undefined;
    return self.node === undefined ? 'outside' : 'node';
  }
  if (!isLive(self.pod)) return 'finished';
  if (dialect.enablePolicy === 'never') return 'never';
  const isOwn = dialect.ownNode === 'always' && direction === 'ingress' && isOwnNode(self.pod, peer);
  return isOwn ? 'own-node' : undefined;
}
