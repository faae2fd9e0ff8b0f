import type { Attempt, AttemptVerdict } from './attempt.ts';
import type { Flow, FlowEnd, FlowPolicy } from './flow.ts';

/** Time of something that did not happen. */
export const NEVER = Number.NEGATIVE_INFINITY;

/**
 * One attempt during folding. Findings are kept as times, not as a verdict: flows arrive late and in any order, and a
 * retried packet may pass where the previous one was dropped.
 */
export type AttemptState = {
  readonly key: string;
  rowKey: string;
  /** No longer among the attempts; its row may still show it as the newest. */
  forgotten: boolean;
  wasDropped: boolean;
  source: FlowEnd;
  destination: FlowEnd;
  readonly protocol: Flow['protocol'];
  readonly seen: Flow['seen'];
  first: number;
  last: number;
  /** Node time of the last SYN, datagram or request. */
  tried: number;
  /** Places and how often each was seen, in pairs: only a few of the many occur, so no array for all. */
  readonly places: number[];
  tries: number;
  droppedAt: number;
  failedAt: number;
  passedAt: number;
  sentAt: number;
  /** Local time when `sentAt` was learned. */
  sentSeen: number;
  refusedAt: number;
  answeredAt: number;
  audited: boolean;
  proxied: boolean;
  dropReason: Flow['dropReason'];
  dropDirection: Flow['direction'];
  allowedBy: readonly FlowPolicy[];
  deniedBy: readonly FlowPolicy[];
  l7: Flow['l7'];
  nodes: readonly string[];
  verdict: AttemptVerdict;
  turned: number;
  snapshot: Attempt | undefined;
};

export function startAttempt(key: string, flow: Flow, source: FlowEnd, destination: FlowEnd): AttemptState {
  return {
    key,
    rowKey: '',
    forgotten: false,
    wasDropped: false,
    source,
    destination,
    protocol: flow.protocol,
    seen: flow.seen,
    first: flow.time,
    last: flow.time,
    tried: flow.time,
    places: [],
    tries: 1,
    droppedAt: NEVER,
    failedAt: NEVER,
    passedAt: NEVER,
    sentAt: NEVER,
    sentSeen: NEVER,
    refusedAt: NEVER,
    answeredAt: NEVER,
    audited: false,
    proxied: false,
    dropReason: undefined,
    dropDirection: undefined,
    allowedBy: [],
    deniedBy: [],
    l7: undefined,
    nodes: [],
    verdict: 'pending',
    turned: flow.time,
    snapshot: undefined,
  };
}
