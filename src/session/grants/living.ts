import type { Pod } from '../../core/cluster/cluster.ts';
import { asSluiceError, isAbort } from '../../core/common/common.ts';
import { closedPairs } from '../../core/grants/grants.ts';
import type { ClusterModel } from '../../core/live/live.ts';
import type { Engine } from '../../core/policy/decide/decide.ts';
import type { Policy } from '../../core/policy/model/model.ts';
import type { ConnectionTable, LivingConnection } from '../../core/ports/ports.ts';
import type { EvidenceDeps } from './evidence.ts';
import { type GrantPath, pathOf } from './path.ts';

/** Connections that are still open. `unseen`: why there may be more that could not be checked. */
export type Living = { readonly found: readonly LivingConnection[]; readonly unseen?: string };

/**
 * Finds connections along a path that outlived its policy, as many enforcers keep them (ENF-2), in the socket tables of
 * its source pods. Connections to an address shared with pairs that were already open can't be distinguished, and
 * count as unseen.
 */
export async function findLiving(
  { connections, keepsEstablished }: Pick<EvidenceDeps, 'connections' | 'keepsEstablished'>,
  path: GrantPath,
  signal: AbortSignal,
): Promise<Living> {
  if (keepsEstablished() === 'no') return { found: [] };
  if (connections === undefined) return { found: [], unseen: 'the sockets of pods are not looked at' };
  const looks = await Promise.all(
    sourcesOf(path).map(async ({ pod, targets }): Promise<Living> => {
      try {
        return { found: await connections.established(pod, targets, signal) };
      } catch (error) {
        if (isAbort(error) || signal.aborted) throw error;
        return { found: [], unseen: asSluiceError(error).message.replace(/\.$/, '') };
      }
    }),
  );
  const unseen =
    looks.find((look) => look.unseen !== undefined)?.unseen ??
    (path.pairs.some(({ from }) => from.pod === undefined)
      ? 'they come from outside'
      : path.blocks.length > 0
        ? 'they may be with any address of a block'
        : [...path.routes.values()].some(({ mixed }) => mixed)
          ? 'they may be to an address of pairs that were open before'
          : undefined);
  return { found: looks.flatMap(({ found }) => found), ...(unseen === undefined ? {} : { unseen }) };
}

/** The same after the end of a grant that this process did not make: along what its policies opened, and is closed now. */
export async function findLivingAfter(
  engine: Engine,
  connections: ConnectionTable | undefined,
  policies: readonly Policy[],
  signal: AbortSignal,
): Promise<Living> {
  const path = pathOf(engine.model, closedPairs(engine, policies));
  if (path.pairs.length === 0) return { found: [] };
  const keepsEstablished = () => engine.dialect.keepsEstablished;
  return findLiving(
    { keepsEstablished, ...(connections === undefined ? {} : { connections }) },
    path,
    signal,
  );
}

/** Ends connections where a container of their pod has the right to (ENF-20); gives those that live on. */
export async function cutLiving(
  connections: ConnectionTable,
  model: ClusterModel,
  living: readonly LivingConnection[],
  signal: AbortSignal,
): Promise<readonly LivingConnection[]> {
  const byPod = Map.groupBy(living, ({ pod }) => `${pod.namespace}/${pod.name}`);
  const left = await Promise.all(
    [...byPod.values()].map(async (some) => {
      const [first] = some;
      const pod = first === undefined ? undefined : model.pod(first.pod.namespace, first.pod.name);
      // A pod that is gone has taken its connections along.
      if (pod === undefined) return [];
      return connections.cut(pod, some, signal).catch((error: unknown) => {
        if (isAbort(error) || signal.aborted) throw error;
        return some;
      });
    }),
  );
  return left.flat();
}

/** Each source pod with the targets that belong only to pairs of the path: `ip:port/PROTOCOL`. */
function sourcesOf({
  pairs,
  routes,
}: GrantPath): readonly { readonly pod: Pod; readonly targets: string[] }[] {
  const pods = new Map(
    pairs.flatMap(({ from }) => (from.pod === undefined ? [] : [[from.pod.uid, from.pod]])),
  );
  return [...pods.values()].map((pod) => ({
    pod,
    targets: [...routes].flatMap(([key, { mixed }]) => {
      const [source = '', target = ''] = key.split('>');
      return !mixed && pod.ips.includes(source) ? [target] : [];
    }),
  }));
}
