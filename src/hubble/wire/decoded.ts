import { wireRoot } from './protocol.ts';

/**
 * Messages straight from the decoder: enums are numbers, absent strings are empty, absent numbers 0, absent messages
 * null. Half the cost of plain objects, and shared by flows from the wire and from files.
 */
export type DecodedTime = {
  readonly seconds: number | { readonly low: number; readonly high: number };
  readonly nanos: number;
};

export type DecodedEndpoint = {
  readonly identity: number;
  readonly namespace: string;
  readonly labels: readonly string[];
  readonly pod_name: string;
  readonly workloads: readonly { readonly name: string; readonly kind: string }[];
};

type Ports = { readonly source_port: number; readonly destination_port: number };

export type DecodedLayer4 = {
  readonly TCP: (Ports & { readonly flags: Readonly<Record<TcpFlag, boolean>> | null }) | null;
  readonly UDP: Ports | null;
  readonly SCTP: Ports | null;
  readonly ICMPv4: { readonly type: number } | null;
  readonly ICMPv6: { readonly type: number } | null;
};

export const TCP_FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR', 'NS'] as const;
export type TcpFlag = (typeof TCP_FLAGS)[number];

export type DecodedService = { readonly name: string; readonly namespace: string };

export type DecodedPolicy = {
  readonly name: string;
  readonly namespace: string;
  readonly kind: string;
  readonly labels: readonly string[];
};

export type DecodedLayer7 = {
  /** 1 request, 2 response, 3 sample. */
  readonly type: number;
  readonly dns: {
    readonly query: string;
    readonly qtypes: readonly string[];
    readonly rcode: number;
  } | null;
  readonly http: { readonly code: number; readonly method: string; readonly url: string } | null;
};

export type DecodedFlow = {
  readonly time: DecodedTime | null;
  readonly uuid: string;
  readonly verdict: number;
  readonly drop_reason: number;
  readonly drop_reason_desc: number;
  readonly IP: { readonly source: string; readonly destination: string } | null;
  readonly l4: DecodedLayer4 | null;
  readonly source: DecodedEndpoint | null;
  readonly destination: DecodedEndpoint | null;
  readonly source_names: readonly string[];
  readonly destination_names: readonly string[];
  readonly source_service: DecodedService | null;
  readonly destination_service: DecodedService | null;
  readonly node_name: string;
  readonly l7: DecodedLayer7 | null;
  readonly event_type: { readonly type: number; readonly sub_type: number } | null;
  readonly traffic_direction: number;
  readonly trace_observation_point: number;
  readonly is_reply: { readonly value: boolean } | null;
  readonly socket_cookie: number | { toString(): string };
  readonly emitter: { readonly name: string } | null;
  readonly egress_allowed_by: readonly DecodedPolicy[];
  readonly ingress_allowed_by: readonly DecodedPolicy[];
  readonly egress_denied_by: readonly DecodedPolicy[];
  readonly ingress_denied_by: readonly DecodedPolicy[];
};

export type DecodedResponse = {
  readonly flow: DecodedFlow | null;
  readonly node_status: {
    readonly state_change: number;
    readonly node_names: readonly string[];
    readonly message: string;
  } | null;
  readonly lost_events: {
    readonly source: number;
    readonly num_events_lost: number | { toString(): string };
  } | null;
  readonly node_name: string;
  readonly time: DecodedTime | null;
};

const RESPONSE = 'observer.GetFlowsResponse';

/** Decodes one response of GetFlows; throws on invalid bytes. */
export function decodeResponse(bytes: Uint8Array): DecodedResponse {
  return responseType().decode(bytes) as unknown as DecodedResponse;
}

/** One response from its plain form: enum names or numbers, absent fields absent. Unknown names become 0. */
export function responseOf(plain: Record<string, unknown>): DecodedResponse {
  return responseType().fromObject(plain) as unknown as DecodedResponse;
}

/** The plain form of a response: enums by name, 64-bit integers as text. */
export function plainOf(response: DecodedResponse): Record<string, unknown> {
  const message = responseType().create(response as unknown as Record<string, unknown>);
  return responseType().toObject(message, { longs: String, enums: String });
}

let type: ReturnType<ReturnType<typeof wireRoot>['lookupType']> | undefined;

function responseType() {
  type ??= wireRoot().lookupType(RESPONSE);
  return type;
}

/** Time of a message in whole ms since the epoch; 0 when absent. */
export function millisecondsOf(time: DecodedTime | null): number {
  if (time === null) return 0;
  const { seconds, nanos } = time;
  const whole = typeof seconds === 'number' ? seconds : seconds.high * 2 ** 32 + (seconds.low >>> 0);
  return whole * 1000 + Math.floor(nanos / 1e6);
}
