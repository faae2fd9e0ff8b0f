import type { ClusterEvent, KindName } from '../../core/cluster/events.ts';
import type { ClusterModel } from '../../core/cluster/model.ts';
import type { Pod, WorkloadRef } from '../../core/cluster/objects.ts';
import type { Engine } from '../../core/policy/decide/engine.ts';

/** Running pods with an address in a namespace, or in all. */
export function podsInView(model: ClusterModel, namespace: string | undefined): readonly Pod[] {
  const pods = namespace === undefined ? [...model.pods()] : model.podsIn(namespace);
  return pods.filter((pod) => pod.phase === 'Running' && pod.ips.length > 0);
}

/** Takes events into the model and the engine, in order, and tells what came by kind. */
export function applyAll(
  model: ClusterModel,
  engine: Engine,
  events: readonly ClusterEvent[],
  onKind: (kind: KindName, events: readonly ClusterEvent[]) => void,
): void {
  for (const event of events) {
    model.apply(event);
    engine.apply(event);
  }
  for (const [kind, some] of Map.groupBy(events, (event) => event.kind)) onKind(kind, some);
}

/** The workload of the pod that an end of a flow is. */
export function ownerOf(
  model: ClusterModel,
  end: { readonly namespace?: string; readonly pod?: string; readonly ip?: string },
): WorkloadRef | undefined {
  const pod =
    end.namespace !== undefined && end.pod !== undefined
      ? model.pod(end.namespace, end.pod)
      : end.ip === undefined
        ? undefined
        : model.podAt(end.ip);
  return pod?.owner;
}
