import type { ClusterModel } from '../../../core/cluster/model.ts';
import { isLive, keyOf, type Pod } from '../../../core/cluster/objects.ts';
import type { Reach } from './reach.ts';

/** Pods of one workload that policies treat alike: mostly all of it. A pod without a workload stands alone. */
export type Party = {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly pods: readonly [Pod, ...Pod[]];
  /** Whether the workload has other pods, which policies treat unlike these. */
  readonly isPart: boolean;
};

/** The live pods of a cluster as parties, in the order of their names. */
export function partiesOf(model: ClusterModel, reach: Reach): readonly Party[] {
  const workloads = Map.groupBy([...model.pods()].filter(isLive), workloadKey);
  return [...workloads.values()].flatMap((pods) => partsOf(pods, reach)).sort(byName);
}

/** `shop/web[Deployment]`; of a part of a workload, with the pods that it is. */
export function partyText({ kind, namespace, name, pods, isPart }: Party): string {
  const which = isPart ? `{${pods.map((pod) => pod.name).join(',')}}` : '';
  return `${namespace}/${name}[${kind}]${which}`;
}

function workloadKey(pod: Pod): string {
  return pod.owner === undefined ? `Pod ${keyOf(pod)}` : `${pod.owner.kind} ${keyOf(pod.owner)}`;
}

function partsOf(pods: readonly Pod[], reach: Reach): readonly Party[] {
  const parts = [...Map.groupBy(pods, reach.classOf).values()];
  return parts.flatMap((alike): readonly Party[] => {
    const [pod, ...others] = alike;
    if (pod === undefined) return [];
    const { kind, namespace, name } = pod.owner ?? { kind: 'Pod', namespace: pod.namespace, name: pod.name };
    return [{ kind, namespace, name, pods: [pod, ...others], isPart: parts.length > 1 }];
  });
}

function byName(a: Party, b: Party): number {
  const [x, y] = [partyText(a), partyText(b)];
  return x < y ? -1 : Number(x > y);
}
