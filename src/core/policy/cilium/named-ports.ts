import type { ClusterModel } from '../../cluster/model.ts';
import { isLive, type Pod, type Protocol } from '../../cluster/objects.ts';

type Names = { readonly revision: number; readonly numbers: ReadonlyMap<string, ReadonlySet<number>> };

const known = new WeakMap<ClusterModel, Names>();

/**
 * The number that a port name has over all pods of the cluster. With `none` and with `several` Cilium 1.19 matches
 * nothing (CIL-17).
 */
export function clusterPort(
  model: ClusterModel,
  name: string,
  protocol: Protocol,
): number | 'none' | 'several' {
  const numbers = namesOf(model).numbers.get(keyOf(name, protocol)) ?? [];
  const [first, second] = numbers;
  if (first === undefined) return 'none';
  return second === undefined ? first : 'several';
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
