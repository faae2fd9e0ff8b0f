import { isLive, type Pod } from '../../cluster/cluster.ts';
import type { ClusterModel } from '../../live/live.ts';
import { createPolicyIndex, type PolicyIndex } from '../decide/decide.ts';
import {
  createWorld,
  type Dialect,
  hasAmbient,
  type Side,
  sideOf,
  type World,
  type WorldParts,
} from '../match/match.ts';
import type { Policy } from '../model/model.ts';
import { type Workloads, workloadsOf } from './end-groups.ts';
import { type PodGroup, podGroups } from './groups.ts';
import { createPortEvaluator, type PortEvaluator, type Shared } from './port-evaluator.ts';
import { createPortAlgebra } from './port-function.ts';
import { type Cuts, lastAtOrBefore, sorted, type Vocabulary, vocabularyOf } from './vocabulary.ts';

/** The pods of a cluster by group and by workload, for one set of policies. */
export type Survey = {
  readonly groups: readonly PodGroup[];
  readonly groupOf: (pod: Pod) => number;
  readonly workloads: Workloads;
  /** The current policies. */
  readonly index: PolicyIndex;
  /** The nodes that have an address, as ends, numbered after the groups. */
  readonly nodes: readonly { readonly name: string; readonly side: Side; readonly index: number }[];
  /** Shared with the evaluator of a change. */
  readonly shared: Shared;
  /** The evaluator of the current policies; its caches live as long as the survey. */
  readonly evaluator: PortEvaluator;
};

type Kept = {
  readonly addresses: () => Cuts;
  readonly stamp: string;
  readonly dialect: Dialect;
  readonly foreign: World['foreign'] | undefined;
  readonly words: Vocabulary;
  readonly survey: Survey;
};

const kept = new WeakMap<ClusterModel, Kept>();

/**
 * A survey for the model's policies plus some more. It is kept until pods, namespaces, nodes, services, policies, or
 * the dialect change, and also serves further policies that select by nothing new.
 */
export function surveyOf(parts: WorldParts, more: readonly Policy[] = []): Survey {
  const world = createWorld(parts.model, parts.dialect, parts.foreign);
  const { model, dialect } = world;
  const foreign = world.foreign.length === 0 ? undefined : world.foreign;
  const stamp = (
    ['pods', 'namespaces', 'nodes', 'services', 'endpointSlices', 'cidrGroups', 'policies'] as const
  )
    .map((kind) => model.revision(kind))
    .join();
  const known = kept.get(model);
  if (known?.stamp === stamp && known.dialect === dialect && known.foreign === foreign) {
    if (more.length === 0 || knows(known, vocabularyOf(dialect, more, model))) return known.survey;
  }
  const words = vocabularyOf(dialect, [...model.policies(), ...more], model);
  const survey = makeSurvey(world, words);
  let addresses: Cuts | undefined;
  const addressesOf = () => {
    addresses ??= podAddresses(model);
    return addresses;
  };
  kept.set(model, { stamp, dialect, foreign, words, survey, addresses: addressesOf });
  return survey;
}

/** Whether groups built for one vocabulary are valid for another. */
function knows({ words, addresses }: Kept, asked: Vocabulary): boolean {
  return (
    [...asked.keys].every((key) => words.keys.has(key)) &&
    (words.namesPorts || !asked.namesPorts) &&
    (words.cidrsReachPods || !asked.cidrsReachPods) &&
    (!words.cidrsReachPods || !splitsPods(words, addresses(), asked))
  );
}

/** Whether additional cuts split pods that were in one piece so far. */
function splitsPods(words: Vocabulary, addresses: Cuts, asked: Vocabulary): boolean {
  return ([4, 6] as const).some((family) =>
    asked.cuts[family].some((cut) => {
      const starts = words.cuts[family];
      const piece = lastAtOrBefore(starts, cut);
      const first = starts[piece] ?? 0n;
      if (first === cut) return false;
      const end = starts[piece + 1];
      const below = lastAtOrBefore(addresses[family], cut - 1n);
      const above = addresses[family][below + 1];
      const hasBelow = (addresses[family][below] ?? -1n) >= first;
      return hasBelow && above !== undefined && (end === undefined || above < end);
    }),
  );
}

/** All addresses of live pods, ascending, by family. */
function podAddresses(model: ClusterModel): Cuts {
  const found = { 4: new Set<bigint>(), 6: new Set<bigint>() };
  for (const pod of model.pods()) {
    if (!isLive(pod) || pod.hostNetwork) continue;
    for (const { family, value } of sideOf(model, { type: 'pod', pod }).ips) found[family].add(value);
  }
  return { 4: sorted(found[4]), 6: sorted(found[6]) };
}

function makeSurvey(world: World, words: Vocabulary): Survey {
  const { model } = world;
  const groups = podGroups(model, words);
  const nodes = Array.from(model.nodes());
  const numbers = new Map<Pod, number>();
  for (const { index, pods } of groups) for (const pod of pods) numbers.set(pod, index);
  const workloads = workloadsOf(Array.from(model.pods()).filter(isLive));
  const groupOf = (pod: Pod) => numbers.get(pod) ?? -1;
  const index = createPolicyIndex(model.policies());
  const algebra = createPortAlgebra();
  const shared: Shared = {
    world,
    algebra,
    groupOf,
    mesh: hasAmbient(model),
    groups: groups.length + nodes.length,
    peerTables: new Map(),
    tablesByText: new Map(),
  };
  return {
    groups,
    groupOf,
    workloads,
    index,
    shared,
    evaluator: createPortEvaluator(shared, index),
    nodes: nodes.flatMap(({ name, ips: [ip] }, at) =>
      ip === undefined ? [] : [{ name, side: sideOf(model, { type: 'ip', ip }), index: groups.length + at }],
    ),
  };
}
