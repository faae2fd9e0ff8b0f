import type { Pod } from '../../cluster/cluster.ts';
import { type Connections, type Decision, portsText } from '../model/model.ts';
import {
  type EndGroup,
  endGroupText,
  type Member,
  type Workload,
  type Workloads,
  wholeEnd,
  workloadEnd,
} from './end-groups.ts';
import type { PortChange, Turned } from './port-function.ts';
import { push } from './push.ts';

/** What changes between two ends. */
export type Turn<Change extends Turned = PortChange> = {
  readonly from: EndGroup;
  readonly to: EndGroup;
  readonly changes: readonly Change[];
};

/** Ports between two ends whose decision changes in the same way. */
export type PathChange = {
  readonly from: EndGroup;
  readonly to: EndGroup;
  readonly ports: Connections;
  readonly was: Decision;
  readonly is: Decision;
};

/** Collects changes between groups of pods and reports them by workload. */
export type Collector<Change extends Turned> = {
  readonly add: (from: readonly Pod[], to: readonly Pod[], changes: readonly Change[]) => void;
  /** Between pods and an end that is not a pod, on the side given by `end`. */
  readonly addBeyond: (pods: readonly Pod[], end: OneEnd, changes: readonly Change[]) => void;
  /** Between nodes and those of the pods that run on another node. */
  readonly addNodes: (
    pods: readonly Pod[],
    side: 'from' | 'to',
    names: readonly string[],
    changes: readonly Change[],
  ) => void;
  readonly turns: () => readonly Turn<Change>[];
};

type Block = { readonly from: Member; readonly to: Member };

type OneEnd = { readonly from: EndGroup } | { readonly to: EndGroup };

type Beyond = { readonly member: Member; readonly end: OneEnd };

/** Nodes and pods of one workload; a pod's own node doesn't count. */
type OnNodes = { readonly member: Member; readonly side: 'from' | 'to'; readonly names: readonly string[] };

/** A collector. If all pods of two workloads share a change, it is one entry; otherwise the pods are named. */
export function createCollector<Change extends Turned>({ all, membersOf }: Workloads): Collector<Change> {
  const blocks = new Map<readonly Change[], Map<number, Block[]>>();
  const beyond = new Map<readonly Change[], Map<string, Beyond[]>>();
  const onNodes = new Map<readonly Change[], Map<string, OnNodes[]>>();

  function add(from: readonly Pod[], to: readonly Pod[], changes: readonly Change[]): void {
    const table = tableOf(blocks, changes);
    for (const source of membersOf(from)) {
      for (const destination of membersOf(to)) {
        if (isOnePod(source, destination)) continue;
        const key = source.workload * all.length + destination.workload;
        push(table, key, { from: source, to: destination });
      }
    }
  }

  function addBeyond(pods: readonly Pod[], end: OneEnd, changes: readonly Change[]): void {
    const table = tableOf(beyond, changes);
    const text = JSON.stringify(end);
    for (const member of membersOf(pods)) push(table, `${member.workload} ${text}`, { member, end });
  }

  function addNodes(
    pods: readonly Pod[],
    side: 'from' | 'to',
    names: readonly string[],
    changes: readonly Change[],
  ): void {
    const table = tableOf(onNodes, changes);
    for (const member of membersOf(pods)) push(table, `${member.workload} ${side}`, { member, side, names });
  }

  function turnsOf(list: readonly Block[], changes: readonly Change[]): readonly Turn<Change>[] {
    const [first] = list;
    const source = all[first?.from.workload ?? -1];
    const destination = all[first?.to.workload ?? -1];
    if (source === undefined || destination === undefined) return [];
    const isWhole = covers(list, source.size * destination.size - (source === destination ? source.size : 0));
    if (isWhole) return [{ from: wholeEnd(source), to: wholeEnd(destination), changes }];
    return joined(list, source, destination).map((ends) => ({ ...ends, changes }));
  }

  function turnsBeyond(list: readonly Beyond[], changes: readonly Change[]): readonly Turn<Change>[] {
    const [first] = list;
    const owner = all[first?.member.workload ?? -1];
    if (first === undefined || owner === undefined) return [];
    const self = workloadEnd(
      owner,
      list.flatMap(({ member }) => namesOf(member.pods)),
    );
    const { end } = first;
    return ['from' in end ? { ...end, to: self, changes } : { from: self, ...end, changes }];
  }

  function turnsOfNodes(list: readonly OnNodes[], changes: readonly Change[]): readonly Turn<Change>[] {
    const [first] = list;
    const owner = all[first?.member.workload ?? -1];
    if (first === undefined || owner === undefined) return [];
    return nodesByPods(list).map(({ names, pods }) => {
      const self = workloadEnd(owner, namesOf(pods));
      const end: EndGroup = { type: 'nodes', names };
      return first.side === 'from' ? { from: end, to: self, changes } : { from: self, to: end, changes };
    });
  }

  const told = <T>(
    tables: ReadonlyMap<readonly Change[], ReadonlyMap<unknown, readonly T[]>>,
    tell: (list: readonly T[], changes: readonly Change[]) => readonly Turn<Change>[],
  ) => [...tables].flatMap(([changes, table]) => [...table.values()].flatMap((list) => tell(list, changes)));

  return {
    add,
    addBeyond,
    addNodes,
    turns: () => [...told(blocks, turnsOf), ...told(onNodes, turnsOfNodes), ...told(beyond, turnsBeyond)],
  };
}

