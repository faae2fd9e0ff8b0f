/*
 * Keys of labels as selectors write them. Kubernetes' own keys have neither a source nor a derived meaning, so that
 * whoever gathers keys needs not know whose policy they are of.
 */

/** A key and the source before its colon; `any` without one. */
export function unprefixed(key: string): { readonly source: string; readonly key: string } {
  const colon = key.indexOf(':');
  return colon < 0 ? { source: 'any', key } : { source: key.slice(0, colon), key: key.slice(colon + 1) };
}

const DERIVED = new Set(['io.cilium.k8s.policy.serviceaccount', 'projectcalico.org/serviceaccount']);

/** Whether a label key, as Cilium or Calico derives it, tells pods of one namespace apart by their service account. */
export function isAccountKey(key: string): boolean {
  return DERIVED.has(key) || key.startsWith('pcsa.');
}
