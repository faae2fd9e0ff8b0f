import type { Side } from '../match/match.ts';
import type { Decision, Direction, ForeignObject } from '../model/model.ts';

/** Kinds that can only deny: what is denied without them stays denied. */
const ONLY_DENY = ['AuthorizationPolicy', 'EgressFirewall', 'EgressNetworkPolicy', 'Linkerd Server'];

/** Kinds that concern only what leaves the cluster. */
const ONLY_OUT = ['EgressFirewall', 'EgressNetworkPolicy'];

/** Foreign policies that may select a side: those in its namespace, and cluster-wide ones. */
export function foreignOn(objects: readonly ForeignObject[], side: Side): readonly ForeignObject[] {
  if (side.type !== 'pod' || objects.length === 0) return NONE;
  return objects.filter(({ namespace }) => namespace === undefined || namespace === side.pod.namespace);
}

/** The foreign policies that leave a decision open; undefined if none does (EXT-1). */
export function foreignDoubt(
  objects: readonly ForeignObject[],
  { direction, self, peer }: { readonly direction: Direction; readonly self: Side; readonly peer: Side },
  decision: Decision,
): readonly ForeignObject[] | undefined {
  const isOut = direction === 'egress' && peer.type !== 'pod';
  const found = foreignOn(objects, self).filter(
    ({ kind }) => (decision !== 'deny' || !isOf(ONLY_DENY, kind)) && (isOut || !isOf(ONLY_OUT, kind)),
  );
  return found.length === 0 ? undefined : found;
}

function isOf(names: readonly string[], kind: string): boolean {
  return names.some((name) => kind.endsWith(name));
}

const NONE: readonly ForeignObject[] = [];
