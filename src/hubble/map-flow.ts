import { safeText } from '../core/safe-text.ts';
import { EVENT } from '../core/traffic/event-types.ts';
import type { Flow, FlowEnd, FlowVerdict } from '../core/traffic/flow.ts';
import { dropReasonOf } from './flow/drop-reason.ts';
import { createIdentityReader, type IdentityFacts } from './flow/identity.ts';
import { layer7Of } from './flow/layer7.ts';
import { policiesOf } from './flow/policies.ts';
import {
  type DecodedEndpoint,
  type DecodedFlow,
  type DecodedLayer4,
  type DecodedService,
  millisecondsOf,
  TCP_FLAGS,
} from './wire/decoded.ts';

const VERDICTS: readonly FlowVerdict[] = [
  'unknown',
  'forwarded',
  'dropped',
  'error',
  'audit',
  'redirected',
  'traced',
  'translated',
];

/** TO_ENDPOINT in `trace_observation_point`; on the event it is sub type 0 (HUB-10). */
const TO_ENDPOINT = 101;

/** Turns flows of the wire into the core's. Keep one for a stream: it remembers identities. */
export type FlowMapper = (flow: DecodedFlow, seen: 'hubble' | 'replay', node: string) => Flow;

/**
 * Makes a mapper. Whatever a server leaves out, for age or by mask, is left out here too; every text is sanitised.
 */
export function createFlowMapper(): FlowMapper {
  const identify = createIdentityReader();
  return (flow, seen, node) => {
    const { source, destination, IP, emitter } = flow;
    const layer4 = readLayer4(flow.l4);
    const eventType = eventTypeOf(flow);
    const code = flow.drop_reason_desc || flow.drop_reason;
    const cookie = String(flow.socket_cookie);
    return {
      uuid: flow.uuid || undefined,
      time: millisecondsOf(flow.time),
      seen,
      node: text(flow.node_name || node),
      emitter: emitter === null ? undefined : text(emitter.name),
      verdict: VERDICTS[flow.verdict] ?? 'unknown',
      dropReason: code === 0 ? undefined : dropReasonOf(code),
      direction: directionOf(flow.traffic_direction),
      protocol: layer4.protocol,
      tcpFlags: layer4.flags,
      icmpType: layer4.icmpType,
      socket: cookie === '0' ? undefined : cookie,
      source: endOf(source, IP?.source, layer4.sourcePort, flow.source_names, flow.source_service, identify),
      destination: endOf(
        destination,
        IP?.destination,
        layer4.destinationPort,
        flow.destination_names,
        flow.destination_service,
        identify,
      ),
      isReply: flow.is_reply === null ? undefined : flow.is_reply.value,
      eventType,
      eventSubType: subTypeOf(flow, eventType),
      l7: flow.l7 === null ? undefined : layer7Of(flow.l7),
      allowedBy: policiesOf(flow.egress_allowed_by, flow.ingress_allowed_by),
      deniedBy: policiesOf(flow.egress_denied_by, flow.ingress_denied_by),
    };
  };
}

function endOf(
  endpoint: DecodedEndpoint | null,
  ip: string | undefined,
  port: number | undefined,
  names: readonly string[],
  service: DecodedService | null,
  identify: (identity: number, labels: readonly string[]) => IdentityFacts,
): FlowEnd {
  const workload = endpoint?.workloads[0];
  const facts = endpoint === null ? undefined : identify(endpoint.identity, endpoint.labels);
  return {
    ip: text(ip),
    port: port === 0 ? undefined : port,
    namespace: text(endpoint?.namespace),
    pod: text(endpoint?.pod_name),
    workload:
      workload === undefined || workload.name === ''
        ? undefined
        : { kind: safeText(workload.kind), name: safeText(workload.name) },
    labels: facts?.labels,
    reserved: facts?.reserved,
    dns: names.length === 0 ? undefined : names.map((name) => safeText(name)),
    service:
      service === null || service.name === ''
        ? undefined
        : { namespace: safeText(service.namespace), name: safeText(service.name) },
  };
}

function text(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : safeText(value);
}

type Layer4 = {
  readonly protocol: Flow['protocol'];
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly flags?: readonly string[];
  readonly icmpType?: number;
};

function readLayer4(l4: DecodedLayer4 | null): Layer4 {
  if (l4 === null) return { protocol: 'unknown' };
  const { TCP, UDP, SCTP } = l4;
  if (TCP !== null) {
    const { flags } = TCP;
    return {
      protocol: 'TCP',
      sourcePort: TCP.source_port,
      destinationPort: TCP.destination_port,
      flags: flags === null ? undefined : TCP_FLAGS.filter((name) => flags[name]),
    };
  }
  if (UDP !== null) {
    return { protocol: 'UDP', sourcePort: UDP.source_port, destinationPort: UDP.destination_port };
  }
  if (SCTP !== null) {
    return { protocol: 'SCTP', sourcePort: SCTP.source_port, destinationPort: SCTP.destination_port };
  }
  const icmp = l4.ICMPv4 ?? l4.ICMPv6;
  return icmp === null ? { protocol: 'unknown' } : { protocol: 'ICMP', icmpType: icmp.type };
}

function directionOf(direction: number): Flow['direction'] {
  return direction === 1 ? 'ingress' : direction === 2 ? 'egress' : undefined;
}

/** Some emitters leave the type out; the rest of the flow tells. */
function eventTypeOf(flow: DecodedFlow): number | undefined {
  if (flow.event_type !== null && flow.event_type.type !== 0) return flow.event_type.type;
  if (flow.l7 !== null) return EVENT.l7;
  if (flow.trace_observation_point !== 0) return EVENT.trace;
  return VERDICTS[flow.verdict] === 'dropped' ? EVENT.drop : undefined;
}

function subTypeOf(flow: DecodedFlow, eventType: number | undefined): number | undefined {
  const point = flow.trace_observation_point;
  if (eventType === EVENT.trace && point !== 0) return point === TO_ENDPOINT ? 0 : point;
  return flow.event_type?.sub_type;
}
