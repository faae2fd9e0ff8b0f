import { keyOf } from '../../cluster/objects.ts';
import type { Side } from '../match/side.ts';
import type { ForeignObject } from '../model/policy.ts';
import type { Decision } from '../model/verdict.ts';

/** Kinds that only ever deny: what is denied without them stays denied. */
const ONLY_DENY = ['AuthorizationPolicy', 'PeerAuthentication', 'EgressFirewall'];

/** Foreign policies that may select a side: those of its namespace, and cluster-wide ones. */
export function foreignOn(objects: readonly ForeignObject[], side: Side): readonly ForeignObject[] {
  if (side.type !== 'pod') return [];
  return objects.filter(({ namespace }) => namespace === undefined || namespace === side.pod.namespace);
}

/** The first foreign policy that leaves a decision open, in words; undefined when none does (EXT-1). */
export function foreignDoubt(
  objects: readonly ForeignObject[],
  self: Side,
  decision: Decision,
): string | undefined {
  if (objects.length === 0) return undefined;
  const [first, ...rest] = foreignOn(objects, self).filter(
    ({ kind }) => decision !== 'deny' || !ONLY_DENY.some((name) => kind.endsWith(name)),
  );
  if (first === undefined) return undefined;
  const more = rest.length === 0 ? '' : ` (and ${rest.length} more)`;
  return `${foreignText(first)} may also apply${more}`;
}

/** `Calico NetworkPolicy shop/x`, as kind and name. */
export function foreignText(object: ForeignObject): string {
  return `${object.kind} ${keyOf(object)}`;
}
