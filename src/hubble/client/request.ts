import { status } from '@grpc/grpc-js';
import { EVENT, type Flow, isOngoing, TRACE } from '../../core/traffic/traffic.ts';
import type { FlowFilter, GetFlowsRequest, Timestamp } from '../wire/wire.ts';
import type { StreamEnd } from './rpc.ts';

/** Which flows to request. */
export type Wanted = {
  /** Flows with an end in one of these namespaces; empty: all. */
  readonly namespaces: readonly string[];
  /** Every flow with every field, for raw output; else only what attempts need. */
  readonly everything: boolean;
};

/** Past flows; without any limit, all that servers remember. */
export type Past = {
  /** Flows since this time, ms since the epoch. */
  readonly since?: number;
  /** The last this many of each node. */
  readonly last?: number;
  /** The first this many of each node. */
  readonly first?: number;
  /** The time of the last flow before the stream broke: if servers no longer have it, some in between are missing. */
  readonly after?: number;
};

/** Which request features a server supports. */
export type Terms = {
  /** Index into `MASKS`. */
  readonly mask: number;
  /** Whether the server accepts our filters. */
  readonly filters: boolean;
};

/** Fields of the first servers that support masks (1.16). `time` and `node_name` are required (HUB-3). */
const MASK_1_16 = [
  'time',
  'uuid',
  'verdict',
  'drop_reason',
  'drop_reason_desc',
  'IP',
  'l4',
  'source',
  'destination',
  'source_names',
  'destination_names',
  'source_service',
  'destination_service',
  'Type',
  'node_name',
  'l7',
  'event_type',
  'traffic_direction',
  'trace_observation_point',
  'is_reply',
  'socket_cookie',
  'egress_allowed_by',
  'ingress_allowed_by',
  'egress_denied_by',
  'ingress_denied_by',
];

/**
 * Masks from the fullest to none. A server rejects a mask with an unknown field, so the next one is tried (HUB-3);
 * servers before 1.16 ignore masks.
 */
export const MASKS: readonly (readonly string[] | undefined)[] = [
  [...MASK_1_16, 'emitter'],
  MASK_1_16,
  undefined,
];

/** Observation points that matter for attempts; the others see the same packet in transit. */
const POINTS = [TRACE.toEndpoint, TRACE.toHost, TRACE.toStack, TRACE.toNetwork];

/**
 * Filters that let the server omit trace events (HUB-18) other than the first packet of a connection, its reply and its
 * rejection. `tcp_flags` of SYN also matches SYN-ACK.
 */
const CUT: readonly FlowFilter[] = [
  { event_type: [{ type: EVENT.drop }, { type: EVENT.policyVerdict }, { type: EVENT.l7 }] },
  { event_type: tracePoints(), tcp_flags: [{ SYN: true }, { RST: true }] },
  { event_type: tracePoints(), protocol: ['udp', 'icmp', 'sctp'] },
];

/** The request that follows new flows. `number: 1` keeps Relay from holding flows back (HUB-5). */
export function followRequest(wanted: Wanted, terms: Terms): GetFlowsRequest {
  return { follow: true, number: 1, ...common(wanted, terms) };
}

/**
 * The request for past flows, from the servers' buffers. It is separate because with `number: 1` a following stream goes
 * back by one flow regardless of `since`.
 */
export function historyRequest(wanted: Wanted, terms: Terms, { since, last, first }: Past): GetFlowsRequest {
  return {
    ...(since === undefined ? {} : { since: timestampOf(since) }),
    ...(last === undefined ? {} : { number: last }),
    ...(first === undefined ? {} : { number: first, first: true }),
    ...common(wanted, terms),
  };
}

/**
 * Easier terms for a server that rejected ours; undefined if it rejected something else. An agent rejects a mask with
 * UNKNOWN "invalid fieldmask"; Relay forwards the text in NODE_ERROR and ends with OK (HUB-3).
 */
export function easierTerms(terms: Terms, refusal: StreamEnd): Terms | undefined {
  const { code, details } = refusal;
  if (/invalid field ?mask/i.test(details)) {
    return MASKS[terms.mask] === undefined ? undefined : { ...terms, mask: terms.mask + 1 };
  }
  const isAboutRequest = code === status.INVALID_ARGUMENT || /code = InvalidArgument/.test(details);
  return isAboutRequest && terms.filters ? { ...terms, filters: false } : undefined;
}

function common({ namespaces, everything }: Wanted, { mask, filters }: Terms): GetFlowsRequest {
  const paths = everything ? undefined : MASKS[mask];
  const whitelist = filters ? within(namespaces, everything ? [{}] : CUT) : [];
  return {
    ...(paths === undefined ? {} : { field_mask: { paths: [...paths] } }),
    ...(whitelist.length === 0 ? {} : { whitelist }),
  };
}

/** A namespace is filtered as a prefix of pod names, once for each end (HUB-2). */
function within(namespaces: readonly string[], filters: readonly FlowFilter[]): FlowFilter[] {
  if (namespaces.length === 0) return filters.filter((filter) => Object.keys(filter).length > 0);
  const pods = namespaces.map((namespace) => `${namespace}/`);
  return filters.flatMap((filter) => [
    { ...filter, source_pod: pods },
    { ...filter, destination_pod: pods },
  ]);
}

/** Applies the requested filters again, because older servers ignore unknown ones (HUB-2). */
export function isWanted({ namespaces, everything }: Wanted, flow: Flow): boolean {
  if (namespaces.length > 0 && !isWithin(namespaces, flow)) return false;
  if (everything) return true;
  switch (flow.eventType) {
    case EVENT.drop:
    case EVENT.policyVerdict:
    case EVENT.l7:
    case undefined:
      return true;
    case EVENT.trace:
      return isTelling(flow);
    default:
      return false;
  }
}

function isTelling(flow: Flow): boolean {
  if (!POINTS.some((point) => point === (flow.eventSubType ?? 0))) return false;
  return !isOngoing(flow) || flow.tcpFlags?.includes('RST') === true;
}

function isWithin(namespaces: readonly string[], { source, destination }: Flow): boolean {
  return [source.namespace, destination.namespace].some(
    (namespace) => namespace !== undefined && namespaces.includes(namespace),
  );
}

function tracePoints(): FlowFilter['event_type'] {
  return POINTS.map((point) => ({ type: EVENT.trace, match_sub_type: true, sub_type: point }));
}

function timestampOf(ms: number): Timestamp {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: Math.round((ms - seconds * 1000) * 1e6) };
}
