import type { Pod } from '../../../core/cluster/objects.ts';
import type { Connections } from '../../../core/policy/model/connections.ts';
import type { Direction, PolicyRef } from '../../../core/policy/model/policy.ts';
import type { End } from '../../../core/policy/model/verdict.ts';
import { type MatrixRow, matrixRows } from '../matrix/matrix.ts';
import { type OutsideRange, outsideRanges } from '../reach/outside.ts';
import { either, isNothing, isSameSet, type PathPorts, without } from '../reach/port-sets.ts';
import {
  policyChanges,
  type SharedParty,
  sharedParties,
  type Tree,
  type WorkloadName,
  workloadChanges,
} from './tree.ts';

/** One end of a changed path. */
export type DiffEnd =
  | { readonly type: 'pods'; readonly party: SharedParty }
  | { readonly type: 'outside'; readonly ranges: readonly OutsideRange[]; readonly everywhere: boolean };

/** Ports between two ends that are not what they were. */
export type PathDiff = {
  readonly from: DiffEnd;
  readonly to: DiffEnd;
  /** Surely open, and were not. */
  readonly opens: Connections;
  /** Surely closed, and were not. */
  readonly closes: Connections;
  /** Undecidable, and were not. */
  readonly blurs: Connections;
};

export type IsolationDiff = { readonly party: SharedParty; readonly direction: Direction };

/** What changes from one tree of manifests to another. Paths are among workloads that both have, and the outside. */
export type TreeDiff = {
  readonly policies: Readonly<Record<'added' | 'removed' | 'changed', readonly PolicyRef[]>>;
  readonly workloads: Readonly<Record<'added' | 'removed', readonly WorkloadName[]>>;
  readonly paths: readonly PathDiff[];
  /** What can talk with workloads that only the new tree has. */
  readonly arrivals: readonly MatrixRow[];
  readonly isolated: readonly IsolationDiff[];
  readonly freed: readonly IsolationDiff[];
};

/** Compares two trees, for all pairs and all ports. */
export function compareTrees(old: Tree, now: Tree): TreeDiff {
  const parties = sharedParties(old, now);
  const isolation = parties.flatMap((party) => isolationOf(old, now, party));
  const workloads = workloadChanges(old, now);
  return {
    policies: policyChanges(old, now),
    workloads,
    arrivals: arrivalsIn(now, workloads.added),
    paths: [...pathsWithin(old, now, parties), ...pathsOutside(old, now, parties)],
    isolated: isolation.filter(({ is }) => is).map(({ diff }) => diff),
    freed: isolation.filter(({ is }) => !is).map(({ diff }) => diff),
  };
}

/** Whether nothing at all is different. */
export function isNoChange({ policies, workloads, paths, isolated, freed }: TreeDiff): boolean {
  const lists = [...Object.values(policies), ...Object.values(workloads), paths, isolated, freed];
  return lists.every((list) => list.length === 0);
}

function arrivalsIn({ model, engine }: Tree, added: readonly WorkloadName[]): readonly MatrixRow[] {
  if (added.length === 0) return [];
  const keyOf = ({ kind, namespace, name }: WorkloadName) => `${kind} ${namespace}/${name}`;
  const keys = new Set(added.map(keyOf));
  const about = (party: WorkloadName) => keys.has(keyOf(party));
  return [...matrixRows({ model, engine, only: undefined }, { joinOutside: true, about })];
}

type Asks = { readonly party: SharedParty; readonly old: readonly End[]; readonly now: readonly End[] };

function* pathsWithin(old: Tree, now: Tree, parties: readonly SharedParty[]): Generator<PathDiff> {
  const asks = parties.map((party): Asks => ({ party, old: twoOf(party.old), now: twoOf(party.now) }));
  for (const from of asks) {
    for (const to of asks) {
      // A workload's pods among themselves need two of them.
      const which = from === to ? 1 : 0;
      const before = askBetween(old, from.old[0], to.old[which]);
      const after = askBetween(now, from.now[0], to.now[which]);
      if (before === undefined || after === undefined) continue;
      const change = changeOf(before, after);
      if (change === undefined) continue;
      yield { from: { type: 'pods', party: from.party }, to: { type: 'pods', party: to.party }, ...change };
    }
  }
}

function twoOf(pods: SharedParty['old']): readonly End[] {
  return pods.slice(0, 2).map((pod) => ({ type: 'pod', pod }));
}

function askBetween({ reach }: Tree, from: End | undefined, to: End | undefined): PathPorts | undefined {
  return from === undefined || to === undefined ? undefined : reach.between(from, to);
}

function* pathsOutside(old: Tree, now: Tree, parties: readonly SharedParty[]): Generator<PathDiff> {
  for (const party of parties) {
    const [[before], [after]] = [twoOf(party.old), twoOf(party.now)];
    if (before === undefined || after === undefined) continue;
    for (const direction of ['ingress', 'egress'] as const) {
      const groups: { readonly change: Change; readonly ranges: OutsideRange[] }[] = [];
      const pieces = piecesOf(old, now, party, direction);
      for (const piece of pieces) {
        const ask = ({ reach }: Tree, end: End) =>
          direction === 'ingress' ? reach.between(piece.end, end) : reach.between(end, piece.end);
        const change = changeOf(ask(old, before), ask(now, after));
        if (change === undefined) continue;
        const alike = groups.find((group) => isSameChange(group.change, change));
        if (alike === undefined) groups.push({ change, ranges: [piece] });
        else alike.ranges.push(piece);
      }
      for (const { change, ranges } of groups) {
        const everywhere = ranges.length === pieces.length;
        const outside: DiffEnd = { type: 'outside', ranges, everywhere };
        const pods: DiffEnd = { type: 'pods', party };
        yield direction === 'ingress'
          ? { from: outside, to: pods, ...change }
          : { from: pods, to: outside, ...change };
      }
    }
  }
}

/** The outside, cut at the blocks that rules on the party name in either tree. */
function piecesOf(old: Tree, now: Tree, party: SharedParty, direction: Direction): readonly OutsideRange[] {
  const blocksOn = ({ reach }: Tree, [pod]: readonly Pod[]) =>
    pod === undefined ? [] : reach.blocksOn(pod, direction);
  return outsideRanges(now.model, [...blocksOn(old, party.old), ...blocksOn(now, party.now)]);
}

type Change = Pick<PathDiff, 'opens' | 'closes' | 'blurs'>;

function changeOf(before: PathPorts, after: PathPorts): Change | undefined {
  if (before.open === after.open && before.unsure === after.unsure) return undefined;
  const opens = without(after.open, before.open);
  const closes = without(either(before.open, before.unsure), either(after.open, after.unsure));
  const blurs = without(after.unsure, before.unsure);
  return isNothing(opens) && isNothing(closes) && isNothing(blurs) ? undefined : { opens, closes, blurs };
}

function isSameChange(a: Change, b: Change): boolean {
  return isSameSet(a.opens, b.opens) && isSameSet(a.closes, b.closes) && isSameSet(a.blurs, b.blurs);
}

function isolationOf(
  old: Tree,
  now: Tree,
  party: SharedParty,
): readonly { readonly diff: IsolationDiff; readonly is: boolean }[] {
  const [before, after] = [party.old[0], party.now[0]];
  if (before === undefined || after === undefined) return [];
  const was = old.engine.isolation(before);
  const is = now.engine.isolation(after);
  return (['ingress', 'egress'] as const)
    .filter((direction) => was[direction] !== is[direction])
    .map((direction) => ({ diff: { party, direction }, is: is[direction] }));
}
