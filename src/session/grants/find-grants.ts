import type { Grant } from '../../core/access/grant.ts';
import { MANAGED_SELECTOR } from '../../core/access/names.ts';
import { readGrants } from '../../core/access/read-grant.ts';
import type { ClusterApi } from '../../core/ports.ts';
import { JOBS, POLICIES } from './objects.ts';

/** All grants that stand in a namespace, or everywhere, whoever made them: read from the server, by label. */
export async function findGrants(
  api: ClusterApi,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<readonly Grant[]> {
  const options = { labels: MANAGED_SELECTOR, signal, ...(namespace === undefined ? {} : { namespace }) };
  const policies = await api.list(POLICIES, options);
  const jobs = await api.list(JOBS, options);
  return readGrants(policies, jobs);
}
