import { keyOf } from '../cluster/cluster.ts';
import { policyKey } from '../live/live.ts';
import type { Engine, PathDecision } from '../policy/decide/decide.ts';
import type { Policy } from '../policy/model/model.ts';
import type { Grant } from './grant.ts';
import { GRANT_LABEL } from './names.ts';
import { allowsOf, directionOf, openerName, openers, openersText } from './openers.ts';
import { pairsOf, type Reach, reachOf } from './reach.ts';
import { reachedOf } from './surroundings.ts';
import { workloadEntry } from './witness.ts';

/**
 * What the cluster around a grant tells any process about it (GRANT-17): pods of other workloads that its labels reach,
 * base policies that are gone, and who else opens its path. What was so before the grant, only its maker knows
 * (`surroundingsDrift`). Empty as long as the engine does not have the grant's own policies.
 */
export function clusterTroubles(
  engine: Engine,
  { policies = [], workloads }: Pick<Grant, 'policies' | 'workloads'>,
): readonly string[] {
  if (!policies.every((policy) => isKnown(engine, policy))) return [];
  const reach = reachOf(engine, policies);
  return [
    ...(workloads === undefined ? [] : strangers(reach, workloads)),
    ...policies.flatMap((policy) => freed(engine, policy)),
    ...overlaps(engine, policies, reach),
  ];
}

function isKnown({ model }: Engine, { kind, namespace, name, uid }: Policy): boolean {
  return model.policy(kind, namespace, name)?.uid === uid;
}

function strangers(reach: Reach, workloads: ReadonlySet<string>): readonly string[] {
  return [...reachedOf(reach).values()]
    .filter(({ pod, role }) => !workloads.has(workloadEntry(role, pod)))
    .map(({ pod, role }) => `pod ${keyOf(pod)} from another workload is now a ${role} of the grant`);
}

/** A half is granted only where another policy isolates its pods (GRANT-1): if none does any more, one was deleted. */
function freed(engine: Engine, policy: Policy): readonly string[] {
  const direction = directionOf(policy);
  const pods = engine.selected(policy);
  const isHeld = pods.some((pod) =>
    engine
      .policiesOn(pod)
      .some(({ isolates, labels }) => isolates[direction] && labels[GRANT_LABEL] === undefined),
  );
  const isSure =
    engine.unreadable.length === 0 &&
    engine.foreign.length === 0 &&
    engine.dialect.enablePolicy === 'default';
  if (pods.length === 0 || isHeld || !isSure) return [];
  const [first, ...more] = pods.map(keyOf);
  const who = more.length === 0 ? first : `${first} and ${more.length} more`;
  return [
    `no policy but grants isolates ${who} (${direction}) any more: the end of the grant sets them free`,
  ];
}

/** Who else opens the path: other grants wherever they do, other policies where nothing is left that they don't. */
function overlaps(engine: Engine, policies: readonly Policy[], reach: Reach): readonly string[] {
  const others = pairsOf(reach)
    .map(({ ends: [from, to], port, protocol }) => engine.decide({ from, to, port, protocol }))
    .filter(({ verdict }) => verdict === 'allow')
    .map((decision) => openers(policies, decision));
  const found = others.flatMap((some) => some ?? []);
  const told = others.includes(undefined) ? found.filter(({ labels }) => GRANT_LABEL in labels) : found;
  return openersText([...new Map(told.map((policy) => [policyKey(policy), policy])).values()]);
}

/**
 * What is left of the path of a grant without its policies. `through`: other policies that open some of it; none if
 * nothing isolates the pods. `unknown` if it can't be decided, `none` if the grant reaches no pair of pods any more.
 */
export type Remaining = {
  readonly verdict: 'closed' | 'open' | 'unknown' | 'none';
  readonly through: readonly Policy[];
  /** How many pairs are open, of how many. */
  readonly open: number;
  readonly pairs: number;
};

/** Judges the path that policies opened, with or without them still in the engine, as it is without them (GRANT-18). */
export function remainingOf(engine: Engine, policies: readonly Policy[]): Remaining {
  const pairs = pairsOf(reachOf(engine, policies));
  const judged = pairs.map(({ ends: [from, to], port, protocol }) =>
    withoutOwn(policies, engine.decide({ from, to, port, protocol })),
  );
  const open = judged.filter(({ verdict }) => verdict === 'open');
  const through = new Map(
    open.flatMap(({ others }) => others.map((policy) => [policyKey(policy), policy] as const)),
  );
  // A policy of a kind that can't be listed may open what looks closed.
  const isUnknown = judged.some(({ verdict }) => verdict === 'unknown') || engine.unreadable.length > 0;
  const rest = pairs.length === 0 ? 'none' : isUnknown ? 'unknown' : 'closed';
  const verdict = open.length > 0 ? 'open' : rest;
  return { verdict, through: [...through.values()], open: open.length, pairs: pairs.length };
}

/** What is left, in words; `time` formats a time of day. */
export function remainingText(
  { verdict, through, open, pairs }: Remaining,
  time: (at: number) => string,
): string {
  switch (verdict) {
    case 'closed':
      return 'the path is closed';
    case 'none':
      return 'no pods are left on the path';
    case 'unknown':
      return "whether the path is closed can't be told";
    case 'open': {
      const what = open === pairs ? 'the path is' : `${open} of ${pairs} pairs ${open === 1 ? 'is' : 'are'}`;
      const names = [...new Set(through.map((policy) => openerName(policy, time)))];
      const by = names.length === 0 ? ': no policy isolates its pods' : ` through ${names.join(' and ')}`;
      return `${what} still open${by}`;
    }
  }
}

function withoutOwn(
  policies: readonly Policy[],
  decision: PathDecision,
): { readonly verdict: 'closed' | 'open' | 'unknown'; readonly others: readonly Policy[] } {
  if (decision.verdict !== 'allow')
    return { verdict: decision.verdict === 'deny' ? 'closed' : 'unknown', others: [] };
  const halves = allowsOf(policies, decision);
  const isOwnOnly = halves.some(({ all, others }) => all.length > 0 && others.length === 0);
  if (isOwnOnly) return { verdict: 'closed', others: [] };
  return { verdict: 'open', others: halves.flatMap(({ others }) => others) };
}
