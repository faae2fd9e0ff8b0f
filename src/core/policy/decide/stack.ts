import type { Pod } from '../../cluster/cluster.ts';
import { enforces, matchPods, type World } from '../match/match.ts';
import type { Policy, Reading, Tier } from '../model/model.ts';
import type { PolicyIndex } from './policy-index.ts';

/** A policy that selects a pod. Not `sure`: it may not select it, or may not be enforced here. */
export type AppliedPolicy = { readonly policy: Policy; readonly reading: Reading; readonly sure: boolean };

/**
 * The policies on one pod in evaluation order. Admin and baseline policies are grouped by equal priority, lowest number
 * first (ANP-1, ANP-2); those of the normal tier have no order.
 */
export type Stack = {
  readonly admin: readonly (readonly AppliedPolicy[])[];
  readonly normal: readonly AppliedPolicy[];
  readonly baseline: readonly (readonly AppliedPolicy[])[];
};

/** The policies that select a pod. */
export function stackOf(world: World, index: Pick<PolicyIndex, 'in' | 'clusterWide'>, pod: Pod): Stack {
  return assemble(
    [index.in(pod.namespace), index.clusterWide()].flatMap((policies) =>
      policies.flatMap((policy) => appliedBy(world, policy, pod)),
    ),
  );
}

/** Policies on a pod as a stack; within a tier and priority they keep the given order. */
export function assemble(applied: readonly AppliedPolicy[]): Stack {
  if (applied.every(({ policy }) => policy.tier === 'normal')) {
    return { admin: NONE, normal: applied, baseline: NONE };
  }
  const tiers: Record<Tier, AppliedPolicy[]> = { admin: [], normal: [], baseline: [] };
  for (const item of applied) tiers[item.policy.tier].push(item);
  return { admin: byPriority(tiers.admin), normal: tiers.normal, baseline: byPriority(tiers.baseline) };
}

/** A policy as applied to a pod: once for each of its readings that selects the pod. */
export function appliedBy(world: World, policy: Policy, pod: Pod): readonly AppliedPolicy[] {
  const enforced = policy.inert === true ? 'no' : enforces(world.dialect, policy.kind);
  if (enforced === 'no') return NOTHING;
  const applied: AppliedPolicy[] = [];
  for (const reading of world.matching.readings(policy)) {
    const selected = matchPods(world, reading.subject, pod);
    if (selected === 'no') continue;
    applied.push({ policy, reading, sure: selected === 'yes' && enforced === 'yes' });
  }
  return applied.length === 0 ? NOTHING : applied;
}

/** The clusterwide policies on one of the enforcer's own endpoints, by its reserved name. */
export function stackOfReserved(world: World, index: PolicyIndex, name: string): Stack {
  const applied: AppliedPolicy[] = [];
  for (const policy of index.clusterWide()) {
    if (policy.inert === true || enforces(world.dialect, policy.kind) !== 'yes') continue;
    for (const reading of world.matching.readings(policy)) {
      if (!world.matching.selectsReserved(reading.subject, name)) continue;
      applied.push({ policy, reading, sure: true });
    }
  }
  return { admin: [], normal: applied, baseline: [] };
}

function byPriority(applied: readonly AppliedPolicy[]): readonly (readonly AppliedPolicy[])[] {
  if (applied.length === 0) return NONE;
  const groups = Map.groupBy(applied, ({ policy }) => policy.priority ?? 0);
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
}

const NONE: readonly (readonly AppliedPolicy[])[] = [];
const NOTHING: readonly AppliedPolicy[] = [];
