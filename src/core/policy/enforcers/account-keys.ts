const DERIVED = new Set(['io.cilium.k8s.policy.serviceaccount', 'projectcalico.org/serviceaccount']);

/** Whether a label key, as Cilium or Calico derives it, tells pods of one namespace apart by their service account. */
export function isAccountKey(key: string): boolean {
  return DERIVED.has(key) || key.startsWith('pcsa.');
}
