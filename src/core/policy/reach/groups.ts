import type { ClusterModel } from '../../cluster/model.ts';
import { isLive, type Pod } from '../../cluster/objects.ts';
import { type Side, sideOf } from '../side.ts';
import { podWords, type Vocabulary } from './vocabulary.ts';

/** Live pods that no policy at hand can tell apart; host-network ones share their node as well. */
export type PodGroup = {
  readonly index: number;
  readonly pods: readonly Pod[];
  readonly namespace: string;
  readonly hostNetwork: boolean;
  /** The node of a host-network group. */
  readonly node: string | undefined;
  /** Up to two of the pods, to ask with. */
  readonly sides: readonly Side[];
};

/** The live pods of a cluster in groups. */
export function podGroups(model: ClusterModel, vocabulary: Vocabulary): readonly PodGroup[] {
  const byWords = new Map<string, Pod[]>();
  for (const pod of model.pods()) {
    if (!isLive(pod)) continue;
    const words = podWords(vocabulary, pod);
    const pods = byWords.get(words);
    if (pods === undefined) byWords.set(words, [pod]);
    else pods.push(pod);
  }
  return Array.from(byWords.values(), (pods, index) => groupOf(model, pods, index));
}

function groupOf(model: ClusterModel, pods: readonly Pod[], index: number): PodGroup {
  const [first] = pods;
  return {
    sides: pods.slice(0, 2).map((pod) => sideOf(model, { type: 'pod', pod })),
    index,
    pods,
    namespace: first?.namespace ?? '',
    hostNetwork: first?.hostNetwork ?? false,
    node: first?.hostNetwork === true ? first.node : undefined,
  };
}

/** Pods of two groups of which every pair has one answer, with one pod of each to ask with. */
export type PairOfGroups = {
  readonly from: readonly Pod[];
  readonly to: readonly Pod[];
  readonly source: Side;
  readonly destination: Side;
};

/**
 * All pairs of different pods of two groups. Where one side is on the host network it matters whether the other one
 * runs on that node (facts/policy.md §1 rule 28), so the group splits.
 */
export function pairsOf(model: ClusterModel, from: PodGroup, to: PodGroup): readonly PairOfGroups[] {
  const node = from.node ?? to.node;
  if (node === undefined) return wholePair(from, to);
  const splits = (group: PodGroup, other: PodGroup) => group.node === undefined || other.node !== undefined;
  const [sources, destinations] = splits(from, to)
    ? [halved(from.pods, node), [to.pods]]
    : [[from.pods], halved(to.pods, node)];
  return sources.flatMap((pods) => destinations.flatMap((others) => pair(model, pods, others)));
}

function wholePair(from: PodGroup, to: PodGroup): readonly PairOfGroups[] {
  const [source] = from.sides;
  const destination = from === to ? to.sides[1] : to.sides[0];
  return source === undefined || destination === undefined
    ? []
    : [{ from: from.pods, to: to.pods, source, destination }];
}

function halved(pods: readonly Pod[], node: string): readonly (readonly Pod[])[] {
  return [pods.filter((pod) => pod.node === node), pods.filter((pod) => pod.node !== node)];
}

function pair(model: ClusterModel, from: readonly Pod[], to: readonly Pod[]): readonly PairOfGroups[] {
  const [source] = from;
  const destination = to.find((pod) => pod !== source);
  if (source === undefined) return [];
  if (destination !== undefined) return [made(model, from, to, source, destination)];
  const another = from.find((pod) => pod !== to[0]);
  return to[0] === undefined || another === undefined ? [] : [made(model, from, to, another, to[0])];
}

function made(
  model: ClusterModel,
  from: readonly Pod[],
  to: readonly Pod[],
  source: Pod,
  destination: Pod,
): PairOfGroups {
  return {
    from,
    to,
    source: sideOf(model, { type: 'pod', pod: source }),
    destination: sideOf(model, { type: 'pod', pod: destination }),
  };
}
