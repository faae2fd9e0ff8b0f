import type { Flow, FlowEnd, FlowPolicy, Seen } from './flow.ts';

/**
 * `pending`: the source's node let it go and the destination's has not spoken yet (HUB-20). `l7`: open at L4, the proxy
 * decides on the request. `failed`: reached, but refused or reset by the destination.
 */
export type AttemptVerdict = 'allow' | 'drop' | 'audit' | 'l7' | 'error' | 'pending' | 'failed';

/** Flows folded into one connection attempt. Times are ms since the epoch. */
export type Attempt = {
  readonly key: string;
  readonly rowKey: string;
  readonly verdict: AttemptVerdict;
  readonly first: number;
  readonly last: number;
  /** Time of the flow that gave the verdict: with retried SYNs, later than `first` when a path opens meanwhile. */
  readonly turned: number;
  /** SYNs, datagrams or requests counted as this attempt. */
  readonly tries: number;
  readonly protocol: Flow['protocol'];
  readonly source: FlowEnd;
  readonly destination: FlowEnd;
  readonly dropReason?: Flow['dropReason'];
  readonly dropDirection?: 'ingress' | 'egress';
  readonly allowedBy: readonly FlowPolicy[];
  readonly deniedBy: readonly FlowPolicy[];
  readonly l7?: Flow['l7'];
  readonly seen: Seen;
  readonly nodes: readonly string[];
};

/**
 * Attempts grouped by source workload, destination, port and protocol: one row of the table. Its verdict is that
 * of its newest attempt that is not pending, so a path that opens turns green with the first connection.
 */
export type AttemptRow = {
  readonly key: string;
  readonly verdict: AttemptVerdict;
  /** Attempts since the row began, and how many of them were ever dropped. */
  readonly count: number;
  readonly dropped: number;
  readonly first: number;
  readonly last: number;
  /** When the verdict last changed. */
  readonly turned: number;
  readonly source: FlowEnd;
  readonly destination: FlowEnd;
  /** Display names: workload, else pod, DNS name, service, reserved identity, address. */
  readonly sourceName: string;
  readonly destinationName: string;
  readonly port?: number;
  readonly protocol: Flow['protocol'];
  readonly newest: Attempt;
};
