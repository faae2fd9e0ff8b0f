import { matches } from '../cluster/labels.ts';
import type { Pod } from '../cluster/objects.ts';
import { mentionsNamespace } from './cilium/labels.ts';
import { enforces } from './dialect.ts';
import { matchPods, type World } from './match.ts';
import type { Policy, Reading } from './policy.ts';
import type { PolicyIndex } from './policy-index.ts';
import { readingsOf } from './reading.ts';

/** A policy that selects a pod. Not `sure`: it may not select it, or may not be enforced here. */
export type Applied = { readonly policy: Policy; readonly reading: Reading; readonly sure: boolean };

/**
 * The policies on one pod in the order of evaluation. Admin and baseline policies stand in groups of equal
 * priority, lowest number first (facts/policy.md §2b rules 1, 2); those of the normal tier have no order.
 */
export type Stack = {
  readonly admin: readonly (readonly Applied[])[];
  readonly normal: readonly Applied[];
  readonly baseline: readonly (readonly Applied[])[];
};

/** The policies that select a pod. */
export function stackOf(world: World, index: PolicyIndex, pod: Pod): Stack {
  const applied: Applied[] = [];
  for (const policy of index.in(pod.namespace)) applied.push(...appliedOf(world, policy, pod));
  for (const policy of index.clusterWide()) applied.push(...appliedOf(world, policy, pod));
  applied.sort((a, b) => order(a.policy.name, b.policy.name) || order(a.policy.kind, b.policy.kind));
  return {
    admin: byPriority(applied.filter(({ policy }) => policy.tier === 'admin')),
    normal: applied.filter(({ policy }) => policy.tier === 'normal'),
    baseline: byPriority(applied.filter(({ policy }) => policy.tier === 'baseline')),
  };
}

function appliedOf(world: World, policy: Policy, pod: Pod): readonly Applied[] {
  const enforced = policy.inert === true ? 'no' : enforces(world.dialect, policy.kind);
  if (enforced === 'no') return [];
  return readingsOf(world.dialect, policy).flatMap((reading): readonly Applied[] => {
    const selected = matchPods(world, reading.subject, pod);
    return selected === 'no' ? [] : [{ policy, reading, sure: selected === 'yes' && enforced === 'yes' }];
  });
}

/**
 * The clusterwide policies on one of Cilium's own endpoints, health or ingress: those that select everything without
 * speaking of namespaces (facts/policy.md §2a.10).
 */
export function stackOfReserved(world: World, index: PolicyIndex, name: string): Stack {
  const labels = { [`reserved:${name}`]: '' };
  const applied: Applied[] = [];
  for (const policy of index.clusterWide()) {
    if (policy.inert === true || enforces(world.dialect, policy.kind) !== 'yes') continue;
    for (const reading of readingsOf(world.dialect, policy)) {
      const { identity, pods } = reading.subject;
      if (identity !== 'cilium' || mentionsNamespace(pods) || !matches(pods, labels)) continue;
      applied.push({ policy, reading, sure: true });
    }
  }
  return { admin: [], normal: applied, baseline: [] };
}

function byPriority(applied: readonly Applied[]): readonly (readonly Applied[])[] {
  const groups = Map.groupBy(applied, ({ policy }) => policy.priority ?? 0);
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
