import type { ClusterModel } from '../../cluster/model.ts';
import { isLive, type Pod } from '../../cluster/objects.ts';
import type { Dialect } from '../dialect.ts';
import type { Policy } from '../policy.ts';
import type { Member } from './collect.ts';
import { type Workloads, workloadsOf } from './ends.ts';
import { type PodGroup, podGroups } from './groups.ts';
import { type Vocabulary, vocabularyOf } from './vocabulary.ts';

/** The pods of a cluster in groups and in workloads, for one set of policies. */
export type Survey = {
  readonly groups: readonly PodGroup[];
  readonly groupOf: (pod: Pod) => number;
  readonly workloads: Workloads;
  /** Some pods by workload. Asked for the same list again, the same answer. */
  readonly membersOf: (pods: readonly Pod[]) => readonly Member[];
  /** What lists of peers match, kept while the survey is. */
  readonly peerTables: Map<object, Uint8Array>;
};

type Kept = {
  readonly stamp: string;
  readonly dialect: Dialect;
  readonly words: Vocabulary;
  readonly survey: Survey;
};

const kept = new WeakMap<ClusterModel, Kept>();

/**
 * A survey for the model's policies and some more. It is kept until pods, namespaces, nodes, services, policies or
 * the dialect change, and serves further policies that speak of nothing new.
 */
export function surveyOf(model: ClusterModel, dialect: Dialect, more: readonly Policy[] = []): Survey {
  const stamp = (['pods', 'namespaces', 'nodes', 'services', 'endpointSlices', 'policies'] as const)
    .map((kind) => model.revision(kind))
    .join();
  const known = kept.get(model);
  if (known?.stamp === stamp && known.dialect === dialect) {
    if (more.length === 0 || knows(known.words, vocabularyOf(dialect, more, model.services())))
      return known.survey;
  }
  const words = vocabularyOf(dialect, [...model.policies(), ...more], model.services());
  const survey = makeSurvey(model, words);
  kept.set(model, { stamp, dialect, words, survey });
  return survey;
}

/** Whether groups made by some words hold for others as well. */
function knows(words: Vocabulary, asked: Vocabulary): boolean {
  return (
    [...asked.keys].every((key) => words.keys.has(key)) &&
    (words.namesPorts || !asked.namesPorts) &&
    (words.cidrsReachPods || !asked.cidrsReachPods) &&
    (!words.cidrsReachPods ||
      ([4, 6] as const).every((family) =>
        asked.cuts[family].every((cut) => words.cuts[family].includes(cut)),
      ))
  );
}

function makeSurvey(model: ClusterModel, words: Vocabulary): Survey {
  const groups = podGroups(model, words);
  const numbers = new Map<Pod, number>();
  for (const { index, pods } of groups) for (const pod of pods) numbers.set(pod, index);
  const workloads = workloadsOf(Array.from(model.pods()).filter(isLive));
  const members = new WeakMap<readonly Pod[], readonly Member[]>();
  return {
    groups,
    groupOf: (pod) => numbers.get(pod) ?? -1,
    workloads,
    membersOf: (pods) => {
      const known = members.get(pods) ?? membersOf(workloads, pods);
      members.set(pods, known);
      return known;
    },
    peerTables: new Map(),
  };
}

function membersOf(workloads: Workloads, pods: readonly Pod[]): readonly Member[] {
  const byWorkload = Map.groupBy(pods, (pod) => workloads.of(pod).number);
  return [...byWorkload].map(([workload, list]) => ({ workload, pods: list }));
}
