/** Where the API has the objects of a kind; `resource` is the plural. */
type Place = { readonly group: string; readonly version: string; readonly resource: string };

const PLACES: Readonly<Record<string, Place>> = {
  Deployment: { group: 'apps', version: 'v1', resource: 'deployments' },
  StatefulSet: { group: 'apps', version: 'v1', resource: 'statefulsets' },
  DaemonSet: { group: 'apps', version: 'v1', resource: 'daemonsets' },
  ReplicaSet: { group: 'apps', version: 'v1', resource: 'replicasets' },
  Job: { group: 'batch', version: 'v1', resource: 'jobs' },
  CronJob: { group: 'batch', version: 'v1', resource: 'cronjobs' },
  ReplicationController: { group: '', version: 'v1', resource: 'replicationcontrollers' },
};

/** Where the API has the workloads of a kind; undefined for a kind that is not built in. */
export function workloadResource(kind: string): Place | undefined {
  return Object.hasOwn(PLACES, kind) ? PLACES[kind] : undefined;
}
