import type { Labels } from '../cluster/cluster.ts';

export type FlowVerdict =
  | 'forwarded'
  | 'dropped'
  | 'error'
  | 'audit'
  | 'redirected'
  | 'traced'
  | 'translated'
  | 'unknown';

/** One end of a flow, with what its source knew about it; every text is sanitized. */
export type FlowEnd = {
  readonly ip?: string;
  readonly port?: number;
  readonly namespace?: string;
  readonly pod?: string;
  readonly workload?: { readonly kind: string; readonly name: string };
  readonly labels?: Labels;
  /** A reserved identity: `world`, `host`, `remote-node`, `kube-apiserver`, … */
  readonly reserved?: string;
  readonly dns?: readonly string[];
  readonly service?: { readonly namespace: string; readonly name: string };
};

/** How a flow was seen. `socket` and `connect` come from the probe; how far to trust each is in `trustOf`. */
export type Seen = 'hubble' | 'socket' | 'connect' | 'replay';

/** A policy that decided a flow, and for which half. */
export type FlowPolicy = {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name: string;
  readonly direction?: 'ingress' | 'egress';
};

/**
 * One event of the datapath (Hubble), or one observation of the probe. Times are ms since the epoch, of the
 * node that saw it.
 */
export type Flow = {
  readonly uuid?: string;
  readonly time: number;
  readonly seen: Seen;
  readonly node?: string;
  /** What reported it (`cilium`, `hubble-kit`, …), when it says so. */
  readonly emitter?: string;
  readonly verdict: FlowVerdict;
  /** Hubble's drop reason: number and the datapath's own text. */
  readonly dropReason?: { readonly code: number; readonly text: string };
  readonly direction?: 'ingress' | 'egress';
  readonly protocol: 'TCP' | 'UDP' | 'SCTP' | 'ICMP' | 'unknown';
  readonly tcpFlags?: readonly string[];
  /** ICMP has no ports; its type tells an echo from an error. */
  readonly icmpType?: number;
  /** Links the two halves of a translation at the socket (types `traced`, `translated`). */
  readonly socket?: string;
  readonly source: FlowEnd;
  readonly destination: FlowEnd;
  /** Absent on drops (HUB-13). */
  readonly isReply?: boolean;
  /** Monitor event type and sub type: drop 1, trace 4, policy verdict 5, trace-sock 7, L7 129. */
  readonly eventType?: number;
  readonly eventSubType?: number;
  readonly l7?: { readonly type: string; readonly text: string; readonly code?: number };
  readonly allowedBy: readonly FlowPolicy[];
  readonly deniedBy: readonly FlowPolicy[];
};

/** Monitor event types, as Hubble numbers them (HUB-10). */
export const EVENT = { drop: 1, trace: 4, policyVerdict: 5, traceSock: 7, l7: 129 } as const;

/** Where a trace event was captured: sub types on the wire, where TO_ENDPOINT is 0. */
export const TRACE = {
  toEndpoint: 0,
  toProxy: 1,
  toHost: 2,
  toStack: 3,
  toOverlay: 4,
  toNetwork: 11,
} as const;
