import { isLive, type Pod } from '../cluster/objects.ts';
import { explainHalf, plainHalf } from './explain-half.ts';
import { type Judgement, judge } from './judge.ts';
import type { Question, World } from './match.ts';
import type { Direction } from './policy.ts';
import { asNode, isOwnNode, isSamePod, isSubject, nameOfSide, type Side } from './side.ts';
import type { Stack } from './stack.ts';
import { podText } from './text.ts';
import type { Half, Query } from './verdict.ts';

/** One half to decide: `self` is the end whose policies count, `peer` the other one. */
export type HalfQuestion = {
  readonly direction: Direction;
  readonly self: Side;
  readonly peer: Side;
  readonly port: Query['port'];
  readonly protocol: Query['protocol'];
};

/** Gives the policies on a pod. */
export type StackFor = (pod: Pod) => Stack;

/** One way to read the two ends; a host-network pod has two where the API leaves it open. */
type Reading = { readonly self: Side; readonly peer: Side };

/** Decides and explains one half of a path. */
export function decideHalf(world: World, stackFor: StackFor, half: HalfQuestion): Half {
  const readings = readingsOf(world, half);
  const halves = readings.map((reading) => decideReading(world, stackFor, { ...half, ...reading }));
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
export function decideQuickly(world: World, stackFor: StackFor, half: HalfQuestion): Half['verdict'] {
  const decisions = readingsOf(world, half).map((reading) => {
    const asked = { ...half, ...reading };
    const settled = settle(asked);
    if (settled !== undefined) return settled.verdict;
    return isSubject(asked.self) ? judgeReading(world, stackFor(asked.self.pod), asked).decision : 'allow';
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

function decideReading(world: World, stackFor: StackFor, half: HalfQuestion): Half {
  const settled = settle(half);
  if (settled !== undefined) return settled;
  if (!isSubject(half.self)) return plainHalf('allow', `${nameOfSide(half.self)} is no pod`);
  const stack = stackFor(half.self.pod);
  return explainHalf(world, stack, half, questionOf(half), judgeReading(world, stack, half));
}

function judgeReading(world: World, stack: Stack, half: HalfQuestion): Judgement {
  return judge(world, stack, half.direction, questionOf(half));
}

function questionOf({ direction, self, peer, port, protocol }: HalfQuestion): Question {
  return { port, protocol, peer, destination: direction === 'ingress' ? self : peer };
}

/** Halves that no policy decides (facts/policy.md §1 rules 1, 28, 30, 32). */
function settle({ direction, self, peer }: HalfQuestion): Half | undefined {
  if (self.type !== 'pod') {
    return plainHalf(
      'allow',
      self.node === undefined ? 'outside the cluster' : `${self.node.name} is a node`,
    );
  }
  if (isSamePod(self, peer)) return plainHalf('allow', 'a pod always reaches itself');
  if (!isLive(self.pod))
    return plainHalf('undecidable', `${podText(self.pod)} has finished: it has no network`);
  if (direction === 'ingress' && isOwnNode(self.pod, peer)) {
    return plainHalf('allow', 'its own node always reaches it');
  }
  return undefined;
}
