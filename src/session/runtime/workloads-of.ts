import type { EndRef, Workload } from '../../core/cluster/cluster.ts';
import type { ClusterApi } from '../../core/ports/ports.ts';

/** The workloads among some ends, as far as they can be read. */
export async function workloadsOf(
  api: ClusterApi,
  ends: readonly EndRef[],
  signal: AbortSignal,
): Promise<readonly Workload[]> {
  const refs = new Map(
    ends.flatMap((end) => (end.type === 'workload' ? [[JSON.stringify(end.ref), end.ref]] : [])),
  );
  const found = await Promise.all(Array.from(refs.values(), (ref) => api.workload(ref, signal)));
  return found.filter((workload) => workload !== undefined);
}
