import { type IpRange, isLive, type Pod, refKey } from '../../cluster/cluster.ts';
import type { ClusterModel } from '../../live/live.ts';
import { rangeTexts } from './outside.ts';

/**
 * Ends under one name. `pods` lists the pods if not all of the workload's are meant; addresses are those that belong to
 * no pod or node, `everywhere` if they are all the addresses the other end may talk to; `own-node` is the node of the
 * pod at the other end.
 */
export type EndGroup =
  | {
      readonly type: 'workload';
      readonly namespace: string;
      readonly kind: string;
      readonly name: string;
      readonly pods?: readonly string[];
    }
  | { readonly type: 'nodes'; readonly names: readonly string[] }
  | { readonly type: 'own-node' }
  | { readonly type: 'addresses'; readonly ranges: readonly string[]; readonly everywhere?: true };

/** A workload, or a bare pod, with its live pods. */
export type Workload = {
  readonly number: number;
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly size: number;
};

/** Some pods of one workload. */
export type Member = { readonly workload: number; readonly pods: readonly Pod[] };

/** The workloads of pods. */
export type Workloads = {
  readonly all: readonly Workload[];
  readonly of: (pod: Pod) => Workload;
  /** Pods by workload. The same list gives the same result object. */
  readonly membersOf: (pods: readonly Pod[]) => readonly Member[];
};

/** Assigns every pod to its workload: its owner, or itself as kind `Pod`. */
export function workloadsOf(pods: Iterable<Pod>): Workloads {
  const byKey = new Map<string, { -readonly [K in keyof Workload]: Workload[K] }>();
  const byPod = new Map<Pod, Workload>();
  const members = new WeakMap<readonly Pod[], readonly Member[]>();
  for (const pod of pods) {
    const { kind, namespace, name } = pod.owner ?? pod;
    const key = workloadKey(pod);
    const known = byKey.get(key) ?? { number: byKey.size, namespace, kind, name, size: 0 };
    known.size += 1;
    byKey.set(key, known);
    byPod.set(pod, known);
  }
  const of = (pod: Pod): Workload => byPod.get(pod) ?? { ...pod, number: -1, size: 1 };
  return {
    all: [...byKey.values()],
    of,
    membersOf: (list) => {
      const known = members.get(list) ?? partedBy(list, of);
      members.set(list, known);
      return known;
    },
  };
}

/** `Deployment/shop/web`: the workload of a pod; a bare pod is its own. */
export function workloadKey(pod: Pod): string {
  return refKey(pod.owner ?? pod);
}

function partedBy(pods: readonly Pod[], of: Workloads['of']): readonly Member[] {
  const byWorkload = Map.groupBy(pods, (pod) => of(pod).number);
  return [...byWorkload].map(([workload, list]) => ({ workload, pods: list }));
}

const ends = new WeakMap<Workload, EndGroup>();

/** All pods of a workload as an end. */
export function wholeEnd(workload: Workload): EndGroup {
  const { namespace, kind, name } = workload;
  const end = ends.get(workload) ?? { type: 'workload', namespace, kind, name };
  ends.set(workload, end);
  return end;
}

/** Some pods of a workload as an end: without their names if they are all of it. */
export function workloadEnd(workload: Workload, pods: Iterable<string>): EndGroup {
  const names = [...new Set(pods)].sort();
  if (names.length === workload.size) return wholeEnd(workload);
  const { namespace, kind, name } = workload;
  return { type: 'workload', namespace, kind, name, pods: names };
}

/** External addresses as an end; `all` if there are no others. */
export function addressesEnd(ranges: readonly IpRange[], all: boolean): EndGroup {
  return { type: 'addresses', ranges: rangeTexts(ranges), ...(all ? { everywhere: true } : {}) };
}

/** The live pods of an end. */
export function podsOfGroup(model: ClusterModel, end: EndGroup): readonly Pod[] {
  if (end.type !== 'workload') return [];
  const { kind, namespace, name, pods: names } = end;
  if (names !== undefined) return names.flatMap((pod) => model.pod(namespace, pod) ?? []);
  if (kind !== 'Pod') return model.podsOf({ kind, namespace, name });
  const pod = model.pod(namespace, name);
  return pod !== undefined && isLive(pod) ? [pod] : [];
}

/** An end in a few words: `shop/web`, `shop/web (2 pods)`, `2 nodes`, `outside`, `203.0.113.0-203.0.113.255`. */
export function endGroupText(end: EndGroup): string {
  if (end.type !== 'workload') return beyondText(end);
  const { namespace, name, pods } = end;
  const some = pods === undefined ? '' : pods.length === 1 ? ` (${pods[0]})` : ` (${pods.length} pods)`;
  return `${namespace}/${name}${some}`;
}

/** An end in a table, with kinds and pods: `shop/web[Deployment]`, `shop/db[StatefulSet]{db-0}`. */
export function fullEndText(end: EndGroup): string {
  if (end.type !== 'workload') return beyondText(end);
  const { namespace, name, kind, pods } = end;
  return `${namespace}/${name}[${kind}]${pods === undefined ? '' : `{${pods.join(',')}}`}`;
}

const TOLD = 3;

function beyondText(end: Exclude<EndGroup, { readonly type: 'workload' }>): string {
  switch (end.type) {
    case 'nodes':
      return end.names.length === 1 ? `node ${end.names[0]}` : `${end.names.length} nodes`;
    case 'own-node':
      return 'its own node';
    case 'addresses': {
      const { ranges, everywhere } = end;
      if (everywhere === true) return 'outside';
      const more = ranges.length - TOLD;
      return more > 0 ? `${ranges.slice(0, TOLD).join(',')} and ${more} more ranges` : ranges.join(',');
    }
  }
}

/** Rows sorted by the names of their ends: addresses and nodes first, workloads by namespace and name. */
export function inOrder<T extends { readonly from: EndGroup; readonly to: EndGroup }>(
  rows: readonly T[],
): readonly T[] {
  const ends = new Set(rows.flatMap(({ from, to }) => [from, to]));
  const byText = Map.groupBy(ends, orderText);
  const texts = [...byText.keys()].sort();
  const places = new Map(
    texts.flatMap((text, at) => (byText.get(text) ?? []).map((end) => [end, at] as const)),
  );
  const placed = rows.map((row) => ({ row, at: places.get(row.from) ?? 0, and: places.get(row.to) ?? 0 }));
  return placed.sort((a, b) => a.at - b.at || a.and - b.and).map(({ row }) => row);
}

function orderText(end: EndGroup): string {
  switch (end.type) {
    case 'addresses':
      return '';
    case 'own-node':
      return ' ';
    case 'nodes':
      return `  ${end.names[0]}`;
    case 'workload':
      return `${end.namespace}/${end.name} ${end.kind} ${end.pods?.join(',') ?? ''}`;
  }
}
