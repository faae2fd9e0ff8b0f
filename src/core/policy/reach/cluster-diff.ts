import type { ClusterModel, policyKey } from '../../cluster/model.ts';
import { isLive, type Pod } from '../../cluster/objects.ts';
import { withChange } from '../decide/policy-index.ts';
import { type Applied, appliedBy } from '../decide/stack.ts';
import type { Dialect } from '../match/dialect.ts';
import { matchNamespace } from '../match/match.ts';
import type { Side } from '../match/side.ts';
import { createWorld, type World } from '../match/world.ts';
import type { Direction, ForeignObject, Policy, PolicyChange, Rule } from '../model/policy.ts';
import type { IsolationChange } from '../model/verdict.ts';
import { addBeyond } from './beyond.ts';
import { type Collector, createCollector, type PathChange } from './collect.ts';
import { type PodGroup, pairsOf, podSide } from './groups.ts';
import type { PortAlgebra, PortChange, PortFunction } from './port-function.ts';
import { appliedOf, createSituation, type Situation } from './situation.ts';
import { type Survey, surveyOf } from './survey.ts';

/**
 * What a change of policies does to the whole cluster, exactly: every pair of workloads, nodes and outside addresses,
 * every port. A path is in the list of what it becomes; `was` says what it came from. A port that is open at L4 with
 * a proxy behind it counts as undecidable, as in a verdict.
 */
export type ClusterDiff = {
  readonly opens: readonly PathChange[];
  readonly closes: readonly PathChange[];
  readonly blurs: readonly PathChange[];
  readonly isolated: readonly IsolationChange[];
  readonly freed: readonly IsolationChange[];
};

/**
 * Compares a cluster before and after policies come, change (an added one replaces its namesake) and go. Only pods that
 * a changed policy selects are looked at, each against all ends: O(selected × groups). `foreign` policies leave open
 * what they may decide, as in a verdict.
 */
export function clusterDiff(
  model: ClusterModel,
  dialect: Dialect,
  change: PolicyChange,
  foreign: readonly ForeignObject[] = NO_FOREIGN,
): ClusterDiff {
  const changed = [
    ...change.add,
    ...change.remove.flatMap((ref) => formerOf(model, ref)),
    ...change.add.flatMap((ref) => formerOf(model, ref)),
  ];
  const survey = surveyOf(createWorld(model, dialect, foreign), change.add);
  const { groups, workloads, shared, situation: before } = survey;
  const { world, algebra } = shared;
  const selected = selectedGroups(world, groups, changed);
  const numbers = new Set(selected.map(({ index }) => index));
  const after = createSituation(shared, withChange(survey.index, change), {
    situation: before,
    touched: numbers,
  });
  const touched = selected.filter(
    ({ pods: [pod] }) => pod !== undefined && before.stackFor(pod) !== after.stackFor(pod),
  );
  const collector = createCollector(workloads);
  const ask: Ask = { model, algebra, before, after, groups, numbers, survey, collector };
  for (const direction of ['ingress', 'egress'] as const) {
    for (const group of touched) {
      const delta = deltaOf(group, direction, before, after);
      if (delta !== undefined) compareGroup(ask, group, direction, delta);
    }
  }
  const paths = collector.paths();
  const isolation = touched.flatMap((group) => isolationChanges(group, before, after));
  return {
    opens: paths.filter(({ is }) => is === 'allow'),
    closes: paths.filter(({ is }) => is === 'deny'),
    blurs: paths.filter(({ is }) => is === 'undecidable'),
    isolated: isolation.filter(({ isolates }) => isolates).map(({ change: found }) => found),
    freed: isolation.filter(({ isolates }) => !isolates).map(({ change: found }) => found),
  };
}

const NO_FOREIGN: readonly ForeignObject[] = [];

type Ask = {
  readonly model: ClusterModel;
  readonly algebra: PortAlgebra;
  readonly before: Situation;
  readonly after: Situation;
  readonly groups: readonly PodGroup[];
  /** The groups whose policies may differ. */
  readonly numbers: ReadonlySet<number>;
  readonly survey: Survey;
  readonly collector: Collector;
};

function formerOf(model: ClusterModel, ref: Parameters<typeof policyKey>[0]): readonly Policy[] {
  const policy = model.policy(ref.kind, ref.namespace, ref.name);
  return policy === undefined ? [] : [policy];
}

/** Groups that some changed policy selects, or may select: only their stacks can be other ones after the change. */
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

/** What of a group's policies differs in one direction. */
type Delta = {
  /** Rules that come or go. */
  readonly rules: readonly Rule[];
  /** Whether the answer may turn for an end that none of them matches. */
  readonly general: boolean;
};

