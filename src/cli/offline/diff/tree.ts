import { policyKey } from '../../../core/cluster/model.ts';
import { isLive } from '../../../core/cluster/objects.ts';
import { sameJson } from '../../../core/json.ts';
import type { Policy, PolicyRef } from '../../../core/policy/model/policy.ts';
import { workloadKey } from '../../../core/policy/reach/ends.ts';
import type { PolicyWorld } from '../world.ts';

/** One of the two worlds that are compared. */
export type Tree = Pick<PolicyWorld, 'model' | 'engine'>;

/** A workload, or a pod without one, by name. */
export type WorkloadName = { readonly kind: string; readonly namespace: string; readonly name: string };

/** Policies by what became of them. Labels and annotations do not count. */
export type PolicyChanges = Readonly<Record<'added' | 'removed' | 'changed', readonly PolicyRef[]>>;

export function policyChanges(old: Tree, now: Tree): PolicyChanges {
  const before = byKey(old);
  const after = byKey(now);
  const changed = [...after].filter(([key, policy]) => {
    const former = before.get(key);
    return former !== undefined && !sameJson(meaningOf(former), meaningOf(policy));
  });
  return {
    added: [...after].filter(([key]) => !before.has(key)).map(([, policy]) => refOf(policy)),
    removed: [...before].filter(([key]) => !after.has(key)).map(([, policy]) => refOf(policy)),
    changed: changed.map(([, policy]) => refOf(policy)),
  };
}

/** Workloads that only one tree has. */
export function workloadChanges(
  old: Tree,
  now: Tree,
): Readonly<Record<'added' | 'removed', readonly WorkloadName[]>> {
  const before = workloadsOf(old);
  const after = workloadsOf(now);
  const onlyIn = (a: ReadonlyMap<string, WorkloadName>, b: ReadonlyMap<string, WorkloadName>) =>
    [...a].filter(([key]) => !b.has(key)).map(([, workload]) => workload);
  return { added: onlyIn(after, before), removed: onlyIn(before, after) };
}

function workloadsOf({ model }: Tree): ReadonlyMap<string, WorkloadName> {
  const pods = [...model.pods()].filter(isLive);
  return new Map(
    pods.map((pod) => {
      const { kind, namespace, name } = pod.owner ?? pod;
      return [workloadKey(pod), { kind, namespace, name }];
    }),
  );
}

function byKey({ engine }: Tree): ReadonlyMap<string, Policy> {
  return new Map([...engine.policies()].map((policy) => [policyKey(policy), policy]));
}

function refOf({ kind, namespace, name }: Policy): PolicyRef {
  return namespace === undefined ? { kind, name } : { kind, namespace, name };
}

function meaningOf(policy: Policy): unknown {
  const { uid: _uid, created: _created, labels: _labels, annotations: _annotations, ...meaning } = policy;
  return meaning;
}
