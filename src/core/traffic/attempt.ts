import type { Flow, FlowEnd, FlowPolicy, Seen } from './flow.ts';

/**
 * `pending`: the source's node let it go and the destination's has not reported yet (HUB-20). `l7`: allowed at L4, the
 * proxy decides on the request. `failed`: reached, but refused or reset by the destination.
 */
export type AttemptVerdict = 'allow' | 'drop' | 'audit' | 'l7' | 'error' | 'pending' | 'failed';

/** Flows folded into one connection attempt. Times are ms since the epoch. */
export type Attempt = {
  readonly key: string;
  readonly rowKey: string;
  readonly verdict: AttemptVerdict;
  readonly first: number;
  readonly last: number;
  /** Time of the flow that gave the verdict: with retried SYNs, later than `first` if a path opens meanwhile. */
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

/** How many steps make the last minute, and the length of one, ms. */
export const RECENT = 8;
export const RECENT_STEP = 60_000 / RECENT;

/** Counts of the last `RECENT` steps, oldest first; `newest` is the number of the last step since the epoch. */
export type Recent = { readonly newest: number; readonly counts: readonly number[] };

/**
 * Attempts grouped by source workload, destination, port, and protocol: one row of the table. Its verdict is that of
 * its newest attempt that is not pending, so a path that opens turns green with the first connection.
 */
export type AttemptRow = {
  readonly key: string;
  readonly verdict: AttemptVerdict;
  /** Attempts since the row began, and how many of them were ever dropped. */
  readonly count: number;
  readonly dropped: number;
  /** Attempts begun in each step of the last minute before the row changed. */
  readonly recent: Recent;
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

/** Protocol, both addresses and both ports: retried packets keep all of them (HUB-19). */
export function attemptKey(flow: Flow): string {
  return `${protocolKey(flow)} ${endKey(flow.source)}>${endKey(flow.destination)}`;
}

/** The key of the attempt that this flow would answer. */
export function replyKey(flow: Flow): string {
  return `${protocolKey(flow)} ${endKey(flow.destination)}>${endKey(flow.source)}`;
}

/** An end without an address is identified by name, which may be all the probe knows. */
function endKey({ ip, port, namespace, pod }: FlowEnd): string {
  const host = ip ?? (pod === undefined ? '' : `${namespace}/${pod}`);
  return port === undefined ? host : `${host}:${port}`;
}

/** Replies to an echo have a type of their own (RFC 792, RFC 4443). */
function protocolKey({ protocol, icmpType }: Flow): string {
  if (icmpType === undefined) return protocol;
  const asked = icmpType === 0 ? 8 : icmpType === 129 ? 128 : icmpType;
  return `${protocol}${asked}`;
}
