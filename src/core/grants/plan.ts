import {
  type ApiObject,
  addressCount,
  keyOf,
  type PortSpec,
  type Selector,
  type Workload,
} from '../cluster/cluster.ts';
import type { ClusterModel } from '../live/live.ts';
import type { Engine } from '../policy/decide/decide.ts';
import { parseNetworkPolicy } from '../policy/kinds/kinds.ts';
import type { Direction, IsolationChange, PairChange, Verdict } from '../policy/model/model.ts';
import { clusterDiff, type PathChange } from '../policy/reach/reach.ts';
import type { GrantRequest } from './grant.ts';

/** The other end of a half as a policy selects it. */
export type PeerSelection =
  | { readonly type: 'pods'; readonly namespace: string; readonly selector: Selector }
  | { readonly type: 'addresses'; readonly cidr: string };

/** One half that needs a policy: where it goes and the objects to create, lease first. */
export type PlannedHalf = {
  readonly direction: Direction;
  readonly namespace: string;
  readonly lease: ApiObject;
  /** Without `ownerReferences`: the lease's UID is known only once it is created. */
  readonly policy: ApiObject;
  /** The pods that the policy is for, and whom it admits to them or lets them reach. */
  readonly subject: Selector;
  readonly peer: PeerSelection;
};

/** Everything that a grant would do (GRANT-3), derived only from the cluster's contents. */
export type GrantPlan =
  | {
      readonly ok: true;
      readonly id: string;
      readonly source: string;
      readonly destination: string;
      readonly ports: readonly PortSpec[];
      readonly seconds: number;
      readonly before: Verdict;
      /** Ingress comes first: it is created first and revoked last (GRANT-7, GRANT-11). */
      readonly halves: readonly PlannedHalf[];
      /** Pairs of pods that open as intended. */
      readonly opens: readonly PairChange[];
      /** What else opens in the whole cluster, because selectors match more pods than were picked. */
      readonly extra: readonly PathChange[];
      /** Paths that are open now and would close with the policies in force. */
      readonly closes: readonly PathChange[];
      /** Pods that the policies would isolate, blocking their other traffic; needs confirmation. */
      readonly isolates: readonly IsolationChange[];
      /**
       * Policies of kinds that are not evaluated, which may apply to the path: the plan is right only as far as they
       * neither deny nor allow it; needs confirmation.
       */
      readonly unjudged: readonly string[];
      /** Blocks of very many addresses that the policies admit, as `10.0.0.0/8`; needs confirmation. */
      readonly wide: readonly string[];
      /** What happens when the window ends: which paths close again, or stay open and why. */
      readonly after: string;
      readonly warnings: readonly string[];
    }
  | {
      readonly ok: false;
      readonly reason:
        | 'already-open'
        | 'cannot-open'
        | 'no-source'
        | 'no-destination'
        | 'needs-approval'
        | 'invalid';
      readonly before?: Verdict;
      readonly message: string;
      readonly hint: string;
    };

/** One thing to confirm about a plan: what it is about, such as pods, policies or blocks. */
export type Doubt = { readonly what: 'isolates' | 'unknown' | 'wide'; readonly names: readonly string[] };

/**
 * What somebody has to confirm: a plan that isolates pods, rests on policies that are not evaluated, or admits very many
 * addresses. The verb and the form ask for the same.
 */
export function toConfirm({
  isolates,
  unjudged,
  wide,
}: Pick<Extract<GrantPlan, { ok: true }>, 'isolates' | 'unjudged' | 'wide'>): readonly Doubt[] {
  const pods = new Set(isolates.map(({ pod, direction }) => `${pod.name} (${direction})`));
  const all: readonly Doubt[] = [
    { what: 'isolates', names: [...pods] },
    { what: 'unknown', names: unjudged },
    { what: 'wide', names: wide.map((cidr) => `${cidr} (${addressCount(cidr)})`) },
  ];
  return all.filter(({ names }) => names.length > 0);
}

/**
 * The pods that the policies of a plan would isolate by now and that nobody confirmed, as `web-2 (egress)`: the cluster
 * may have changed since it was planned (GRANT-45).
 */
export function newlyIsolated(
  engine: Pick<Engine, 'model' | 'dialect' | 'foreign'>,
  { halves, isolates }: Pick<Extract<GrantPlan, { ok: true }>, 'halves' | 'isolates'>,
): readonly string[] {
  const add = halves.map(({ policy }) => parseNetworkPolicy(policy));
  const key = ({ pod, direction }: IsolationChange) => `${keyOf(pod)} ${direction}`;
  const known = new Set(isolates.map(key));
  return clusterDiff(engine, { add, remove: [] })
    .isolated.filter((change) => !known.has(key(change)))
    .map(({ pod, direction }) => `${pod.name} (${direction})`);
}

/** The input of a plan. `workloads` are those of the ends that could be read. */
export type PlanInput = {
  readonly model: ClusterModel;
  readonly engine: Engine;
  readonly request: GrantRequest;
  readonly id: string;
  readonly requester: string;
  readonly version: string;
  /** The longest window, extensions included, seconds. */
  readonly maxSeconds: number;
  readonly workloads: readonly Workload[];
  /** Whether labels must outlast releases, not only the window. */
  readonly permanent?: boolean;
};
