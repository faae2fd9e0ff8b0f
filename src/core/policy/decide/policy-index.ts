import { policyKey } from '../../live/live.ts';
import type { Policy, PolicyRef } from '../model/model.ts';

/** Policies by their namespace; those without one apply to all. Lists are sorted by name. */
export type PolicyIndex = {
  readonly in: (namespace: string) => readonly Policy[];
  readonly clusterWide: () => readonly Policy[];
  readonly all: () => Iterable<Policy>;
  readonly set: (policy: Policy) => void;
  /** Removes a policy by its key (`NetworkPolicy/ns/name`) and returns it, if present. */
  readonly remove: (key: string) => Policy | undefined;
  /** Replaces all policies. */
  readonly replace: (policies: Iterable<Policy>) => void;
};

type Home = { readonly policies: Map<string, Policy>; sorted: readonly Policy[] | undefined };

/** An index of policies. */
export function createPolicyIndex(policies: Iterable<Policy>): PolicyIndex {
  const all = new Map<string, Policy>();
  const homes = new Map<string | undefined, Home>();

  function set(policy: Policy): void {
    const key = policyKey(policy);
    const home = homes.get(policy.namespace) ?? { policies: new Map<string, Policy>(), sorted: undefined };
    home.policies.set(key, policy);
    home.sorted = undefined;
    homes.set(policy.namespace, home);
    all.set(key, policy);
  }

  function remove(key: string): Policy | undefined {
    const policy = all.get(key);
    const home = homes.get(policy?.namespace);
    if (policy === undefined || home === undefined) return undefined;
    all.delete(key);
    home.policies.delete(key);
    home.sorted = undefined;
    return policy;
  }

  function list(namespace: string | undefined): readonly Policy[] {
    const home = homes.get(namespace);
    if (home === undefined) return NONE;
    home.sorted ??= [...home.policies.values()].sort(byName);
    return home.sorted;
  }

  function replace(next: Iterable<Policy>): void {
    const kept = [...next];
    all.clear();
    homes.clear();
    for (const policy of kept) set(policy);
  }

  replace(policies);
  return {
    in: (namespace) => list(namespace),
    clusterWide: () => list(undefined),
    all: () => all.values(),
    set,
    remove,
    replace,
  };
}

/** An index with policies added (replacing those of the same name) and removed; the original index is unchanged. */
export function withChange(
  index: PolicyIndex,
  change: { readonly add: readonly Policy[]; readonly remove: readonly PolicyRef[] },
): Pick<PolicyIndex, 'in' | 'clusterWide'> {
  const added = new Map(change.add.map((policy) => [policyKey(policy), policy]));
  const gone = new Set([...change.remove, ...change.add].map(policyKey));
  const lists = new Map<string | undefined, readonly Policy[]>();
  const listOf = (namespace: string | undefined, base: () => readonly Policy[]) => {
    const known = lists.get(namespace);
    if (known !== undefined) return known;
    const kept = base().filter((policy) => !gone.has(policyKey(policy)));
    const come = [...added.values()].filter((policy) => policy.namespace === namespace);
    const made = [...kept, ...come].sort(byName);
    lists.set(namespace, made);
    return made;
  };
  return {
    in: (namespace) => listOf(namespace, () => index.in(namespace)),
    clusterWide: () => listOf(undefined, index.clusterWide),
  };
}

const NONE: readonly Policy[] = [];

/** The sort order: by name, then kind. */
export function byName(a: PolicyRef, b: PolicyRef): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0;
}
