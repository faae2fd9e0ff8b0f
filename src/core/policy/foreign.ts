import { keyOf } from '../cluster/objects.ts';
import type { Side } from './side.ts';
import type { Half } from './verdict.ts';

/** A policy in the cluster of a kind that is not evaluated here, as Calico's or Istio's. */
export type ForeignObject = { readonly kind: string; readonly namespace?: string; readonly name: string };

/** Kinds that only ever deny: what is denied without them stays denied. */
const ONLY_DENY = ['AuthorizationPolicy', 'PeerAuthentication', 'EgressFirewall'];

/** Foreign policies that may select a side: those of its namespace, and cluster-wide ones. */
export function foreignOn(objects: readonly ForeignObject[], side: Side): readonly ForeignObject[] {
  if (side.type !== 'pod') return [];
  return objects.filter(({ namespace }) => namespace === undefined || namespace === side.pod.namespace);
}

/** A half made undecidable by the foreign policies that may select its end (facts/policy.md §2c). */
export function blurByForeign(objects: readonly ForeignObject[], self: Side, half: Half): Half {
  if (objects.length === 0) return half;
  const [first, ...rest] = foreignOn(objects, self).filter(
    ({ kind }) => half.verdict !== 'deny' || !ONLY_DENY.some((name) => kind.endsWith(name)),
  );
  if (first === undefined) return half;
  const more = rest.length === 0 ? '' : ` (and ${rest.length} more)`;
  return {
    ...half,
    verdict: 'undecidable',
    summary: `${foreignText(first)} may also apply${more}`,
  };
}

/** `Calico NetworkPolicy shop/x`, as kind and name. */
export function foreignText(object: ForeignObject): string {
  return `${object.kind} ${keyOf(object)}`;
}
