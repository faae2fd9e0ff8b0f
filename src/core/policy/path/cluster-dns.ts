import type { ClusterModel } from '../../live/live.ts';
import { type Target, targetsOf } from './ends.ts';

/** The Services by which a cluster's resolver is known, by namespace. */
const RESOLVERS = [
  ['kube-system', 'kube-dns'],
  ['openshift-dns', 'dns-default'],
] as const;

/**
 * The pods that resolve names for the cluster, and the port on which they listen, which need not be 53; none if they are
 * not in sight.
 */
export function clusterDns(model: ClusterModel, protocol: 'UDP' | 'TCP' = 'UDP'): readonly Target[] {
  const service = RESOLVERS.map(([namespace, name]) => model.service(namespace, name)).find(
    (one) => one !== undefined,
  );
  return service === undefined ? [] : targetsOf(model, service, { port: 53, protocol });
}
