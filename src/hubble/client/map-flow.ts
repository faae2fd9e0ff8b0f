import type { Labels } from '../../core/cluster/cluster.ts';
import { safeText } from '../../core/common/common.ts';
import {
  EVENT,
  type Flow,
  type FlowEnd,
  type FlowPolicy,
  type FlowVerdict,
} from '../../core/traffic/traffic.ts';
import {
  type DecodedEndpoint,
  type DecodedFlow,
  type DecodedLayer4,
  type DecodedLayer7,
  type DecodedPolicy,
  type DecodedService,
  millisecondsOf,
  TCP_FLAGS,
  wireRoot,
} from '../wire/wire.ts';

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

/** Converts wire flows to core flows. Keep one per stream, because it caches identities. */
export type FlowMapper = (flow: DecodedFlow, seen: 'hubble' | 'replay', node: string) => Flow;

/**
 * Creates a mapper. Fields that a server omits, due to its version or a mask, are omitted; every text is sanitized.
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

/** Some emitters omit the type; it is then derived from the rest of the flow. */
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

const RESPONSE = 2;

/** Names of DNS response codes (RFC 1035 §4.1.1). */
const RCODES: Readonly<Record<number, string>> = { 1: 'FORMERR', 2: 'SERVFAIL', 3: 'NXDOMAIN', 5: 'REFUSED' };

/**
 * A short summary of a request: `GET /items`, `A api.example.com NXDOMAIN`. The query of a URL is omitted because it may
 * contain secrets.
 */
function layer7Of({ type, http, dns }: DecodedLayer7): NonNullable<Flow['l7']> {
  if (http !== null) {
    const text = safeText(`${http.method} ${pathOf(http.url)}`.trim());
    return { type: 'HTTP', text, ...(http.code === 0 ? {} : { code: http.code }) };
  }
  if (dns !== null) {
    const answered = type === RESPONSE;
    const asked = [dns.qtypes.join(','), dns.query.replace(/\.$/, '')];
    if (answered && dns.rcode !== 0) asked.push(RCODES[dns.rcode] ?? `RCODE ${dns.rcode}`);
    return {
      type: 'DNS',
      text: safeText(asked.filter((part) => part !== '').join(' ')),
      ...(answered ? { code: dns.rcode } : {}),
    };
  }
  return { type: 'L7', text: '' };
}

