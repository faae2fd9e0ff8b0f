import {
  type Labels,
  matches,
  type Pod,
  type Selector,
  selectorOf,
  type Workload,
} from '../cluster/cluster.ts';
import { isIgnoredLabel } from '../policy/cilium/cilium.ts';
import type { Dialect } from '../policy/match/match.ts';

/** Pods of one namespace and the labels by which a policy selects them. */
export type Selection = {
  readonly namespace: string;
  readonly selector: Selector;
  /** The pods that were picked. */
  readonly meant: readonly Pod[];
  /** The pods that the selector matches now; more than `meant` if labels can't distinguish them. */
  readonly matched: readonly Pod[];
};

/**
 * Labels that change with every rollout, or that Cilium drops from identities by default: a policy on them would soon
 * break, or silently match nothing (CIL-8, GRANT-6).
 */
const VOLATILE =
  /^(pod-template-hash|rollouts-pod-template-hash|pod-template-generation|controller-revision-hash|controller-uid|batch\.kubernetes\.io\/(controller-uid|job-completion-index))/;

/**
 * Labels that change with every release or run of a workload, though not while a grant stands. The keys are those of
 * Kubernetes' recommended labels, of Helm's chart conventions, and of the Job controller.
 */
const PASSING =
  /^(app\.kubernetes\.io\/version|version|helm\.sh\/chart|chart|(batch\.kubernetes\.io\/)?job-name)$/;

/** Label keys that usually name an application, best first. */
const PREFERRED = [
  'app.kubernetes.io/name',
  'app',
  'k8s-app',
  'app.kubernetes.io/component',
  'component',
  'tier',
];

type LabelDialect = Pick<Dialect, 'identityLabels' | 'labels'> & {
  /** Whether chosen labels must outlast releases. A workload's own selector does: it can't be changed. */
  readonly permanent?: boolean;
};

/**
 * Chooses labels for picked pods: the workload's own selector if known, otherwise the smallest set of labels that
 * matches exactly these pods, otherwise all labels that they share (GRANT-6).
 *
 * @param picked pods of one namespace, at least one
 * @param neighbours all pods in that namespace that a policy could select
 * @returns undefined if they share no lasting label
 */
export function selectPods(
  picked: readonly Pod[],
  neighbours: readonly Pod[],
  dialect: LabelDialect,
  workload?: Workload,
): Selection | undefined {
  const [first] = picked;
  if (first === undefined) return undefined;
  const selector = workloadSelector(workload, dialect) ?? smallestSelector(picked, neighbours, dialect);
  if (selector === undefined || selector.length === 0) return undefined;
  const matched = neighbours.filter((pod) => matches(selector, pod.labels));
  return { namespace: first.namespace, selector, meant: picked, matched };
}

function workloadSelector(workload: Workload | undefined, dialect: LabelDialect): Selector | undefined {
  const lasting = workload?.selector.filter(({ key }) => lasts(key, dialect));
  return lasting !== undefined && lasting.length > 0 ? lasting : undefined;
}

function smallestSelector(
  picked: readonly Pod[],
  neighbours: readonly Pod[],
  dialect: LabelDialect,
): Selector | undefined {
  const shared = sharedLabels(picked, dialect);
  const keys = Object.keys(shared).sort(byPreference);
  const wanted = new Set(picked.map(({ name }) => name));
  const exact = (labels: Labels) => {
    const selector = selectorOf(labels);
    return neighbours.every((pod) => matches(selector, pod.labels) === wanted.has(pod.name));
  };
  for (const some of combinations(keys, 3)) {
    const labels = Object.fromEntries(some.map((key) => [key, shared[key] ?? '']));
    if (exact(labels)) return selectorOf(labels);
  }
  return keys.length > 0 ? selectorOf(shared) : undefined;
}

/** Whether a label is permanent and visible to the enforcer (CIL-8). */
function lasts(key: string, { identityLabels, labels }: LabelDialect): boolean {
  return !VOLATILE.test(key) && !(identityLabels && isIgnoredLabel(key, labels));
}

function sharedLabels(pods: readonly Pod[], dialect: LabelDialect): Labels {
  const [first, ...others] = pods;
  const lasting = Object.entries(first?.labels ?? {}).filter(
    ([key, value]) =>
      lasts(key, dialect) &&
      !(dialect.permanent === true && PASSING.test(key)) &&
      others.every((pod) => pod.labels[key] === value),
  );
  return Object.fromEntries(lasting);
}

function byPreference(a: string, b: string): number {
  const rank = (key: string) => (PREFERRED.includes(key) ? PREFERRED.indexOf(key) : PREFERRED.length);
  return rank(a) - rank(b) || a.localeCompare(b);
}

/** Subsets of 1 to `size` keys, smallest first; uses only the first dozen keys to limit the time. */
function* combinations(keys: readonly string[], size: number): Generator<readonly string[]> {
  const pool = keys.slice(0, 12);
  for (let count = 1; count <= Math.min(size, pool.length); count += 1) yield* choose(pool, count, 0);
}

function* choose(pool: readonly string[], count: number, from: number): Generator<readonly string[]> {
  if (count === 0) {
    yield [];
    return;
  }
  for (let index = from; index <= pool.length - count; index += 1) {
    const key = pool[index];
    if (key === undefined) continue;
    for (const rest of choose(pool, count - 1, index + 1)) yield [key, ...rest];
  }
}
