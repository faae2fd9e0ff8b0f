import type { Labels } from '../cluster/labels.ts';
import { isLive, type Pod } from '../cluster/objects.ts';
import { isIsolated } from './judge.ts';
import type { World } from './match.ts';
import type { PolicyIndex } from './policy-index.ts';
import { type Stack, stackOf, stackOfReserved } from './stack.ts';

/**
 * Pods in classes that policies cannot tell apart: one namespace, the same labels, service account and network
 * (facts/policy.md §4 technique 1). What a class has is computed when asked for and kept until `forget`.
 */
export type Classes = {
  readonly stackFor: (pod: Pod) => Stack;
  /** Policies on Cilium's own endpoints. */
  readonly stackForReserved: (name: string) => Stack;
  readonly isolationOf: (pod: Pod) => { readonly ingress: boolean; readonly egress: boolean };
  /** Policies of a namespace changed; without one, policies or namespaces anywhere did. */
  readonly forget: (namespace?: string) => void;
};

type PodClass = {
  readonly namespace: string;
  built: number;
  stack: Stack;
  isolation: { readonly ingress: boolean; readonly egress: boolean };
};

const EMPTY: Stack = { admin: [], normal: [], baseline: [] };
const OPEN = { ingress: false, egress: false };

/** Classes over one index of policies. */
export function createClasses(world: World, index: PolicyIndex): Classes {
  const byKey = new Map<string, PodClass>();
  const byPod = new WeakMap<Pod, PodClass>();
  const changed = new Map<string, number>();
  let changedAll = 0;
  let tick = 0;

  function classOf(pod: Pod): PodClass {
    const known = byPod.get(pod) ?? intern(pod);
    const latest = Math.max(changedAll, changed.get(known.namespace) ?? 0);
    if (known.built < latest || known.built < 0) build(known, pod);
    return known;
  }

  function intern(pod: Pod): PodClass {
    if (byKey.size > 4 * world.model.podCount() + 1_000) byKey.clear();
    const key = `${pod.namespace}\n${pod.hostNetwork}\n${pod.serviceAccount}\n${labelsKey(pod.labels)}`;
    const made = byKey.get(key) ?? { namespace: pod.namespace, built: -1, stack: EMPTY, isolation: OPEN };
    byKey.set(key, made);
    byPod.set(pod, made);
    return made;
  }

  function build(made: PodClass, pod: Pod): void {
    made.stack = stackOf(world, index, pod);
    made.isolation = {
      ingress: isIsolated(world.dialect, made.stack, 'ingress'),
      egress: isIsolated(world.dialect, made.stack, 'egress'),
    };
    made.built = tick;
  }

  return {
    stackFor: (pod) => classOf(pod).stack,
    stackForReserved: (name) => stackOfReserved(world, index, name),
    isolationOf: (pod) => (isLive(pod) && !pod.hostNetwork ? classOf(pod).isolation : OPEN),
    forget: (namespace) => {
      tick += 1;
      if (namespace === undefined) changedAll = tick;
      else changed.set(namespace, tick);
    },
  };
}

function labelsKey(labels: Labels): string {
  return Object.keys(labels)
    .sort()
    .map((key) => `${key}=${labels[key]}`)
    .join('\n');
}
