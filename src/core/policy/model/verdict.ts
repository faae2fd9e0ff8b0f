import type { Node, Pod, Protocol, Service } from '../../cluster/cluster.ts';
import type { Direction, PolicyRef, Tier } from './policy.ts';
import type { RuleEdit } from './rule-edit.ts';

/** `undecidable`: the available objects do not determine what the datapath does. Never a guessed yes. */
export type Decision = 'allow' | 'deny' | 'undecidable';

/**
 * One end of a path: a pod, or an address that does not belong to a known pod. For a pod with several addresses, `ip`
 * is the one in use; without it every address of the pod counts (NP-33).
 */
export type End =
  | { readonly type: 'pod'; readonly pod: Pod; readonly ip?: string }
  | {
      readonly type: 'ip';
      readonly ip: string;
      /** Set if it is Cilium's own endpoint, according to a flow; such an address is in no object list. */
      readonly reserved?: 'health' | 'ingress';
      /** Set if it is a node that is in no list: its labels are unknown then, and `ip` may be empty. */
      readonly node?: Node;
      /** The requested DNS name; `ip` is then an address it may resolve to. */
      readonly dns?: string;
      /** The requested blocks, of which `ip` is one address: policies do not treat their addresses differently. */
      readonly blocks?: readonly string[];
    };

/**
 * One question: may `from` open a connection to `port` (numeric, after DNAT) of `to`? For ICMP, `port` is the type.
 * `viaService`: a pod reaches itself through a Service (NP-30). `through`: the Service that was dialed, and on which of
 * its ports.
 */
export type Query = {
  readonly from: End;
  readonly to: End;
  readonly port: number;
  readonly protocol: Protocol | 'ICMP';
  readonly viaService?: boolean;
  readonly through?: Through;
};

export type Through = { readonly service: Service; readonly port: number };

/**
 * A policy that decided a half. `isolate`: it selects the pod and none of its rules admits the peer, so it is a cause
 * of the denial, and `ruleIndex` is absent. `ruleIndex` counts from 0, texts say "rule 1".
 */
export type Decider = PolicyRef & {
  readonly direction: Direction;
  readonly ruleIndex?: number;
  readonly action: 'allow' | 'deny' | 'pass' | 'isolate';
  readonly tier: Tier;
  readonly priority?: number;
  /** What manages the policy, if its metadata tells: `managed by Helm release shop`. */
  readonly managedBy?: string;
  /** One phrase: `rule 1 admits pods app=api · tcp 5432`. */
  readonly text: string;
};

/** A rule that did not match, and the reason. */
export type NearMiss = PolicyRef & {
  readonly direction: Direction;
  readonly ruleIndex: number;
  readonly why: 'peer' | 'port' | 'protocol' | 'namespace';
  /** As for a decider. */
  readonly managedBy?: string;
  /** One phrase: `admits app=api, not app=web`. */
  readonly text: string;
  /** Everything the rule admits: `pods app=api · tcp 5432`. */
  readonly admits?: string;
  /** What the other end has instead: `web has app=web`. */
  readonly because?: string;
  /** The change to that policy that opens the half and the least besides; absent if no change to it can. */
  readonly edit?: RuleEdit;
  /** Another one, where one widens the rule for all its peers or on all its ports, and the other does not. */
  readonly otherEdit?: RuleEdit;
};

/** One half of a path: egress of the source, or ingress of the destination. */
export type Half = {
  readonly verdict: Decision;
  readonly isolated: boolean;
  readonly deciders: readonly Decider[];
  readonly nearMisses: readonly NearMiss[];
  /** Why no NetworkPolicy can open this half; empty when one can, or when it is already open (ENF-7). */
  readonly cannotOpen: readonly string[];
  /** Allowed at L4 only: a proxy then decides by this; the verdict of the path is undecidable. */
  readonly l7?: string;
  /** The half in a few words, for a table cell or the path in view: `db-only-api admits api, not web`. */
  readonly summary: string;
};

export type Verdict = {
  readonly verdict: Decision;
  readonly egress: Half;
  readonly ingress: Half;
  /** What the verdict assumes: the enforcer's dialect, kinds that could not be read. */
  readonly assumptions: readonly string[];
  /** Relevant policy kinds that could not be read: the verdict ignores them. */
  readonly incomplete?: readonly string[];
};

/** A pod that a policy change isolates, or frees, in one direction. */
export type IsolationChange = {
  readonly pod: { readonly namespace: string; readonly name: string };
  readonly direction: Direction;
};

/** An end by name: a pod, or an address, which has no namespace. */
export type EndName = { readonly namespace?: string; readonly name: string };

/** Source, destination, and a port whose verdict a policy change turns. */
export type PairChange = {
  readonly from: EndName;
  readonly to: EndName;
  readonly port: number;
  readonly protocol: Protocol;
};
