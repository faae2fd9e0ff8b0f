import type { Pod } from '../../cluster/objects.ts';

/**
 * Ends under one name. `pods` names those that are meant where it is not all of the workload; addresses are those
 * that no pod and no node has; `own-node` is the node that the pod at the other end runs on.
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
  | { readonly type: 'addresses'; readonly ranges: readonly string[] };

/** A workload, or a bare pod, with its live pods. */
export type Workload = {
  readonly number: number;
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly size: number;
};

/** The workloads of pods. */
export type Workloads = {
  readonly of: (pod: Pod) => Workload;
  readonly at: (number: number) => Workload | undefined;
  readonly count: number;
};

/** Names every pod's workload: its owner, or itself as kind `Pod`. */
export function workloadsOf(pods: Iterable<Pod>): Workloads {
  const byKey = new Map<string, { -readonly [K in keyof Workload]: Workload[K] }>();
  const byPod = new Map<Pod, Workload>();
  for (const pod of pods) {
    const { kind, namespace, name } = pod.owner ?? pod;
    const key = `${kind}/${namespace}/${name}`;
    const known = byKey.get(key) ?? { number: byKey.size, namespace, kind, name, size: 0 };
    known.size += 1;
    byKey.set(key, known);
    byPod.set(pod, known);
  }
  const list = [...byKey.values()];
  return {
    of: (pod) => byPod.get(pod) ?? { ...pod, number: -1, size: 1 },
    at: (number) => list[number],
    count: list.length,
  };
}

const ends = new WeakMap<Workload, EndGroup>();

/** All pods of a workload as an end. */
export function wholeEnd(workload: Workload): EndGroup {
  const { namespace, kind, name } = workload;
  const end = ends.get(workload) ?? { type: 'workload', namespace, kind, name };
  ends.set(workload, end);
  return end;
}

/** Some pods of a workload as an end: without their names when they are all of it. */
export function workloadEnd(workload: Workload, pods: Iterable<string>): EndGroup {
  const names = [...new Set(pods)].sort();
  if (names.length === workload.size) return wholeEnd(workload);
  const { namespace, kind, name } = workload;
  return { type: 'workload', namespace, kind, name, pods: names };
}

/** An end in few words: `shop/web`, `shop/web (2 pods)`, `nodes`, `203.0.113.0-203.0.113.255`. */
export function endGroupText(end: EndGroup): string {
  switch (end.type) {
    case 'workload': {
      const some =
        end.pods === undefined
          ? ''
          : end.pods.length === 1
            ? ` (${end.pods[0]})`
            : ` (${end.pods.length} pods)`;
      return `${end.namespace}/${end.name}${some}`;
    }
    case 'nodes':
      return end.names.length === 1 ? `node ${end.names[0]}` : `${end.names.length} nodes`;
    case 'own-node':
      return 'its own node';
    case 'addresses':
      return end.ranges.length <= 2
        ? end.ranges.join(', ')
        : `${end.ranges.slice(0, 2).join(', ')} and ${end.ranges.length - 2} more`;
  }
}