function pathOf(url: string): string {
  const start = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(url)?.[0].length ?? 0;
  const path = url.slice(start).replace(/[?#].*$/s, '');
  return path === '' && start > 0 ? '/' : path;
}

const NONE: readonly FlowPolicy[] = [];

/** Policies of both directions, without unnamed ones. */
function policiesOf(
  egress: readonly DecodedPolicy[],
  ingress: readonly DecodedPolicy[],
): readonly FlowPolicy[] {
  if (egress.length === 0 && ingress.length === 0) return NONE;
  return [
    ...egress.map((policy) => policyOf(policy, 'egress')),
    ...ingress.map((policy) => policyOf(policy, 'ingress')),
  ].filter(({ name }) => name !== '');
}

/** Servers before 1.17 send the kind only in a label (HUB-12). */
function policyOf(
  { name, namespace, kind, labels }: DecodedPolicy,
  direction: 'ingress' | 'egress',
): FlowPolicy {
  const realKind = kind || labelOf(labels, 'io.cilium.k8s.policy.derived-from');
  return {
    ...(realKind === '' ? {} : { kind: safeText(realKind) }),
    ...(namespace === '' ? {} : { namespace: safeText(namespace) }),
    name: safeText(name || labelOf(labels, 'io.cilium.k8s.policy.name')),
    direction,
  };
}

function labelOf(labels: readonly string[], key: string): string {
  const start = `k8s:${key}=`;
  return labels.find((label) => label.startsWith(start))?.slice(start.length) ?? '';
}

/**
 * Texts of the datapath's monitor, where they are clearer than the enum's name or differ from it: 136 and 161 are
 * misnamed in the enum, 206 is missing (HUB-11).
 */
const MONITOR: ReadonlyMap<number, string> = new Map([
  [133, 'Policy denied'],
  [136, 'Fragmentation needed'],
  [151, 'Stale or unroutable IP'],
  [158, 'Service backend not found'],
  [161, 'NAT 46/64 not enabled'],
  [181, 'Policy denied by denylist'],
  [189, 'Authentication required'],
  [202, 'Host datapath not ready'],
  [203, 'Endpoint policy program not ready'],
  [206, 'No device'],
]);

const ACRONYM = /^(ct|ip|nat|snat|fib|tcp|edt|vlan|vni|ttl|sid|igmp|dsr|lb|mac|tc|id|l[234]|nat46|nat64)$/;

const known = new Map<number, { readonly code: number; readonly text: string }>();

/** The reason with its text: the monitor's, else the enum's name as words, else the number. */
function dropReasonOf(code: number): { readonly code: number; readonly text: string } {
  let reason = known.get(code);
  if (reason === undefined) {
    reason = { code, text: MONITOR.get(code) ?? nameOf(code) };
    known.set(code, reason);
  }
  return reason;
}

function nameOf(code: number): string {
  const name = wireRoot().lookupEnum('flow.DropReason').valuesById[code];
  if (name === undefined) return `Reason ${code}`;
  const words = name
    .replace(/^DROP_/, '')
    .toLowerCase()
    .split('_')
    .map((word) => word.replace(/^(ipv[46]|icmpv[46]|srv6)$/, capitalised).replace(ACRONYM, upper));
  const text = words.join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function upper(word: string): string {
  return word.toUpperCase();
}

function capitalised(word: string): string {
  return word.toUpperCase().replace('V', 'v');
}

/** Facts about an end from the labels of its identity. */
export type IdentityFacts = { readonly labels?: Labels; readonly reserved?: string };

/** Numbers of reserved identities (HUB-14). */
const RESERVED: ReadonlyMap<number, string> = new Map([
  [1, 'host'],
  [2, 'world'],
  [3, 'unmanaged'],
  [4, 'health'],
  [5, 'init'],
  [6, 'remote-node'],
  [7, 'kube-apiserver'],
  [8, 'ingress'],
  [9, 'world'],
  [10, 'world'],
]);

/** Scopes of node-local identities, in the top byte. */
const CIDR_SCOPE = 1;

const REMOTE_NODE_SCOPE = 2;

/** Labels that Cilium adds to every identity, which are not the pod's. */
const ADDED = /^io\.(cilium\.|kubernetes\.pod\.namespace$)/;

type Known = { readonly raw: readonly string[]; readonly facts: IdentityFacts };

const KNOWN_LIMIT = 4_096;

/** Parses identities with a cache, because most flows are between a few of them. */
export function createIdentityReader(): (identity: number, labels: readonly string[]) => IdentityFacts {
  const known = new Map<number, Known>();
  return (identity, raw) => {
    const found = known.get(identity);
    if (found !== undefined && isEqual(found.raw, raw)) return found.facts;
    const facts = read(identity, raw);
    if (known.size >= KNOWN_LIMIT) known.clear();
    known.set(identity, { raw, facts });
    return facts;
  };
}

function read(identity: number, raw: readonly string[]): IdentityFacts {
  const labels: Record<string, string> = {};
  const reserved: string[] = [];
  for (const label of raw) {
    const colon = label.indexOf(':');
    const source = label.slice(0, Math.max(colon, 0));
    const rest = label.slice(colon + 1);
    if (source === 'reserved') reserved.push(safeText(rest));
    if (source !== 'k8s') continue;
    const equals = rest.indexOf('=');
    const key = equals === -1 ? rest : rest.slice(0, equals);
    if (!ADDED.test(key)) labels[safeText(key)] = equals === -1 ? '' : safeText(rest.slice(equals + 1));
  }
  const name = reservedOf(identity, reserved);
  return {
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(name === undefined ? {} : { reserved: name }),
  };
}

/**
 * The API server's host has two reserved labels: the more specific one wins on another node. On the own node it is
 * `host`, because what comes from there is mostly the kubelet's probes (HUB-14).
 */
function reservedOf(identity: number, labels: readonly string[]): string | undefined {
  if (labels.includes('host')) return 'host';
  if (labels.includes('kube-apiserver')) return 'kube-apiserver';
  const [first] = labels;
  if (first !== undefined) return first.startsWith('world') ? 'world' : first;
  const scope = identity >>> 24;
  if (scope === CIDR_SCOPE) return 'world';
  return scope === REMOTE_NODE_SCOPE ? 'remote-node' : RESERVED.get(identity);
}

function isEqual(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
