import { type ApiObject, workloadResource } from '../../core/cluster/cluster.ts';
import {
  GRANT_LABEL,
  managersOf,
  type PlacedPolicy,
  type PromotedPath,
  type Promotion,
  promote,
} from '../../core/grants/grants.ts';
import { parseNetworkPolicy } from '../../core/policy/kinds/kinds.ts';
import type { Ground } from '../../core/policy/path/path.ts';
import type { ClusterApi } from '../../core/ports/ports.ts';
import { POLICIES } from '../grants/grants.ts';
import { workloadsOf } from './workloads-of.ts';

/** Permanent policies and what they do, with what manages the objects around each. */
export type PlacedPromotion = Omit<Promotion, 'policies'> & { readonly policies: readonly PlacedPolicy[] };

/** Writes permanent policies for paths in one cluster; nothing is applied. No limit of grants holds: none is made. */
export function promoter(
  api: ClusterApi,
  ground: Ground,
): (paths: readonly PromotedPath[], signal: AbortSignal) => Promise<PlacedPromotion> {
  return async (paths, signal) => {
    const ends = paths.flatMap(({ source, destination }) => [source, destination]);
    const promotion = promote({ ...ground, paths, workloads: await workloadsOf(api, ends, signal) });
    const around = nearby(api, ground, signal);
    const policies = await Promise.all(
      promotion.policies.map(async (policy): Promise<PlacedPolicy> => {
        const objects = await around(policy.manifest);
        return { ...policy, managers: managersOf(objects) };
      }),
    );
    return { ...promotion, policies };
  };
}

/** The policies in the namespace of a policy, and the workloads of its pods; what can't be read is left out. */
function nearby(
  api: ClusterApi,
  { engine }: Ground,
  signal: AbortSignal,
): (policy: ApiObject) => Promise<readonly ApiObject[]> {
  const lists = new Map<string, Promise<readonly ApiObject[]>>();
  const readable = <T>(reading: Promise<T>, nothing: T): Promise<T> =>
    reading.catch(() => {
      signal.throwIfAborted();
      return nothing;
    });
  const policiesIn = (namespace: string) => {
    const known = lists.get(namespace) ?? readable(api.list(POLICIES, { namespace, signal }), []);
    lists.set(namespace, known);
    return known;
  };
  return async (policy) => {
    const pods = engine.selected(parseNetworkPolicy(policy));
    const owners = new Map(pods.flatMap(({ owner }) => (owner === undefined ? [] : [[owner.name, owner]])));
    const refs = [...owners.values()].flatMap(({ kind, namespace, name }) => {
      const place = workloadResource(kind);
      return place === undefined ? [] : [{ ...place, namespace, name }];
    });
    const [listed, ...workloads] = await Promise.all([
      policiesIn(policy.metadata.namespace ?? ''),
      ...refs.map((ref) => readable(api.read(ref, signal), undefined)),
    ]);
    const policies = listed.filter(({ metadata }) => metadata.labels?.[GRANT_LABEL] === undefined);
    return [...policies, ...workloads.flatMap((workload) => workload ?? [])];
  };
}