/** Undefined when nothing differs in this direction. */
function deltaOf(
  { pods: [pod] }: PodGroup,
  direction: Direction,
  before: Situation,
  after: Situation,
): Delta | undefined {
  if (pod === undefined) return undefined;
  const concerned = (situation: Situation) =>
    appliedOf(situation.stackFor(pod)).filter(
      ({ reading }) => reading.isolates[direction] || reading[direction].length > 0,
    );
  const [x, y] = [concerned(before), concerned(after)];
  const keys = (list: readonly Applied[]) =>
    new Set(list.map(({ reading, sure }) => (sure ? reading : undefined)));
  const [inBefore, inAfter] = [keys(x), keys(y)];
  const gone = x.filter(({ reading, sure }) => !sure || !inAfter.has(reading));
  const come = y.filter(({ reading, sure }) => !sure || !inBefore.has(reading));
  if (gone.length + come.length === 0) return undefined;
  const isolates = (list: readonly Applied[]) =>
    list.some(({ reading, sure }) => sure && reading.isolates[direction]);
  const unsure = [...x, ...y].some(({ sure }) => !sure);
  return {
    rules: [...gone, ...come].flatMap(({ reading }) => reading[direction]),
    general: unsure || isolates(x) !== isolates(y),
  };
}

function compareGroup(ask: Ask, self: PodGroup, direction: Direction, delta: Delta): void {
  const { model, survey, collector, after } = ask;
  const [side] = self.sides;
  for (const peer of ask.groups) {
    const other = peer === self ? (peer.sides[1] ?? peer.sides[0]) : peer.sides[0];
    if (side === undefined || other === undefined) continue;
    if (!delta.general && !after.mayMatch(delta.rules, direction, side, other, peer.index)) continue;
    comparePeer(ask, self, peer, direction);
  }
  const changesTo = (pod: Pod, end: Side, index?: number) => turnsTo(ask, pod, { end, index }, direction);
  const rules = (pod: Pod) => rulesOn(ask, pod, direction);
  addBeyond({ model, survey, collector, direction, changesTo, rules }, self);
}

function comparePeer(ask: Ask, self: PodGroup, peer: PodGroup, direction: Direction): void {
  const { before, after, algebra, collector, survey, numbers } = ask;
  const [from, to] = direction === 'ingress' ? [peer, self] : [self, peer];
  for (const pair of pairsOf(from, to)) {
    const half = (situation: Situation, which: Direction): PortFunction =>
      which === 'ingress'
        ? situation.half('ingress', pair.destination, pair.source, from.index)
        : situation.half('egress', pair.source, pair.destination, to.index);
    const was = half(before, direction);
    const is = half(after, direction);
    if (was === is) continue;
    const other = direction === 'ingress' ? 'egress' : 'ingress';
    const otherWas = half(before, other);
    const otherIs = numbers.has(peer.index) ? half(after, other) : otherWas;
    // A pair whose ingress turns too was compared with that.
    if (direction === 'egress' && otherWas !== otherIs) continue;
    const changes = algebra.changes(algebra.both(was, otherWas), algebra.both(is, otherIs));
    if (changes.length > 0) collector.add(survey.membersOf(pair.from), survey.membersOf(pair.to), changes);
  }
}

function turnsTo(
  { before, after, algebra }: Ask,
  pod: Pod,
  { end, index }: { readonly end: Side; readonly index: number | undefined },
  direction: Direction,
): readonly PortChange[] {
  const self = podSide(pod);
  const was = before.half(direction, self, end, index);
  return algebra.changes(was, after.half(direction, self, end, index));
}

function* rulesOn({ before, after }: Ask, pod: Pod, direction: Direction): Iterable<Rule> {
  for (const stack of [before.stackFor(pod), after.stackFor(pod)]) {
    for (const { reading } of appliedOf(stack)) yield* reading[direction];
  }
}

function isolationChanges(
  { pods, hostNetwork }: PodGroup,
  before: Situation,
  after: Situation,
): readonly { readonly change: IsolationChange; readonly isolates: boolean }[] {
  const [first] = pods;
  if (first === undefined || hostNetwork) return [];
  const was = before.isolation(first);
  const is = after.isolation(first);
  return (['ingress', 'egress'] as const)
    .filter((direction) => was[direction] !== is[direction])
    .flatMap((direction) =>
      pods.filter(isLive).map(({ namespace, name }) => ({
        change: { pod: { namespace, name }, direction },
        isolates: is[direction],
      })),
    );
}
