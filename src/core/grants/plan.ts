import type { ApiObject, PortSpec, Workload } from '../cluster/cluster.ts';
import type { ClusterModel } from '../live/live.ts';
import type { Engine } from '../policy/decide/decide.ts';
import type { Direction, IsolationChange, PairChange, Verdict } from '../policy/model/model.ts';
import type { PathChange } from '../policy/reach/reach.ts';
import type { GrantRequest } from './grant.ts';

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

/** What a plan is made from. `workloads` are those of the ends, as far as they could be read. */
export type PlanInput = {
  readonly model: ClusterModel;
  readonly engine: Engine;
  readonly request: GrantRequest;
  readonly id: string;
  readonly requester: string;
  readonly version: string;
  readonly workloads: readonly Workload[];
};
