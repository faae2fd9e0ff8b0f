import { isLive, type Pod } from '../../cluster/cluster.ts';
import type { World } from '../match/match.ts';
import { isAccountKey, type Policy, type PolicyRef, unprefixed } from '../model/model.ts';
import { isIsolated } from './judge.ts';
import { byName, type PolicyIndex } from './policy-index.ts';
import { type AppliedPolicy, appliedBy, assemble, type Stack, stackOfReserved } from './stack.ts';

/**
 * Classes of pods that policy subjects can't tell apart: same namespace, same network, same values of the labels that
 * policies on that namespace select by. A class's data is computed on demand and kept until something it depends on
 * changes.
 */
export type PodClasses = {
  readonly stackFor: (pod: Pod) => Stack;
  /** Policies on Cilium's own endpoints. */
  readonly stackForReserved: (name: string) => Stack;
  readonly isolationOf: (pod: Pod) => Isolation;
  /** Policies of a namespace, or its labels, changed; without a namespace, anything anywhere did. */
  readonly forget: (namespace?: string) => void;
  /** One clusterwide policy was added, changed, or removed; the index already reflects it. */
  readonly patch: (ref: PolicyRef, policy: Policy | undefined) => void;
};

type Isolation = { readonly ingress: boolean; readonly egress: boolean };

type PodClass = {
  /** The last change it reflects. */
  built: number;
  own: readonly AppliedPolicy[];
  clusterwide: readonly AppliedPolicy[];
  stack: Stack;
  isolation: Isolation;
};

/** The classes of one namespace. `keys` becomes a new list once its pods must be told apart by other labels. */
type Home = {
  built: number;
  keys: readonly string[];
  readonly classes: Map<string, PodClass>;
};

type Known = { readonly home: Home; readonly keys: readonly string[]; readonly made: PodClass };

type Change = { readonly tick: number; readonly ref: PolicyRef; readonly policy: Policy | undefined };

const EMPTY: Stack = { admin: [], normal: [], baseline: [] };
const OPEN: Isolation = { ingress: false, egress: false };

/** How many clusterwide policy changes are kept for classes that have not been queried since. */
const LOG_LENGTH = 64;

/** Classes over one index of policies. */
export function createPodClasses(world: World, index: PolicyIndex): PodClasses {
  const homes = new Map<string, Home>();
  const byPod = new WeakMap<Pod, Known>();
  const changed = new Map<string, number>();
  let changedAll = 0;
  let tick = 0;
  let log: readonly Change[] = [];

  /** When something last changed that requires a rebuild. */
  const changedAt = (namespace: string) => Math.max(changedAll, changed.get(namespace) ?? 0);

  function homeOf(namespace: string): Home {
    const known = homes.get(namespace);
    if (known !== undefined && known.built >= changedAt(namespace)) return known;
    const keys = subjectKeys([...index.in(namespace), ...index.clusterWide()]);
    const home = known ?? { built: tick, keys, classes: new Map() };
    if (!isSame(home.keys, keys)) {
      home.keys = keys;
      home.classes.clear();
    }
    home.built = tick;
    homes.set(namespace, home);
    return home;
  }

  function classOf(pod: Pod): PodClass {
    const home = homeOf(pod.namespace);
    const known = byPod.get(pod);
    const made = known?.home === home && known.keys === home.keys ? known.made : intern(home, pod);
    if (made.built < changedAt(pod.namespace)) build(made, pod);
    else if (made.built < tick) catchUp(made, pod);
    return made;
  }

  function intern(home: Home, pod: Pod): PodClass {
    if (home.classes.size > 2 * world.model.podsIn(pod.namespace).length + 50) {
      home.classes.clear();
      // A new list, so that no pod keeps a class that later changes do not reach.
      home.keys = [...home.keys];
    }
    const key = wordsOf(home.keys, pod);
    const made = home.classes.get(key) ?? {
      built: -1,
      own: [],
      clusterwide: [],
      stack: EMPTY,
      isolation: OPEN,
    };
    home.classes.set(key, made);
    byPod.set(pod, { home, keys: home.keys, made });
    return made;
  }

  function build(made: PodClass, pod: Pod): void {
    made.own = index.in(pod.namespace).flatMap((policy) => appliedBy(world, policy, pod));
    made.clusterwide = index.clusterWide().flatMap((policy) => appliedBy(world, policy, pod));
    settle(made);
  }

  /** Applies the clusterwide policies changed since; whatever they don't affect keeps its identity. */
  function catchUp(made: PodClass, pod: Pod): void {
    let { clusterwide } = made;
    for (const change of log) {
      if (change.tick > made.built) clusterwide = patched(world, clusterwide, change, pod);
    }
    if (clusterwide === made.clusterwide) made.built = tick;
    else {
      made.clusterwide = clusterwide;
      settle(made);
    }
  }

  function settle(made: PodClass): void {
    made.stack = assemble([...made.own, ...made.clusterwide]);
    made.isolation = {
      ingress: isIsolated(world.dialect, made.stack, 'ingress'),
      egress: isIsolated(world.dialect, made.stack, 'egress'),
    };
    made.built = tick;
  }

  function patch(ref: PolicyRef, policy: Policy | undefined): void {
    tick += 1;
    log = [...log, { tick, ref, policy }];
    const [oldest] = log;
    const speaksOfMore = policy !== undefined && !knowsKeys(subjectKeys([policy]));
    if (speaksOfMore) changedAll = tick;
    if (log.length > LOG_LENGTH && oldest !== undefined) {
      log = log.slice(1);
      // A class that missed it must be rebuilt; those queried since are up to date.
      for (const home of homes.values()) {
        for (const made of home.classes.values()) if (made.built < oldest.tick) made.built = -1;
      }
    }
  }

  function knowsKeys(keys: readonly string[]): boolean {
    for (const home of homes.values()) if (!keys.every((key) => home.keys.includes(key))) return false;
    return true;
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
    patch,
  };
}

/** The clusterwide policies on a pod after one of them changed, in the index's order. */
function patched(
  world: World,
  applied: readonly AppliedPolicy[],
  { ref, policy }: Change,
  pod: Pod,
): readonly AppliedPolicy[] {
  const isOther = ({ policy: item }: AppliedPolicy) => item.name !== ref.name || item.kind !== ref.kind;
  const kept = applied.every(isOther) ? applied : applied.filter(isOther);
  const come = policy === undefined ? [] : appliedBy(world, policy, pod);
  if (come.length === 0) return kept;
  return [...kept, ...come].sort((a, b) => byName(a.policy, b.policy));
}

/** The label keys that subjects refer to, without their source, sorted. */
function subjectKeys(policies: readonly Policy[]): readonly string[] {
  const keys = new Set<string>();
  for (const { subject, parts } of policies) {
    for (const { pods } of parts === undefined ? [subject] : parts.map((part) => part.subject)) {
      for (const { key } of pods) keys.add(unprefixed(key).key);
    }
  }
  return [...keys].sort();
}

/** What subjects with these keys see of a pod; derived labels come from its namespace or service account. */
function wordsOf(keys: readonly string[], { hostNetwork, serviceAccount, labels }: Pod): string {
  let text = hostNetwork ? 'host' : '';
  for (const key of keys) {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    text += value === undefined ? '\n' : `\n=${value}`;
  }
  return keys.some(isAccountKey) ? `${text}\n${serviceAccount}` : text;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((key, at) => key === b[at]);
}
