import type { Protocol } from '../../cluster/cluster.ts';
import type { Direction, Peer } from './policy.ts';

/** One step of a JSON Patch (RFC 6902) for the object as the API server has it: for `kubectl patch --type=json`. */
export type PatchStep = { readonly op: 'add'; readonly path: string; readonly value: unknown };

/** Where a rule stands: which of the policy's parts (0 where it has none), and its place in the list. */
export type RulePlace = { readonly part: number; readonly direction: Direction; readonly index: number };

/**
 * The smallest change of a policy that makes a rule of it match. `add-port`: one more port in the rule, which opens
 * it to all peers of the rule. `add-peer`: one more peer, on the rule's ports. `add-rule`: a rule of its own beside
 * it, where the two do not go into one, or where widening the rule would open more than was asked.
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

/** A change with its place. */
export type RuleEdit = RulePlace &
  RuleChange & {
    /** One phrase: `add tcp 8080 to rule 1`. */
    readonly text: string;
    /** The same for `kubectl patch --type=json`, where the object's text is known well enough. */
    readonly patch?: readonly PatchStep[];
  };
