import type { Connections } from '../../../core/policy/model/connections.ts';
import type { PolicyRef } from '../../../core/policy/model/policy.ts';
import type { Turn } from '../../../core/policy/reach/collect.ts';
import { type EndGroup, inOrder } from '../../../core/policy/reach/ends.ts';
import { clusterMatrix, type OpenPath } from '../../../core/policy/reach/matrix.ts';
import { type Turned, turnedTo } from '../../../core/policy/reach/port-function.ts';
import { treeDiff, type WorkloadIsolation } from '../../../core/policy/reach/tree-diff.ts';
import { policyChanges, type Tree, type WorkloadName, workloadChanges } from './tree.ts';

/** Ports between two ends that are not what they were. */
export type PathDiff = {
  readonly from: EndGroup;
  readonly to: EndGroup;
  /** Surely open, and were not. */
  readonly opens: Connections;
  /** Surely closed, and were not. */
  readonly closes: Connections;
  /** Undecidable, and were not. */
  readonly blurs: Connections;
};

/** What changes from one tree of manifests to another. Paths are among what both have, and the outside. */
export type TreeChanges = {
  readonly policies: Readonly<Record<'added' | 'removed' | 'changed', readonly PolicyRef[]>>;
  readonly workloads: Readonly<Record<'added' | 'removed', readonly WorkloadName[]>>;
  readonly paths: readonly PathDiff[];
  /** What can talk with workloads that only the new tree has. */
  readonly arrivals: readonly OpenPath[];
  readonly isolated: readonly WorkloadIsolation[];
  readonly freed: readonly WorkloadIsolation[];
};

/** Compares two trees, for all pairs and all ports. */
export function compareTrees(old: Tree, now: Tree): TreeChanges {
  const { turns, isolation } = treeDiff(old.engine, now.engine);
  const workloads = workloadChanges(old, now);
  const sorted = inOrder(isolation.map((turn) => ({ ...turn, from: turn.end, to: turn.end })));
  return {
    policies: policyChanges(old, now),
    workloads,
    paths: inOrderOfTelling(turns).map(pathDiffOf),
    arrivals: arrivalsIn(now, workloads.added),
    isolated: sorted.filter(({ isolates }) => isolates),
    freed: sorted.filter(({ isolates }) => !isolates),
  };
}

/** Whether nothing at all is different. */
export function isNoChange({ policies, workloads, paths, isolated, freed }: TreeChanges): boolean {
  const lists = [...Object.values(policies), ...Object.values(workloads), paths, isolated, freed];
  return lists.every((list) => list.length === 0);
}

/** Workloads among themselves, then each with what is beyond. */
function inOrderOfTelling(turns: readonly Turn<Turned>[]): readonly Turn<Turned>[] {
  const sorted = inOrder(turns);
  const isWithin = ({ from, to }: Turn<Turned>) => from.type === 'workload' && to.type === 'workload';
  const beyond = sorted
    .filter((turn) => !isWithin(turn))
    .map((turn) => ({ turn, workload: turn.from.type === 'workload' ? turn.from : turn.to }));
  const byWorkload = inOrder(beyond.map(({ turn, workload }) => ({ turn, from: workload, to: workload })));
  return [...sorted.filter(isWithin), ...byWorkload.map(({ turn }) => turn)];
}

function pathDiffOf({ from, to, changes }: Turn<Turned>): PathDiff {
  const [opens, closes] = [turnedTo(changes, 'allow'), turnedTo(changes, 'deny')];
  return { from, to, opens, closes, blurs: turnedTo(changes, 'undecidable') };
}

function arrivalsIn({ engine }: Tree, added: readonly WorkloadName[]): readonly OpenPath[] {
  if (added.length === 0) return [];
  const keyOf = ({ kind, namespace, name }: WorkloadName) => `${kind} ${namespace}/${name}`;
  const keys = new Set(added.map(keyOf));
  return clusterMatrix(engine, { about: (workload) => keys.has(keyOf(workload)) });
}
