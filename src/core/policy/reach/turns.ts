import type { Pod } from '../../cluster/cluster.ts';
import type { Direction } from '../model/model.ts';
import { compareWithNodes, compareWithOutside } from './beyond.ts';
import { createCollector, type Turn } from './collect.ts';
import type { Ask, Comparison, Delta, Twin } from './comparison.ts';
import { type PairOfGroups, type PodGroup, pairsOf } from './groups.ts';
import type { PortEvaluator } from './port-evaluator.ts';
import type { PortFunction, Turned } from './port-function.ts';

/** Every pair of workloads, nodes, and external addresses between which some port changes. */
export function turnsOf<Change extends Turned>(comparison: Comparison<Change>): readonly Turn<Change>[] {
  const collector = createCollector<Change>(comparison.workloads);
  const ask = { ...comparison, collector };
  for (const direction of ['ingress', 'egress'] as const) {
    for (const twin of comparison.touched) {
      const delta = comparison.deltaOf(twin, direction);
      if (delta === undefined) continue;
      compareWithPods(ask, twin, direction, delta);
      compareWithNodes(ask, twin, direction);
      compareWithOutside(ask, twin, direction);
    }
  }
  return collector.turns();
}

/** Pods that become isolated, or freed, in one direction. */
export type IsolationTurn = {
  readonly pods: readonly Pod[];
  readonly direction: Direction;
  readonly isolates: boolean;
};

/** Pods isolated or freed by a change; policies don't apply to host-network pods. */
export function isolationTurns({
  before,
  after,
  touched,
}: Pick<Comparison<Turned>, 'before' | 'after' | 'touched'>): readonly IsolationTurn[] {
  const isolation = (evaluator: PortEvaluator, { pods: [pod], hostNetwork }: PodGroup) =>
    pod === undefined || hostNetwork ? { ingress: false, egress: false } : evaluator.isolation(pod);
  return touched.flatMap(({ was, is }) => {
    const [x, y] = [isolation(before.evaluator, was), isolation(after.evaluator, is)];
    return (['ingress', 'egress'] as const)
      .filter((direction) => x[direction] !== y[direction])
      .map((direction) => ({ pods: is.pods, direction, isolates: y[direction] }));
  });
}

function compareWithPods<Change extends Turned>(
  ask: Ask<Change>,
  self: Twin,
  direction: Direction,
  delta: Delta,
): void {
  const { evaluator } = ask.after;
  const [side] = self.is.sides;
  for (const peer of ask.twins) {
    const { sides, index } = peer.is;
    const other = peer === self ? (sides[1] ?? sides[0]) : sides[0];
    if (side === undefined || other === undefined) continue;
    if (!delta.general && !evaluator.mayMatch(delta.rules, direction, side, other, index)) continue;
    comparePair(ask, self, peer, direction);
  }
}

function comparePair<Change extends Turned>(
  ask: Ask<Change>,
  self: Twin,
  peer: Twin,
  direction: Direction,
): void {
  const { before, after, algebra, adopt, changesOf, collector, mayDiffer } = ask;
  const [from, to] = direction === 'ingress' ? [peer, self] : [self, peer];
  // The pairs of one world match those of the other: a twin of two groups contains pods of one node where that matters.
  const pairs = pairsOf(from.is, to.is);
  const former = from.was === from.is && to.was === to.is ? pairs : pairsOf(from.was, to.was);
  for (let at = 0; at < pairs.length; at += 1) {
    const [was, is] = [former[at], pairs[at]];
    if (was === undefined || is === undefined) continue;
    const own = adopt(halfOf(before.evaluator, direction, was, from.was, to.was));
    const ownNow = halfOf(after.evaluator, direction, is, from.is, to.is);
    if (own === ownNow) continue;
    const otherWay = direction === 'ingress' ? 'egress' : 'ingress';
    const other = adopt(halfOf(before.evaluator, otherWay, was, from.was, to.was));
    const otherNow = mayDiffer(peer) ? halfOf(after.evaluator, otherWay, is, from.is, to.is) : other;
    // A pair whose ingress changes too was already compared.
    if (direction === 'egress' && other !== otherNow) continue;
    const changes = changesOf(algebra.both(own, other), algebra.both(ownNow, otherNow));
    if (changes.length > 0) collector.add(is.from, is.to, changes);
  }
}

function halfOf(
  evaluator: PortEvaluator,
  direction: Direction,
  { source, destination }: PairOfGroups,
  from: PodGroup,
  to: PodGroup,
): PortFunction {
  return direction === 'ingress'
    ? evaluator.half('ingress', destination, source, from.index)
    : evaluator.half('egress', source, destination, to.index);
}
