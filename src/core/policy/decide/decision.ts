import type { Pod } from '../../cluster/cluster.ts';
import type { Doubt, Question, Side } from '../match/match.ts';
import type { Decision, Direction, ForeignObject, Policy, Query, Rule } from '../model/model.ts';
import type { AppliedPolicy } from './stack.ts';

/** One step toward a decision: a rule that applied, or a policy that isolates and admits nothing here. */
export type Step = {
  readonly applied: AppliedPolicy;
  readonly action: 'allow' | 'deny' | 'pass' | 'isolate';
  readonly sure: boolean;
  /** Whether the rule certainly matches, if its policy is in force. */
  readonly matches?: boolean;
} & ({ readonly rule: Rule; readonly index: number } | { readonly rule?: never; readonly index?: never });

/** Conflicts that remain although each rule is clear. */
export type Conflict =
  /** Policies of equal priority disagree. */
  | { readonly type: 'tie'; readonly policies: readonly Policy[] }
  /** A baseline policy accepts what the normal tier isolates. */
  | { readonly type: 'baseline-accept'; readonly policy: Policy }
  /** ICMP, which the NetworkPolicy API does not cover. */
  | { readonly type: 'icmp' };

/** Why no rule is evaluated for a half. */
export type Settled =
  | 'outside'
  | 'node'
  | 'finished'
  /** Cilium's `enable-policy` is `never`. */
  | 'never'
  | 'own-node'
  | 'itself';

/** What makes a half undecidable whatever the rules decide. */
export type OpenQuestion =
  /** The API does not define how a host-network pod is treated, and here it matters. */
  | { readonly type: 'host-network'; readonly pod: Pod }
  /** An end has several addresses, and policies treat them differently. */
  | { readonly type: 'addresses'; readonly side: Side }
  /** Whether traffic from a pod to itself through a Service is filtered. */
  | { readonly type: 'hairpin' }
  /** Policies that are not evaluated here may decide it. */
  | { readonly type: 'foreign'; readonly objects: readonly ForeignObject[] }
  /** A mesh carries it over another port, or through a waypoint, where the policies decide otherwise (ENF-32). */
  | { readonly type: 'mesh'; readonly verdict: Decision; readonly waypoint?: string }
  /** No known policy enforcer. */
  | { readonly type: 'not-enforced' };

/** The decision on one half of a path and how it was reached: references to policies and rules, no text. */
export type HalfDecision = {
  readonly direction: Direction;
  /** The ends as they were read. Where several readings agree, one of them, with the addresses of every family. */
  readonly question: Question;
  /** At L4: with `l7`, a proxy then decides on the request. */
  readonly verdict: Decision;
  /** The decision by rules alone; if it differs from `verdict`, `open` says why. */
  readonly byRules: Decision;
  /** Whether the normal tier isolates the pod. */
  readonly isolated: boolean;
  readonly steps: readonly Step[];
  readonly l7?: string;
  readonly settled?: Settled;
  readonly conflict?: Conflict;
  /** The first reason why a match is unknown. */
  readonly doubt?: Doubt;
  /** In the order found; the last one counts most. */
  readonly open: readonly OpenQuestion[];
};

/** The decision on one path. `explain` puts it into words. */
export type PathDecision = {
  readonly query: Query;
  readonly source: Side;
  readonly destination: Side;
  /** Both halves must allow; allowed at L4 with a proxy behind it is not a certain allow. */
  readonly verdict: Decision;
  readonly egress: HalfDecision;
  readonly ingress: HalfDecision;
};

/** The overall decision of a half: allowed at L4 with a proxy behind it is not a certain allow. */
export function decisionOf({ verdict, l7 }: Pick<HalfDecision, 'verdict' | 'l7'>): Decision {
  return verdict === 'allow' && l7 !== undefined ? 'undecidable' : verdict;
}

/** Combines two halves: both must allow. */
export function both(a: Decision, b: Decision): Decision {
  if (a === 'deny' || b === 'deny') return 'deny';
  return a === 'undecidable' ? a : b;
}
