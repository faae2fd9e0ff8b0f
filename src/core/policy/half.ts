import { isLive } from '../cluster/objects.ts';
import { explainHalf, plainHalf } from './explain-half.ts';
import { type Judgement, judge } from './judge.ts';
import type { Question, World } from './match.ts';
import type { Classes } from './pod-class.ts';
import type { Direction } from './policy.ts';
import { asNode, isOwnNode, isSamePod, nameOfSide, type Side } from './side.ts';
import type { Stack } from './stack.ts';
import { podText } from './text.ts';
import type { Decision, Half, Query } from './verdict.ts';

/** One half to decide: `self` is the end whose policies count, `peer` the other one. */
export type HalfQuestion = {
  readonly direction: Direction;
  readonly self: Side;
  readonly peer: Side;
  readonly port: Query['port'];
  readonly protocol: Query['protocol'];
};

/** One way to read the two ends; a host-network pod has two where the API leaves it open. */
type Reading = { readonly self: Side; readonly peer: Side };

/** Decides and explains one half of a path. */
export function decideHalf(world: World, classes: Classes, half: HalfQuestion): Half {
  const readings = readingsOf(world, half);
  const halves = readings.map((reading) => decideReading(world, classes, { ...half, ...reading }));
  const [labelled] = halves;
  if (labelled === undefined) return plainHalf('undecidable', 'nothing to decide');
  if (halves.every(({ verdict }) => verdict === labelled.verdict)) return labelled;
  const host = [half.self, half.peer].find((side) => side.type === 'pod' && side.pod.hostNetwork);
  const name = host === undefined ? '' : nameOfSide(host);
  return {
    ...labelled,
    verdict: 'undecidable',
    summary: `${name} is on the host network: the API leaves that open`,
    cannotOpen: [
      `${name} is on the host network, and no selector of a NetworkPolicy reaches it for certain.`,
    ],
  };
}

/** Only the decision, without its reasons: for many questions at once. */
export function decideQuickly(world: World, classes: Classes, half: HalfQuestion): Decision {
  const decisions = readingsOf(world, half).map((reading) => {
    const asked = { ...half, ...reading };
    const settled = settle(world, asked);
    if (settled !== undefined) return settled.verdict;
    return withOwnNode(asked, judge(world, stackOn(classes, asked.self), asked.direction, questionOf(asked)))
      .decision;
  });
  const [first] = decisions;
  return first !== undefined && decisions.every((decision) => decision === first) ? first : 'undecidable';
}

/** The pod as labelled, then as its node (facts/policy.md §1 rule 29). */
function readingsOf(world: World, { self, peer }: HalfQuestion): readonly Reading[] {
  const selves = readSide(world, self);
  const peers = readSide(world, peer);
  return selves.flatMap((a) => peers.map((b) => ({ self: a, peer: b })));
}

function readSide(world: World, side: Side): readonly Side[] {
  if (side.type !== 'pod' || !side.pod.hostNetwork) return [side];
  const node = asNode(world.model, side);
  return world.dialect.hostNetwork === 'node' ? [node] : [side, node];
}

function decideReading(world: World, classes: Classes, half: HalfQuestion): Half {
  const settled = settle(world, half);
  if (settled !== undefined) return settled;
  const stack = stackOn(classes, half.self);
  const question = questionOf(half);
  const judgement = judge(world, stack, half.direction, question);
  if (withOwnNode(half, judgement) === judgement) return explainHalf(world, stack, half, question, judgement);
  return { ...plainHalf('allow', OWN_NODE), isolated: judgement.isolated };
}

const OWN_NODE = 'its own node always reaches it';

/** The own node gets in unless a rule denies it (facts/policy.md §1 rule 28, §2a.9). */
export function withOwnNode(
  { direction, self, peer }: Pick<HalfQuestion, 'direction' | 'self' | 'peer'>,
  judgement: Judgement,
): Judgement {
  if (direction !== 'ingress' || self.type !== 'pod' || !isOwnNode(self.pod, peer)) return judgement;
  const denied = judgement.steps.some(({ action, sure }) => action === 'deny' && sure);
  return denied || judgement.decision === 'allow' ? judgement : { ...judgement, decision: 'allow' };
}

function stackOn(classes: Classes, self: Side): Stack {
  return self.type === 'pod' ? classes.stackFor(self.pod) : classes.stackForReserved(self.reserved ?? '');
}

function questionOf({ direction, self, peer, port, protocol }: HalfQuestion): Question {
  return { port, protocol, self, peer, destination: direction === 'ingress' ? self : peer };
}

/** Halves that no policy decides (facts/policy.md §1 rules 1, 28, 30, 32; §2a.1). */
function settle({ dialect }: World, { direction, self, peer }: HalfQuestion): Half | undefined {
  if (self.type !== 'pod') {
    if (self.reserved !== undefined && dialect.identityLabels) return undefined;
    return plainHalf(
      'allow',
      self.node === undefined ? 'outside the cluster' : `${self.node.name} is a node`,
    );
  }
  if (isSamePod(self, peer)) return plainHalf('allow', 'a pod always reaches itself');
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
