import { keyOf, type Pod } from '../cluster/cluster.ts';
import { sameJson, several } from '../common/common.ts';
import type { Engine, PathDecision } from '../policy/decide/decide.ts';
import { policyTitle, summaryOf } from '../policy/explain/explain.ts';
import type { PairChange, Policy } from '../policy/model/model.ts';
import { openers, openersText } from './openers.ts';
import { isAmong, pairsOf, reachOf } from './reach.ts';
import { meaningOf, type Reached, reachedOf, type Surroundings } from './surroundings.ts';
import { ownerKey } from './witness.ts';

/** How the surroundings of a grant have changed. */
export type Changed = {
  /** Each change as text, which stays the same while the change persists. */
  readonly drift: readonly string[];
  /** Pairs that are open only because of this grant, and close when it ends. */
  readonly opens: readonly PairChange[];
};

/**
 * Compares the surroundings of a grant with those at planning time (GRANT-14): base policies changed or deleted, pod
 * labels changed, new pods under its labels, other policies that open or close the path. Call it once the grant's
 * policies are in the engine.
 *
 * @param opened the pairs that the grant has opened so far: only these can be opened or closed by others
 */
export function surroundingsDrift(
  engine: Engine,
  policies: readonly Policy[],
  before: Surroundings,
  opened: readonly PairChange[],
): Changed {
  const reach = reachOf(engine, policies);
  const paths = pathDrift(engine, policies, pairsOf(reach), isAmong(opened));
  return {
    drift: [
      ...baseDrift(engine, before),
      ...labelDrift(engine, before, reachedOf(reach)),
      ...newcomers(before, reachedOf(reach)),
      ...paths.drift,
    ],
    opens: paths.opens,
  };
}

function baseDrift({ model }: Engine, { base }: Surroundings): readonly string[] {
  return [...base.values()].flatMap((policy) => {
    const { kind, namespace, name } = policy;
    const now = model.policy(kind, namespace, name);
    if (now === undefined) return [`${policyTitle(policy)} was deleted after the grant was planned`];
    return sameJson(meaningOf(policy), meaningOf(now))
      ? []
      : [`${policyTitle(policy)} was changed after the grant was planned`];
  });
}

/** Reached pods whose labels changed, whether or not they are still reached. */
function labelDrift(
  { model }: Engine,
  { reached }: Surroundings,
  now: ReadonlyMap<string, Reached>,
): readonly string[] {
  return [...reached].flatMap(([key, { pod: was, role }]) => {
    const pod = model.pod(was.namespace, was.name);
    if (pod === undefined || pod.uid !== was.uid || sameJson(pod.labels, was.labels)) return [];
    const lost = now.has(key) ? '' : `; it is no longer a ${role} of the grant`;
    return [`labels of pod ${keyOf(pod)} changed: ${labelChanges(was, pod)}${lost}`];
  });
}

function labelChanges({ labels: was }: Pod, { labels: is }: Pod): string {
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((key) => was[key] !== is[key]);
  const text = (labels: Pod['labels'], key: string) => (labels[key] === undefined ? 'none' : labels[key]);
  return several(
    keys.map((key) => `${key} ${text(was, key)} → ${text(is, key)}`),
    3,
  );
}

/** Pods newly matched by the labels, except replacements for a reached workload's pods. */
function newcomers(before: Surroundings, now: ReadonlyMap<string, Reached>): readonly string[] {
  const owners = new Set([...before.reached.values()].map(({ pod, role }) => `${role}/${ownerKey(pod)}`));
  return [...now].flatMap(([key, { pod, role }]) => {
    if (before.reached.has(key)) return [];
    if (before.present.has(pod.uid))
      return [`labels of pod ${keyOf(pod)} changed: it is now a ${role} of the grant`];
    return owners.has(`${role}/${ownerKey(pod)}`)
      ? []
      : [`pod ${keyOf(pod)} from another workload is now a ${role} of the grant`];
  });
}

function pathDrift(
  engine: Engine,
  policies: readonly Policy[],
  pairs: ReturnType<typeof pairsOf>,
  isOpened: (pair: PairChange) => boolean,
): { readonly drift: readonly string[]; readonly opens: readonly PairChange[] } {
  const drift = new Set<string>();
  const opens: PairChange[] = [];
  for (const { ends, ...pair } of pairs) {
    const { port, protocol } = pair;
    const decision = engine.decide({ from: ends[0], to: ends[1], port, protocol });
    const others = decision.verdict === 'allow' ? openers(policies, decision) : [];
    if (others === undefined) opens.push(pair);
    else if (isOpened(pair)) {
      for (const text of openersText(others)) drift.add(text);
      if (decision.verdict === 'deny') for (const text of closers(engine, decision)) drift.add(text);
    }
  }
  return { drift: [...drift], opens };
}

/** What denies a pair although the grant allows it. */
function closers({ world }: Engine, { egress, ingress }: PathDecision): readonly string[] {
  return [egress, ingress]
    .filter(({ verdict }) => verdict === 'deny')
    .flatMap((half) =>
      half.steps.length === 0
        ? [`the path is still closed: ${summaryOf(world, half)}`]
        : half.steps.map(({ applied }) => `${policyTitle(applied.policy)} keeps the path closed`),
    );
}
