import { isLive, type Pod } from '../../cluster/cluster.ts';
import type { ClusterModel } from '../../live/live.ts';
import { type Side, sideOfPod } from '../match/match.ts';
import { push } from './push.ts';
import { podWords, type Vocabulary } from './vocabulary.ts';

/** Live pods that no current policy can tell apart; host-network ones share their node as well. */
export type PodGroup = {
  readonly index: number;
  readonly pods: readonly Pod[];
  readonly namespace: string;
  readonly hostNetwork: boolean;
  /** The node of a host-network group. */
  readonly node: string | undefined;
  /** Up to two of the pods, as samples for queries. */
  readonly sides: readonly Side[];
  /** The pods split by whether they run on a node; one result always has the same lists. */
  readonly on: (node: string) => Halves;
};

/** The live pods of a cluster in groups. */
export function podGroups(model: ClusterModel, vocabulary: Vocabulary): readonly PodGroup[] {
  const byWords = new Map<string, Pod[]>();
  for (const pod of model.pods()) {
    if (!isLive(pod)) continue;
    push(byWords, podWords(vocabulary, pod), pod);
  }
  return Array.from(byWords.values(), groupOfPods);
}

/** Pods that nothing tells apart, as a group; `index` is its key in caches. */
export function groupOfPods(pods: readonly Pod[], index: number): PodGroup {
  const [first] = pods;
  return {
    sides: pods.slice(0, 2).map(podSide),
    on: halvesOf(pods),
    index,
    pods,
    namespace: first?.namespace ?? '',
    hostNetwork: first?.hostNetwork ?? false,
    node: first?.hostNetwork === true ? first.node : undefined,
  };
}

/** Pods of two groups whose pairs all have the same result, with one sample pod of each. */
export type PairOfGroups = {
  readonly from: readonly Pod[];
  readonly to: readonly Pod[];
  readonly source: Side;
  readonly destination: Side;
};

/**
 * All pairs of different pods of two groups. If one side is on the host network, it matters whether the other runs on
 * that node (NP-28), so the group splits.
 */
export function pairsOf(from: PodGroup, to: PodGroup): readonly PairOfGroups[] {
  const node = from.node ?? to.node;
  if (node === undefined) return wholePair(from, to);
  const splitsFrom = from.node === undefined || to.node !== undefined;
  const [split, whole] = splitsFrom ? [from, to] : [to, from];
  const { here, away } = split.on(node);
  const pairs: PairOfGroups[] = [];
  for (const pods of [here, away]) {
    const found = splitsFrom ? pair(pods, whole.pods) : pair(whole.pods, pods);
    if (found !== undefined) pairs.push(found);
  }
  return pairs;
}

function wholePair(from: PodGroup, to: PodGroup): readonly PairOfGroups[] {
  const [source] = from.sides;
  const destination = from === to ? to.sides[1] : to.sides[0];
  return source === undefined || destination === undefined
    ? []
    : [{ from: from.pods, to: to.pods, source, destination }];
}

function pair(from: readonly Pod[], to: readonly Pod[]): PairOfGroups | undefined {
  const [source] = from;
  if (source === undefined || to[0] === undefined) return undefined;
  const destination = to.find((pod) => pod !== source);
  if (destination !== undefined) return made(from, to, source, destination);
  const another = from.find((pod) => pod !== to[0]);
  return another === undefined ? undefined : made(from, to, another, to[0]);
}

function made(from: readonly Pod[], to: readonly Pod[], source: Pod, destination: Pod): PairOfGroups {
  return { from, to, source: podSide(source), destination: podSide(destination) };
}

const sides = new WeakMap<Pod, Side>();

/** A pod with all its addresses as an end; always the same object. */
export function podSide(pod: Pod): Side {
  const known = sides.get(pod) ?? sideOfPod(pod);
  sides.set(pod, known);
  return known;
}

/** The pods of a group that run on a node, and the others. */
type Halves = { readonly here: readonly Pod[]; readonly away: readonly Pod[] };

const NOBODY: readonly Pod[] = [];

function halvesOf(pods: readonly Pod[]): (node: string) => Halves {
  let byNode: Map<string | undefined, Pod[]> | undefined;
  const known = new Map<string, Halves>();
  const none: Halves = { here: NOBODY, away: pods };
  return (node) => {
    byNode ??= Map.groupBy(pods, (pod) => pod.node);
    const here = byNode.get(node);
    if (here === undefined) return none;
    const halves = known.get(node) ?? { here, away: pods.filter((pod) => pod.node !== node) };
    known.set(node, halves);
    return halves;
  };
}
