import type { ClusterModel } from '../../cluster/model.ts';
import { isLive, type Pod, type Protocol } from '../../cluster/objects.ts';

type Names = { readonly revision: number; readonly numbers: ReadonlyMap<string, ReadonlySet<number>> };

const known = new WeakMap<ClusterModel, Names>();

/**
 * The number that a port name has over all pods of the cluster; undefined when none or several have it: Cilium
 * 1.19 then matches nothing (facts/policy.md §2a.13).
 */
export function clusterPort(model: ClusterModel, name: string, protocol: Protocol): number | undefined {
  const numbers = namesOf(model).numbers.get(keyOf(name, protocol));
  return numbers?.size === 1 ? numbers.values().next().value : undefined;
}

/** The number that a name has on one pod: case ignored, sidecars not counted. */
export function ownPort(pod: Pod, name: string, protocol: Protocol): number | undefined {
  const wanted = name.toLowerCase();
  return pod.ports.find(
    (port) => port.name?.toLowerCase() === wanted && port.protocol === protocol && port.sidecar !== true,
  )?.port;
}

function namesOf(model: ClusterModel): Names {
  const revision = model.revision('pods');
  const before = known.get(model);
  if (before?.revision === revision) return before;
  const numbers = new Map<string, Set<number>>();
  for (const pod of model.pods()) {
    if (!isLive(pod) || pod.hostNetwork) continue;
    for (const { name, port, protocol, sidecar } of pod.ports) {
      if (name === undefined || sidecar === true) continue;
      const key = keyOf(name, protocol);
      numbers.set(key, (numbers.get(key) ?? new Set()).add(port));
    }
  }
  const made = { revision, numbers };
  known.set(model, made);
  return made;
}

function keyOf(name: string, protocol: Protocol): string {
  return `${protocol}/${name.toLowerCase()}`;
}
