import { keyOf } from '../../core/cluster/cluster.ts';
import type { ClusterModel } from '../../core/live/live.ts';
import type { PodRow, ServiceRow, Standing, WorkloadRow } from '../state/state.ts';

/** The rows of workloads and Services; the same array while nothing that they show has changed. */
export type ObjectRows = {
  /** The workloads of pods, by kind, namespace and name. */
  readonly workloads: (pods: readonly PodRow[]) => readonly WorkloadRow[];
  /** The Services of one namespace, or all, by namespace and name. */
  readonly services: (namespace: string | undefined) => readonly ServiceRow[];
};

/** Rows over a live model. */
export function createObjectRows(model: ClusterModel): ObjectRows {
  let from: readonly PodRow[] | undefined;
  let workloads: readonly WorkloadRow[] = [];
  let stamp = '';
  let services: readonly ServiceRow[] = [];
  return {
    workloads: (pods) => {
      if (pods !== from) workloads = workloadRows(pods);
      from = pods;
      return workloads;
    },
    services: (namespace) => {
      const kinds = ['services', 'pods', 'endpointSlices'] as const;
      const now = `${namespace ?? ''} ${kinds.map((kind) => model.revision(kind)).join()}`;
      if (now !== stamp) services = serviceRows(model, namespace);
      stamp = now;
      return services;
    },
  };
}

function workloadRows(rows: readonly PodRow[]): readonly WorkloadRow[] {
  const found = new Map<string, WorkloadRow>();
  for (const { pod, ingress, egress } of rows) {
    const { owner } = pod;
    if (owner === undefined) continue;
    const key = `${owner.kind}/${keyOf(owner)}`;
    const before = found.get(key);
    const ready = pod.containers.length > 0 && pod.readyContainers >= pod.containers.length ? 1 : 0;
    found.set(key, {
      key,
      workload: owner,
      pods: (before?.pods ?? 0) + 1,
      ready: (before?.ready ?? 0) + ready,
      ingress: both(before?.ingress, ingress),
      egress: both(before?.egress, egress),
      oldest: Math.min(before?.oldest ?? Number.POSITIVE_INFINITY, pod.created),
    });
  }
  return inOrder([...found.values()]);
}

function both(before: Standing | undefined, now: Standing): Standing {
  return before === undefined || before === now ? now : 'mixed';
}

function serviceRows(model: ClusterModel, namespace: string | undefined): readonly ServiceRow[] {
  const rows = [...model.services()]
    .filter((service) => namespace === undefined || service.namespace === namespace)
    .map((service) => ({
      key: keyOf(service),
      service,
      pods: model.backends(service).length,
      endpoints: model.endpoints(service.namespace, service.name).length,
    }));
  return inOrder(rows);
}

function inOrder<Row extends { readonly key: string }>(rows: readonly Row[]): readonly Row[] {
  return rows.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}
