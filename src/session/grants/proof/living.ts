import type { Pod } from '../../../core/cluster/objects.ts';
import { isAbort } from '../../../core/errors.ts';
import type { GrantPath } from '../path.ts';
import type { EvidenceDeps } from './evidence.ts';

/** Connections that live on. `unseen`: there may be more, where nobody could look. */
export type Living = { readonly count: number; readonly unseen: boolean };

/**
 * Counts connections along a path that outlived its policy, which many enforcers keep (ENF-2), from the socket tables
 * of its source pods. Those to an address that also stands for pairs open anyway can't be told apart, and count as
 * unseen.
 */
export async function countLiving(deps: EvidenceDeps, path: GrantPath, signal: AbortSignal): Promise<Living> {
  const { connections } = deps;
  if (deps.keepsEstablished() === 'no') return { count: 0, unseen: false };
  if (connections === undefined) return { count: 0, unseen: true };
  const sources = sourcesOf(path);
  const counts = await Promise.all(
    sources.map(({ pod, targets }) =>
      connections.established(pod, targets, signal).catch((error: unknown) => {
        if (isAbort(error) || signal.aborted) throw error;
        return undefined;
      }),
    ),
  );
  return {
    count: counts.reduce<number>((sum, count) => sum + (count ?? 0), 0),
    unseen:
      counts.includes(undefined) ||
      path.pairs.some(({ from }) => from.pod === undefined) ||
      [...path.routes.values()].some(({ mixed }) => mixed),
  };
}

/** Each source pod with the addresses that only pairs of the path have: `ip:port/PROTOCOL`. */
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
