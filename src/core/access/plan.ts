import type { Direction } from '../policy/model/policy.ts';
import type { IsolationChange, PairChange, Verdict } from '../policy/model/verdict.ts';
import type { PathChange } from '../policy/reach/collect.ts';
import type { ApiObject } from '../ports.ts';
import type { PortSpec } from './grant.ts';

/** One half that needs a policy: where it goes and the objects to create, lease first. */
export type PlannedHalf = {
  readonly direction: Direction;
  readonly namespace: string;
  readonly lease: ApiObject;
  /** Without `ownerReferences`: the lease's UID is known only once it is created. */
  readonly policy: ApiObject;
};

/** What a grant would do, all of it (GRANT-3). Pure: made from the cluster's contents alone. */
export type GrantPlan =
  | {
      readonly ok: true;
      readonly id: string;
      readonly source: string;
      readonly destination: string;
      readonly ports: readonly PortSpec[];
      readonly seconds: number;
      readonly before: Verdict;
      /** Ingress first: it is created first and revoked last (GRANT-7, GRANT-11). */
      readonly halves: readonly PlannedHalf[];
      /** Pairs of pods that open and were meant to. */
      readonly opens: readonly PairChange[];
      /** What opens besides, over the whole cluster: selectors match more pods than were picked. */
      readonly extra: readonly PathChange[];
      /** What can talk now, and could not with the policies in force. */
      readonly closes: readonly PathChange[];
      /** Pods that the policies would isolate, cutting their other traffic; must be confirmed. */
      readonly isolates: readonly IsolationChange[];
      /** What the end of the window does: closes again, or leaves open and why. */
      readonly after: string;
      readonly warnings: readonly string[];
    }
  | {
      readonly ok: false;
      readonly reason: 'already-open' | 'cannot-open' | 'no-source' | 'no-destination' | 'invalid';
      readonly before?: Verdict;
      readonly message: string;
      readonly hint: string;
    };
