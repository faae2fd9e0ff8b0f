import { policyKey } from '../../../core/cluster/model.ts';
import { isLive, keyOf, type Pod } from '../../../core/cluster/objects.ts';
import { sameJson } from '../../../core/json.ts';
import type { Policy, PolicyRef } from '../../../core/policy/model/policy.ts';
import { createReach, type Reach } from '../reach/reach.ts';
import type { PolicyWorld } from '../world.ts';

/** One of the two worlds that are compared. */
export type Tree = Pick<PolicyWorld, 'model' | 'engine'> & { readonly reach: Reach };

/** A tree with the answers of its engine as it is now. */
export function treeOf({ model, engine }: Pick<PolicyWorld, 'model' | 'engine'>): Tree {
  return { model, engine, reach: createReach(engine) };
}

/** A workload, or a pod without one, by name. */
export type WorkloadName = { readonly kind: string; readonly namespace: string; readonly name: string };

/** Pods of one workload that are alike in both trees. `pods` names them where it is not all of the workload. */
export type SharedParty = WorkloadName & {
  readonly old: readonly Pod[];
  readonly now: readonly Pod[];
  readonly pods?: readonly string[];
};

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
  const onlyIn = (a: ReadonlyMap<string, readonly Pod[]>, b: ReadonlyMap<string, readonly Pod[]>) =>
    [...a].flatMap(([key, [pod]]) => (b.has(key) || pod === undefined ? [] : [workloadOf(pod)]));
  return { added: onlyIn(after, before), removed: onlyIn(before, after) };
}

/**
 * The workloads that both trees have, each in parts whose pods are alike in both. A pod that only one tree has is
 * like any of its workload: replicas come and go.
 */
export function sharedParties(old: Tree, now: Tree): readonly SharedParty[] {
  const after = workloadsOf(now);
  return [...workloadsOf(old)]
    .flatMap(([key, before]) => partsOf(old, now, before, after.get(key) ?? []))
    .sort(byName);
}

function partsOf(
  old: Tree,
  now: Tree,
  before: readonly Pod[],
  after: readonly Pod[],
): readonly SharedParty[] {
  const [first] = before;
  if (first === undefined || after.length === 0) return [];
  const workload = workloadOf(first);
  const namesakes = new Map(after.map((pod) => [pod.name, pod]));
  const pairs = before.flatMap((pod) => {
    const other = namesakes.get(pod.name);
    return other === undefined ? [] : [{ pod, other }];
  });
  if (pairs.length === 0) return [{ ...workload, old: before, now: after }];
  const parts = Map.groupBy(
    pairs,
    ({ pod, other }) => `${old.reach.classOf(pod)} ${now.reach.classOf(other)}`,
  );
  return [...parts.values()].map((part) => ({
    ...workload,
    old: part.map(({ pod }) => pod),
    now: part.map(({ other }) => other),
    ...(parts.size === 1 ? {} : { pods: part.map(({ pod }) => pod.name) }),
  }));
}

function workloadsOf({ model }: Tree): ReadonlyMap<string, readonly Pod[]> {
  return Map.groupBy([...model.pods()].filter(isLive), (pod) => {
    const { kind, namespace, name } = workloadOf(pod);
    return `${kind}/${namespace}/${name}`;
  });
}

function workloadOf(pod: Pod): WorkloadName {
  const { kind, namespace, name } = pod.owner ?? pod;
  return { kind, namespace, name };
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

function byName(a: SharedParty, b: SharedParty): number {
  const [x, y] = [`${keyOf(a)} ${a.kind}`, `${keyOf(b)} ${b.kind}`];
  return x < y ? -1 : Number(x > y);
}
