import type { Pod, Protocol } from '../../cluster/cluster.ts';
import type { Direction, PolicyRef, Tier } from './policy.ts';
import type { RuleEdit } from './rule-edit.ts';

/** `undecidable`: the objects at hand do not determine what the datapath does. Never a guessed yes. */
export type Decision = 'allow' | 'deny' | 'undecidable';

/**
 * One end of a path: a pod, or an address that is no known pod. `ip` of a pod is the address in use, where it has
 * several; without it every address of the pod counts (NP-33).
 */
export type End =
  | { readonly type: 'pod'; readonly pod: Pod; readonly ip?: string }
  | {
      readonly type: 'ip';
      readonly ip: string;
      /** Cilium's own endpoint that it is, where a flow says so; such an address is in no list of objects. */
      readonly reserved?: 'health' | 'ingress';
      /** The DNS name that was asked for; `ip` then is one that it may stand for. */
      readonly dns?: string;
      /** The blocks that were asked for, of which `ip` is one address: policies do not tell them apart. */
      readonly blocks?: readonly string[];
    };

/**
 * One question: may `from` open a connection to `port` (numeric, after DNAT) of `to`? Of ICMP, `port` is the type.
 * `viaService`: a pod that reaches itself does so through a Service (NP-30).
 */
export type Query = {
  readonly from: End;
  readonly to: End;
  readonly port: number;
  readonly protocol: Protocol | 'ICMP';
  readonly viaService?: boolean;
};

/**
 * A policy that decided a half. `isolate`: it selects the pod and none of its rules admits the peer, so it is a
 * cause of the denial; then there is no `ruleIndex`. `ruleIndex` counts from 0, texts say "rule 1".
 */
export type Decider = PolicyRef & {
  readonly direction: Direction;
  readonly ruleIndex?: number;
  readonly action: 'allow' | 'deny' | 'pass' | 'isolate';
  readonly tier: Tier;
  readonly priority?: number;
  /** Who manages the policy, as far as its marks tell: `managed by Helm release shop`. */
  readonly managedBy?: string;
  /** One phrase: `rule 1 admits pods app=api · tcp 5432`. */
  readonly text: string;
};

/** A rule that did not match, and what kept it from matching. */
export type NearMiss = PolicyRef & {
  readonly direction: Direction;
  readonly ruleIndex: number;
  readonly why: 'peer' | 'port' | 'protocol' | 'namespace';
  /** As of a decider. */
  readonly managedBy?: string;
  /** One phrase: `admits app=api, not app=web`. */
  readonly text: string;
  /** What the rule admits, whole: `pods app=api · tcp 5432`. */
  readonly admits?: string;
  /** What the other end has instead: `web has app=web`. */
  readonly because?: string;
  /** The smallest change of that policy that opens the half; absent where none of it can. */
  readonly edit?: RuleEdit;
};

/** One half of a path: egress of the source, or ingress of the destination. */
export type Half = {
  readonly verdict: Decision;
  readonly isolated: boolean;
  readonly deciders: readonly Decider[];
  readonly nearMisses: readonly NearMiss[];
  /** Why no NetworkPolicy can open this half; empty when one can, or when it is open (ENF-7). */
  readonly cannotOpen: readonly string[];
  /** Open at L4 only: a proxy then decides on the request by this; the verdict of the path is undecidable. */
  readonly l7?: string;
  /** The half in a few words, for a table cell or the path bar: `db-only-api admits api, not web`. */
  readonly summary: string;
};

export type Verdict = {
  readonly verdict: Decision;
  readonly egress: Half;
  readonly ingress: Half;
  /** What the verdict rests on: the enforcer's dialect, kinds that could not be read. */
  readonly assumptions: readonly string[];
  /** Kinds of policies that count here and could not be read: the verdict is as good as what was read. */
  readonly incomplete?: readonly string[];
};

/** A pod that a change of policies isolates, or frees, in one direction. */
export type IsolationChange = {
  readonly pod: { readonly namespace: string; readonly name: string };
  readonly direction: Direction;
};

/** An end by name: a pod, or an address, which has no namespace. */
export type EndName = { readonly namespace?: string; readonly name: string };

/** Source, destination and a port whose verdict a change of policies turns. */
export type PairChange = {
  readonly from: EndName;
  readonly to: EndName;
  readonly port: number;
  readonly protocol: Protocol;
};
