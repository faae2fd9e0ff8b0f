import type { ClusterModel, policyKey } from '../../live/live.ts';
import { type AppliedPolicy, appliedBy, withChange } from '../decide/decide.ts';
import { matchNamespace, type World, type WorldParts } from '../match/match.ts';
import type { Direction, IsolationChange, Policy, PolicyChange } from '../model/model.ts';
import { type PathChange, pathChangesOf } from './collect.ts';
import type { Comparison, Delta, Twin } from './comparison.ts';
import type { PodGroup } from './groups.ts';
import { appliedOf, createPortEvaluator, type PortEvaluator } from './port-evaluator.ts';
import type { PortChange } from './port-function.ts';
import { surveyOf } from './survey.ts';
import { type IsolationTurn, isolationTurns, turnsOf } from './turns.ts';

/**
 * The exact effect of a policy change on the whole cluster: every pair of workloads, nodes, and external addresses,
 * every port. A path is in the list of what it becomes; `was` is what it was before. A port allowed at L4 with a proxy
 * behind it counts as undecidable, as in a verdict.
 */
export type ClusterDiff = {
  readonly opens: readonly PathChange[];
  readonly closes: readonly PathChange[];
  readonly blurs: readonly PathChange[];
  readonly isolated: readonly IsolationChange[];
  readonly freed: readonly IsolationChange[];
};

/**
 * Compares a cluster before and after policies are added, changed (an added one replaces its namesake), and removed.
 * Only pods selected by a changed policy are evaluated, each against all ends: O(selected × groups). Foreign policies
 * leave open whatever they may decide, as in a verdict.
 */
export function clusterDiff({ model, dialect, foreign = [] }: WorldParts, change: PolicyChange): ClusterDiff {
  const changed = [
    ...change.add,
    ...change.remove.flatMap((ref) => formerOf(model, ref)),
    ...change.add.flatMap((ref) => formerOf(model, ref)),
  ];
  const { groups, nodes, workloads, shared, index, evaluator } = surveyOf(
    { model, dialect, foreign },
    change.add,
  );
  const selected = selectedGroups(shared.world, groups, changed);
  const numbers = new Set(selected.map((group) => group.index));
  const after = createPortEvaluator(shared, withChange(index, change), { evaluator, touched: numbers });
  const twins = groups.map((group): Twin => ({ was: group, is: group }));
  const touched = selected.filter(
    ({ pods: [pod] }) => pod !== undefined && evaluator.stackFor(pod) !== after.stackFor(pod),
  );
  const comparison: Comparison<PortChange> = {
    before: { model, evaluator },
    after: { model, evaluator: after },
    algebra: shared.algebra,
    adopt: (ports) => ports,
    changesOf: shared.algebra.changes,
    twins,
    nodes: nodes.map(({ name, ...end }) => ({ name, was: end, is: end })),
    workloads,
    touched: touched.flatMap((group) => twins[group.index] ?? []),
    mayDiffer: ({ is }) => numbers.has(is.index),
    deltaOf: ({ is }, direction) => deltaOf(is, direction, evaluator, after),
  };
  const paths = pathChangesOf(turnsOf(comparison));
  const isolation = isolationTurns(comparison);
  return {
    opens: paths.filter(({ is }) => is === 'allow'),
    closes: paths.filter(({ is }) => is === 'deny'),
    blurs: paths.filter(({ is }) => is === 'undecidable'),
    isolated: isolation.filter(({ isolates }) => isolates).flatMap(podByPod),
    freed: isolation.filter(({ isolates }) => !isolates).flatMap(podByPod),
  };
}

function podByPod({ pods, direction }: IsolationTurn): readonly IsolationChange[] {
  return pods.map(({ namespace, name }) => ({ pod: { namespace, name }, direction }));
}

function formerOf(model: ClusterModel, ref: Parameters<typeof policyKey>[0]): readonly Policy[] {
  const policy = model.policy(ref.kind, ref.namespace, ref.name);
  return policy === undefined ? [] : [policy];
}

/** Groups that a changed policy selects, or may select: only their stacks can differ after the change. */
function selectedGroups(
  world: World,
  groups: readonly PodGroup[],
  changed: readonly Policy[],
): readonly PodGroup[] {
  const reached = (namespace: string) =>
    changed.filter((policy) =>
      world.matching
        .readings(policy)
        .some(({ subject }) => matchNamespace(world, subject.namespaces, namespace) !== 'no'),
    );
  const answers = new Map<string, readonly Policy[]>();
  return groups.filter(({ namespace, pods: [pod] }) => {
    const policies = answers.get(namespace) ?? reached(namespace);
    answers.set(namespace, policies);
    return pod !== undefined && policies.some((policy) => appliedBy(world, policy, pod).length > 0);
  });
}

/** How a group's policies differ in one direction. */
function deltaOf(
  { pods: [pod] }: PodGroup,
  direction: Direction,
  before: PortEvaluator,
  after: PortEvaluator,
): Delta | undefined {
  if (pod === undefined) return undefined;
  const concerned = (evaluator: PortEvaluator) =>
    appliedOf(evaluator.stackFor(pod)).filter(
      ({ reading }) => reading.isolates[direction] || reading[direction].length > 0,
    );
  const [x, y] = [concerned(before), concerned(after)];
  const keys = (list: readonly AppliedPolicy[]) =>
    new Set(list.map(({ reading, sure }) => (sure ? reading : undefined)));
  const [inBefore, inAfter] = [keys(x), keys(y)];
  const gone = x.filter(({ reading, sure }) => !sure || !inAfter.has(reading));
  const come = y.filter(({ reading, sure }) => !sure || !inBefore.has(reading));
  if (gone.length + come.length === 0) return undefined;
  const isolates = (list: readonly AppliedPolicy[]) =>
    list.some(({ reading, sure }) => sure && reading.isolates[direction]);
  const unsure = [...x, ...y].some(({ sure }) => !sure);
  return {
    rules: [...gone, ...come].flatMap(({ reading }) => reading[direction]),
    general: unsure || isolates(x) !== isolates(y),
  };
}
