import type { Pod } from '../../cluster/cluster.ts';
import { wrapped } from '../explain/explain.ts';
import type { WorldParts } from '../match/match.ts';
import type { IsolationChange } from '../model/model.ts';
import type { ClusterDiff } from './cluster-diff.ts';
import { pathChangeText, type Turn } from './collect.ts';
import type { Comparison, Twin } from './comparison.ts';
import { type EndGroup, type Workloads, workloadEnd, workloadKey, workloadsOf } from './end-groups.ts';
import { groupOfPods } from './groups.ts';
import type { PortFunction, Turned } from './port-function.ts';
import { type Survey, surveyOf } from './survey.ts';
import { type IsolationTurn, isolationTurns, turnsOf } from './turns.ts';

/** Pods of a workload that become isolated, or freed, in one direction. */
export type WorkloadIsolation = Omit<IsolationTurn, 'pods'> & { readonly end: EndGroup };

/** What changes from one world to another, among what both have. */
export type TreeDiff = {
  readonly turns: readonly Turn<Turned>[];
  readonly isolation: readonly WorkloadIsolation[];
};

const ALL = { rules: [], general: true };

/**
 * Compares two worlds: every pair of workloads present in both, their common nodes, external addresses, every port.
 * Pods may have different labels in each. A pod present in only one world counts as any of its workload: replicas come
 * and go.
 */
export function treeDiff(old: WorldParts, now: WorldParts): TreeDiff {
  const [before, after] = [surveyOf(old), surveyOf(now)];
  const { algebra } = after.shared;
  const adopted = new Map<PortFunction, PortFunction>();
  const adopt = (ports: PortFunction) => {
    const known = adopted.get(ports) ?? algebra.make(ports);
    adopted.set(ports, known);
    return known;
  };
  const twins = twinsOf(before, after);
  const workloads = workloadsOf(twins.flatMap(({ is }) => is.pods));
  const nodes = new Map(before.nodes.map((node) => [node.name, node]));
  const comparison: Comparison<Turned> = {
    before: { model: old.model, evaluator: before.evaluator },
    after: { model: now.model, evaluator: after.evaluator },
    algebra,
    adopt,
    changesOf: algebra.outcomes,
    twins,
    nodes: after.nodes.flatMap((is) => {
      const was = nodes.get(is.name);
      return was === undefined ? [] : [{ name: is.name, was, is }];
    }),
    workloads,
    touched: twins,
    mayDiffer: () => true,
    deltaOf: () => ALL,
  };
  const isolation = Map.groupBy(
    isolationTurns(comparison),
    ({ direction, isolates }) => `${direction} ${isolates}`,
  );
  return {
    turns: turnsOf(comparison),
    isolation: [...isolation.values()].flatMap((turns) => foldedBy(workloads, turns)),
  };
}

/** Isolation changes of one kind, by workload. */
function foldedBy(
  { all, membersOf }: Workloads,
  turns: readonly IsolationTurn[],
): readonly WorkloadIsolation[] {
  return membersOf(turns.flatMap(({ pods }) => pods)).flatMap(({ workload, pods }) => {
    const [owner, turn] = [all[workload], turns[0]];
    if (owner === undefined || turn === undefined) return [];
    const names = pods.map(({ name }) => name);
    return [{ end: workloadEnd(owner, names), direction: turn.direction, isolates: turn.isolates }];
  });
}

type Pair = { readonly was: Pod; readonly is: Pod };

function twinsOf(before: Survey, after: Survey): readonly Twin[] {
  const old = podsByWorkload(before);
  const pairs = [...podsByWorkload(after)].flatMap(([key, pods]) => pairsOf(old.get(key) ?? [], pods));
  const isNodeCounted = [...before.groups, ...after.groups].some(({ node }) => node !== undefined);
  const nodeText = ({ was, is }: Pair) => (isNodeCounted ? `${was.node} ${is.node}` : '');
  const parts = Map.groupBy(
    pairs,
    (pair) => `${before.groupOf(pair.was)} ${after.groupOf(pair.is)} ${nodeText(pair)}`,
  );
  return [...parts.values()].flatMap((part): readonly Twin[] => {
    const [first] = part;
    if (first === undefined) return [];
    const was = groupOfPods(
      part.map((pair) => pair.was),
      before.groupOf(first.was),
    );
    const is = groupOfPods(
      part.map((pair) => pair.is),
      after.groupOf(first.is),
    );
    return [{ was, is }];
  });
}

function podsByWorkload({ groups }: Survey): ReadonlyMap<string, readonly Pod[]> {
  return Map.groupBy(
    groups.flatMap(({ pods }) => pods),
    workloadKey,
  );
}

/** Pods with the same name; where a workload has none, its pods in order. */
function pairsOf(old: readonly Pod[], now: readonly Pod[]): readonly Pair[] {
  const names = new Map(old.map((pod) => [pod.name, pod]));
  const namesakes = now.flatMap((is): readonly Pair[] => {
    const was = names.get(is.name);
    return was === undefined ? [] : [{ was, is }];
  });
  if (namesakes.length > 0) return namesakes;
  return now.slice(0, old.length).flatMap((is, at): readonly Pair[] => {
    const was = old[at];
    return was === undefined ? [] : [{ was, is }];
  });
}

/** How many lines of each kind are shown before the rest is counted. */
const MOST = 12;

const WORD_WIDTH = 12;

/**
 * The effect of a change on the whole cluster, as lines of 80 columns: what opens, closes, or becomes undecidable, and
 * what is isolated or freed.
 */
export function diffText({ opens, closes, blurs, isolated, freed }: ClusterDiff): readonly string[] {
  const lines = [
    ...section('opens', opens.map(pathChangeText)),
    ...section('closes', closes.map(pathChangeText)),
    ...section('undecidable', blurs.map(pathChangeText)),
    ...section('isolated', isolated.map(podText)),
    ...section('non-isolated', freed.map(podText)),
  ];
  return lines.length === 0 ? ['  none'] : lines;
}

function section(word: string, items: readonly string[]): readonly string[] {
  const shown = items.slice(0, MOST);
  const more = items.length - shown.length;
  return [...shown, ...(more === 0 ? [] : [`and ${more} more`])].flatMap((text, at) =>
    wrapped(`  ${(at === 0 ? word : '').padEnd(WORD_WIDTH)} `, text, WORD_WIDTH + 5),
  );
}

function podText({ pod, direction }: IsolationChange): string {
  return `${pod.namespace}/${pod.name} (${direction})`;
}
