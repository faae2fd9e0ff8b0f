import type { Pod } from '../../cluster/objects.ts';
import type { Connections } from '../model/connections.ts';
import type { Decision } from '../model/verdict.ts';
import { type EndGroup, type Workloads, wholeEnd, workloadEnd } from './ends.ts';
import type { PortChange } from './port-function.ts';

/** Ports between two ends whose decision turns. */
export type PathChange = {
  readonly from: EndGroup;
  readonly to: EndGroup;
  readonly ports: Connections;
  readonly was: Decision;
  readonly is: Decision;
};

/** Pods of groups, by the workload that they are of. */
export type Member = { readonly workload: number; readonly pods: readonly Pod[] };

type Block = { readonly from: Member; readonly to: Member };

/** Gathers changes between groups of pods and tells them by workload. */
export type Collector = {
  readonly add: (from: readonly Member[], to: readonly Member[], changes: readonly PortChange[]) => void;
  readonly addEnd: (path: PathChange) => void;
  readonly paths: () => readonly PathChange[];
};

/** A collector. What all pods of two workloads have in common is one path; else the pods are named. */
export function createCollector(workloads: Workloads): Collector {
  const blocks = new Map<readonly PortChange[], Map<number, Block[]>>();
  const others: PathChange[] = [];

  function add(from: readonly Member[], to: readonly Member[], changes: readonly PortChange[]): void {
    const table = blocks.get(changes) ?? new Map<number, Block[]>();
    blocks.set(changes, table);
    for (const source of from) {
      for (const destination of to) {
        const key = source.workload * workloads.count + destination.workload;
        const list = table.get(key);
        if (list === undefined) table.set(key, [{ from: source, to: destination }]);
        else list.push({ from: source, to: destination });
      }
    }
  }

  function pathsOf(list: readonly Block[], changes: readonly PortChange[]): readonly PathChange[] {
    const [first] = list;
    const source = workloads.at(first?.from.workload ?? -1);
    const destination = workloads.at(first?.to.workload ?? -1);
    if (first === undefined || source === undefined || destination === undefined) return [];
    const isWhole = covers(list, source.size * destination.size - (source === destination ? source.size : 0));
    if (isWhole) {
      const [from, to] = [wholeEnd(source), wholeEnd(destination)];
      return changes.map((change) => ({ ...change, from, to }));
    }
    return list.flatMap((block) => {
      const from = workloadEnd(source, names(block.from));
      const to = workloadEnd(destination, names(block.to));
      return changes.map((change) => ({ ...change, from, to }));
    });
  }

  return {
    add,
    addEnd: (path) => others.push(path),
    paths: () => [
      ...[...blocks].flatMap(([changes, table]) =>
        [...table.values()].flatMap((list) => pathsOf(list, changes)),
      ),
      ...others,
    ],
  };
}

function names({ pods }: Member): readonly string[] {
  return pods.map(({ name }) => name);
}

/** Whether blocks hold so many pairs of different pods; no pair is in two of them. */
function covers(list: readonly Block[], wanted: number): boolean {
  let count = 0;
  for (const { from, to } of list) {
    const same = from.workload === to.workload ? from.pods.filter((pod) => to.pods.includes(pod)).length : 0;
    count += from.pods.length * to.pods.length - same;
  }
  return count >= wanted;
}
