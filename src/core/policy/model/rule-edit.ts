import type { Protocol } from '../../cluster/cluster.ts';
import type { Direction, Peer } from './policy.ts';

/** One step of a JSON Patch (RFC 6902) for the object on the API server: for `kubectl patch --type=json`. */
export type PatchStep = { readonly op: 'add'; readonly path: string; readonly value: unknown };

/** Position of a rule: which of the policy's parts (0 if it has none), and its index in the list. */
export type RulePlace = { readonly part: number; readonly direction: Direction; readonly index: number };

/**
 * The smallest change to a policy that makes one of its rules match. `add-port`: one more port in the rule, which opens
 * it to all peers of the rule. `add-peer`: one more peer, on the rule's ports. `add-rule`: a separate rule, where the
 * two can't be combined, or where widening the rule would open more than requested.
 */
export type RuleChange =
  | { readonly type: 'add-port'; readonly protocol: Protocol; readonly port: number }
  | { readonly type: 'add-peer'; readonly peer: Peer }
  | {
      readonly type: 'add-rule';
      readonly peer: Peer | 'any';
      readonly protocol: Protocol;
      readonly port: number;
    };

/** What an edit changes on the whole cluster, as the difference between two evaluations. */
export type EditPrice = {
  /** Paths that open, or may: pairs of workloads, nodes, and external addresses. */
  readonly opens: number;
  /** Ports over all of them. */
  readonly ports: number;
  /** One phrase: `opens 6 paths, among them outside → shop/redis tcp 6379`. */
  readonly text: string;
};

/** A change with its position. */
export type RuleEdit = RulePlace &
  RuleChange & {
    /** One phrase: `add tcp 8080 to rule 1`. */
    readonly text: string;
    /** Set if it admits everybody of some place, also those to come: `anyone`, `all pods in ops`. */
    readonly everybody?: string;
    /** Only where it was asked for. */
    readonly price?: EditPrice;
    /** The same for `kubectl patch --type=json`, if enough of the object's text is known. */
    readonly patch?: readonly PatchStep[];
  };
