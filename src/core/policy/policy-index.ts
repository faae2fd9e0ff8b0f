import { policyKey } from '../cluster/model.ts';
import type { Policy } from './policy.ts';

/** Policies by the namespace that they live in; those without one apply to all. */
export type PolicyIndex = {
  readonly in: (namespace: string) => Iterable<Policy>;
  readonly clusterWide: () => Iterable<Policy>;
  readonly all: () => Iterable<Policy>;
  readonly set: (policy: Policy) => void;
  /** Takes it out by its key (`NetworkPolicy/ns/name`) and returns it, if it was there. */
  readonly remove: (key: string) => Policy | undefined;
  /** Forgets all and takes these. */
  readonly replace: (policies: Iterable<Policy>) => void;
};

/** An index of policies. */
export function createPolicyIndex(policies: Iterable<Policy>): PolicyIndex {
  const all = new Map<string, Policy>();
  const byNamespace = new Map<string | undefined, Map<string, Policy>>();

  function set(policy: Policy): void {
    const key = policyKey(policy);
    const home = byNamespace.get(policy.namespace) ?? new Map<string, Policy>();
    byNamespace.set(policy.namespace, home.set(key, policy));
    all.set(key, policy);
  }

  function remove(key: string): Policy | undefined {
    const policy = all.get(key);
    if (policy === undefined) return undefined;
    all.delete(key);
    byNamespace.get(policy.namespace)?.delete(key);
    return policy;
  }

  for (const policy of policies) set(policy);
  return {
    in: (namespace) => byNamespace.get(namespace)?.values() ?? [],
    clusterWide: () => byNamespace.get(undefined)?.values() ?? [],
    all: () => all.values(),
    set,
    remove,
    replace: (next) => {
      all.clear();
      byNamespace.clear();
      for (const policy of next) set(policy);
    },
  };
}
