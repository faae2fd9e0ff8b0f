import type { Pod } from '../../cluster/cluster.ts';
import type { ClusterModel } from '../../live/live.ts';
import type { Side } from './side.ts';

/** The port on which Istio's ztunnel and its sidecars take HBONE, the tunnel of the mesh (ENF-32). */
export const HBONE_PORT = 15_008;

const MODE = 'istio.io/dataplane-mode';
const WAYPOINT = 'istio.io/use-waypoint';
const INJECT = 'sidecar.istio.io/inject';

/** Keys by which a pod or its namespace joins Istio: pods are told apart by them. */
export const MESH_KEYS: readonly string[] = [MODE, WAYPOINT, INJECT];

/** That a mesh carries what two pods say: on another port, and through a waypoint if there is one. */
export type Tunnel = { readonly waypoint?: string };

/**
 * The tunnel between the two ends of a TCP connection; undefined if the packets are those that were asked for. Sidecars
 * among themselves keep the port; with an ambient end they may not.
 */
export function tunnelBetween(model: ClusterModel, source: Side, destination: Side): Tunnel | undefined {
  if (source.type !== 'pod' || destination.type !== 'pod' || source.pod === destination.pod) return undefined;
  const [from, to] = [meshOf(model, source.pod), meshOf(model, destination.pod)];
  if (from === undefined || to === undefined || (from === 'sidecar' && to === 'sidecar')) return undefined;
  const waypoint = labelOf(model, destination.pod, WAYPOINT);
  return waypoint === undefined || waypoint === 'none' ? {} : { waypoint };
}

/** Whether the model has any pod or namespace in Istio ambient. */
export function hasAmbient(model: ClusterModel): boolean {
  for (const { labels } of model.namespaces()) if (labels[MODE] === 'ambient') return true;
  for (const { labels } of model.pods()) if (labels[MODE] === 'ambient') return true;
  return false;
}

/** Whether Istio ambient carries the traffic of a pod. */
export function isAmbient(model: ClusterModel, pod: Pod): boolean {
  return meshOf(model, pod) === 'ambient';
}

/** How a pod is in Istio: a pod with a sidecar is not ambient, whatever its labels say. */
function meshOf(model: ClusterModel, pod: Pod): 'ambient' | 'sidecar' | undefined {
  const namespace = model.namespace(pod.namespace)?.labels;
  const mode = pod.labels[MODE] ?? namespace?.[MODE];
  if (pod.hostNetwork) return undefined;
  const injected =
    pod.labels[INJECT] ??
    String(namespace?.['istio-injection'] === 'enabled' || namespace?.['istio.io/rev'] !== undefined);
  if (pod.containers.includes('istio-proxy') || injected === 'true') return 'sidecar';
  return mode === 'ambient' ? mode : undefined;
}

function labelOf(model: ClusterModel, pod: Pod, key: string): string | undefined {
  return pod.labels[key] ?? model.namespace(pod.namespace)?.labels[key];
}