/** The lists collected so far for some changes. */
function tableOf<Changes, K, T>(tables: Map<Changes, Map<K, T[]>>, changes: Changes): Map<K, T[]> {
  const table = tables.get(changes) ?? new Map<K, T[]>();
  tables.set(changes, table);
  return table;
}

type NodesAndPods = { readonly names: readonly string[]; readonly pods: readonly Pod[] };

/**
 * Nodes with the same pods, merged. A pod's own node never counts for it, so it may be named among the others where that
 * makes one entry of two; a node on which all the pods run is left out.
 */
function nodesByPods(list: readonly OnNodes[]): readonly NodesAndPods[] {
  const byNode = new Map<string, Set<Pod>>();
  for (const { member, names } of list) {
    for (const name of names) {
      const pods = byNode.get(name) ?? new Set();
      byNode.set(name, pods);
      for (const pod of member.pods) pods.add(pod);
    }
  }
  const tenants = Map.groupBy(
    list.flatMap(({ member }) => member.pods),
    ({ node }) => node,
  );
  const merged = new Map<string, { readonly names: string[]; readonly pods: readonly Pod[] }>();
  for (const [name, found] of byNode) {
    if ([...found].every(({ node }) => node === name)) continue;
    const pods = [...found.union(new Set(tenants.get(name) ?? []))];
    const key = namesOf(pods).toSorted().join();
    const known = merged.get(key);
    if (known === undefined) merged.set(key, { names: [name], pods });
    else known.names.push(name);
  }
  return Array.from(merged.values(), ({ names, pods }) => ({ names: names.toSorted(), pods }));
}

/** Whether it is only a pod and itself, to which no policy applies. */
function isOnePod(from: Member, to: Member): boolean {
  return from.pods.length === 1 && to.pods.length === 1 && from.pods[0] === to.pods[0];
}

/** Each change as a separate entry. */
export function pathChangesOf(turns: readonly Turn[]): readonly PathChange[] {
  return turns.flatMap(({ from, to, changes }) => changes.map((change) => ({ ...change, from, to })));
}

function namesOf(pods: readonly Pod[]): readonly string[] {
  return pods.map(({ name }) => name);
}

/** Blocks of two workloads as ends: sources with the same destinations are merged, then destinations likewise. */
function joined(
  list: readonly Block[],
  source: Workload,
  destination: Workload,
): readonly Pick<Turn, 'from' | 'to'>[] {
  const [only] = list;
  if (only !== undefined && list.length === 1) {
    return [{ from: endOf(source, only.from.pods), to: endOf(destination, only.to.pods) }];
  }
  const bySource = Map.groupBy(Map.groupBy(list, ({ to }) => textOf(to.pods)).values(), (blocks) =>
    textOf(sourcesOf(blocks)),
  );
  return Array.from(bySource.values(), (groups) => {
    const destinations = groups.flatMap(([block]) => block?.to.pods ?? []);
    return { from: endOf(source, sourcesOf(groups[0] ?? [])), to: endOf(destination, destinations) };
  });
}

function sourcesOf(blocks: readonly Block[]): readonly Pod[] {
  const [only] = blocks;
  return only !== undefined && blocks.length === 1 ? only.from.pods : blocks.flatMap(({ from }) => from.pods);
}

function endOf(workload: Workload, pods: readonly Pod[]): EndGroup {
  return workloadEnd(workload, namesOf(pods));
}

const texts = new WeakMap<readonly Pod[], string>();

/** Pods as text, independent of order. The lists of a survey recur. */
function textOf(pods: readonly Pod[]): string {
  const text = texts.get(pods) ?? namesOf(pods).toSorted().join();
  texts.set(pods, text);
  return text;
}

/** Whether blocks contain this many pairs of different pods; no pair is in two of them. */
function covers(list: readonly Block[], wanted: number): boolean {
  let count = 0;
  for (const { from, to } of list) {
    const same = from.workload === to.workload ? from.pods.filter((pod) => to.pods.includes(pod)).length : 0;
    count += from.pods.length * to.pods.length - same;
  }
  return count >= wanted;
}

/** A changed path in a few words: `shop/web → shop/db tcp 5432,8000-8100`. */
export function pathChangeText({ from, to, ports }: Pick<PathChange, 'from' | 'to' | 'ports'>): string {
  return `${endGroupText(from)} → ${endGroupText(to)} ${portsText(ports)}`;
}

/** Up to `most` changed paths, then how many more there are. */
export function pathChangesText(paths: readonly PathChange[], most: number): string {
  const shown = paths.slice(0, most).map(pathChangeText);
  const more = paths.length - shown.length;
  return more > 0 ? `${shown.join('; ')} and ${more} more` : shown.join('; ');
}
