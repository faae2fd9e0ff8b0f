import type { Side } from '../match/match.ts';
import type { Decision, ForeignObject } from '../model/model.ts';

/** Kinds that can only deny: what is denied without them stays denied. */
const ONLY_DENY = ['AuthorizationPolicy', 'PeerAuthentication', 'EgressFirewall'];

/** Foreign policies that may select a side: those in its namespace, and cluster-wide ones. */
export function foreignOn(objects: readonly ForeignObject[], side: Side): readonly ForeignObject[] {
  if (side.type !== 'pod' || objects.length === 0) return NONE;
  return objects.filter(({ namespace }) => namespace === undefined || namespace === side.pod.namespace);
}

/** The foreign policies that leave a decision open; undefined if none does (EXT-1). */
export function foreignDoubt(
  objects: readonly ForeignObject[],
  self: Side,
  decision: Decision,
): readonly ForeignObject[] | undefined {
  const found = foreignOn(objects, self).filter(
    ({ kind }) => decision !== 'deny' || !ONLY_DENY.some((name) => kind.endsWith(name)),
  );
  return found.length === 0 ? undefined : found;
}

const NONE: readonly ForeignObject[] = [];
