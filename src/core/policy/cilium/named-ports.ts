import type { ClusterModel } from '../../cluster/model.ts';
import { isLive, type Pod, type Protocol } from '../../cluster/objects.ts';

type Names = { readonly revision: number; readonly numbers: ReadonlyMap<string, ReadonlySet<number>> };

/**
 * Looks up the number that a port name has over all pods of the cluster. With `none` and with `several` Cilium 1.19
 * matches nothing (CIL-13). The names are gathered again when pods changed.
 */
export function createClusterPorts(
  model: ClusterModel,
): (name: string, protocol: Protocol) => number | 'none' | 'several' {
  let known: Names = { revision: -1, numbers: new Map() };
  return (name, protocol) => {
    const revision = model.revision('pods');
    if (known.revision !== revision) known = { revision, numbers: gathered(model) };
    const [first, second] = known.numbers.get(keyOf(name, protocol)) ?? [];
    if (first === undefined) return 'none';
    return second === undefined ? first : 'several';
  };
}

/** The number that a name has on one pod: case ignored, sidecars not counted. */
export function ownPort(pod: Pod, name: string, protocol: Protocol): number | undefined {
  const wanted = name.toLowerCase();
  return pod.ports.find(
    (port) => port.name?.toLowerCase() === wanted && port.protocol === protocol && port.sidecar !== true,
  )?.port;
}

function gathered(model: ClusterModel): ReadonlyMap<string, ReadonlySet<number>> {
  const numbers = new Map<string, Set<number>>();
  for (const pod of model.pods()) {
    if (!isLive(pod) || pod.hostNetwork) continue;
    for (const { name, port, protocol, sidecar } of pod.ports) {
      if (name === undefined || sidecar === true) continue;
      const key = keyOf(name, protocol);
      numbers.set(key, (numbers.get(key) ?? new Set()).add(port));
    }
  }
  return numbers;
}

function keyOf(name: string, protocol: Protocol): string {
  return `${protocol}/${name.toLowerCase()}`;
}
