import { inRange, parseCidr, parseIp, parseLabelQuery } from '../../core/cluster/cluster.ts';
import type { FlowFilter, Layer7, TcpFlags, WireEndpoint, WireFlow } from '../../hubble/wire/wire.ts';

/** Whether a request with these lists includes a flow (HUB-2). */
export function admits(
  flow: WireFlow,
  whitelist: readonly FlowFilter[],
  blacklist: readonly FlowFilter[],
): boolean {
  return (
    (whitelist.length === 0 || whitelist.some((filter) => holds(filter, flow))) &&
    !blacklist.some((filter) => holds(filter, flow))
  );
}

/** One test per field of a filter; a field without values matches everything. */
function holds(filter: FlowFilter, flow: WireFlow): boolean {
  const { source, destination, IP: ip } = flow;
  const any = <T>(values: readonly T[] | undefined, test: (value: T) => boolean): boolean =>
    values === undefined || values.length === 0 || values.some(test);
  const [sourcePort, destinationPort] = portsOf(flow);
  return (
    any(filter.uuid, (uuid) => flow.uuid === uuid) &&
    any(filter.verdict, (verdict) => flow.verdict === verdict) &&
    any(filter.event_type, (event) => isEvent(flow, event)) &&
    any(filter.source_ip, (text) => inAddress(ip?.source, text)) &&
    any(filter.destination_ip, (text) => inAddress(ip?.destination, text)) &&
    any(filter.source_pod, (prefix) => isPod(source, prefix)) &&
    any(filter.destination_pod, (prefix) => isPod(destination, prefix)) &&
    any(filter.source_fqdn, (name) => isName(flow.source_names, name)) &&
    any(filter.destination_fqdn, (name) => isName(flow.destination_names, name)) &&
    any(filter.source_label, (text) => hasLabels(source, text)) &&
    any(filter.destination_label, (text) => hasLabels(destination, text)) &&
    any(filter.source_service, (name) => isService(flow.source_service, name)) &&
    any(filter.destination_service, (name) => isService(flow.destination_service, name)) &&
    any(filter.source_workload, (wanted) => hasWorkload(source, wanted)) &&
    any(filter.destination_workload, (wanted) => hasWorkload(destination, wanted)) &&
    any(filter.source_identity, (identity) => (source?.identity ?? 0) === identity) &&
    any(filter.destination_identity, (identity) => (destination?.identity ?? 0) === identity) &&
    any(filter.source_port, (port) => String(sourcePort) === port) &&
    any(filter.destination_port, (port) => String(destinationPort) === port) &&
    any(filter.protocol, (name) => isProtocol(flow, name)) &&
    any(filter.tcp_flags, (flags) => hasFlags(flow, flags)) &&
    any(filter.reply, (reply) => isReply(flow, reply)) &&
    any(filter.traffic_direction, (direction) => flow.traffic_direction === direction) &&
    any(filter.drop_reason_desc, (reason) => flow.drop_reason_desc === reason) &&
    any(filter.node_name, (pattern) => isNode(flow.node_name, pattern)) &&
    any(filter.ip_version, (version) => (ip?.ipVersion ?? 'IP_NOT_USED') === version) &&
    any(filter.dns_query, (pattern) => new RegExp(pattern).test(dnsQuery(flow.l7) ?? '')) &&
    any(filter.http_status_code, (code) => isCode(flow.l7, code)) &&
    any(filter.http_method, (method) => flow.l7?.http?.method?.toLowerCase() === method.toLowerCase()) &&
    any(filter.http_path, (pattern) => new RegExp(pattern).test(httpPath(flow.l7)))
  );
}

function isEvent(
  { event_type: event }: WireFlow,
  wanted: { readonly type?: number; readonly match_sub_type?: boolean; readonly sub_type?: number },
): boolean {
  return (
    (event?.type ?? 0) === (wanted.type ?? 0) &&
    (wanted.match_sub_type !== true || (event?.sub_type ?? 0) === (wanted.sub_type ?? 0))
  );
}

/** Pods match by prefix, including only a namespace: `shop/`, `shop/web` (HUB-2). */
function isPod(end: WireEndpoint | undefined, prefix: string): boolean {
  const slash = prefix.indexOf('/');
  const namespace = slash < 0 ? 'default' : prefix.slice(0, slash);
  const name = slash < 0 ? prefix : prefix.slice(slash + 1);
  if (namespace !== '' && end?.namespace !== namespace) return false;
  return name === '' ? end?.namespace !== undefined : (end?.pod_name ?? '').startsWith(name);
}

/** An address, or a network in CIDR notation. */
function inAddress(address: string | undefined, text: string): boolean {
  if (address === undefined || !text.includes('/')) return address === text;
  const [range, ip] = [parseCidr(text), parseIp(address)];
  return range !== undefined && ip !== undefined && inRange(range, ip);
}

function isName(names: readonly string[] | undefined, pattern: string): boolean {
  const expression = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '[-.0-9a-z]*')}$`);
  return (names ?? []).some((name) => expression.test(name));
}

/** The source of a label, as in `k8s:app`, is written with a dot in a selector, because keys can't contain a colon. */
function hasLabels(end: WireEndpoint | undefined, text: string): boolean {
  const labels = Object.fromEntries(
    (end?.labels ?? []).flatMap((label) => {
      const equals = label.indexOf('=');
      const key = equals < 0 ? label : label.slice(0, equals);
      const value = equals < 0 ? '' : label.slice(equals + 1);
      return [
        [key.replace(':', '.'), value],
        [key.slice(key.indexOf(':') + 1), value],
      ];
    }),
  );
  const query = parseLabelQuery(text.replace(/(?<=^|[,!\s])([a-z0-9-]+):/g, '$1.'));
  return 'matches' in query && query.matches(labels);
}

function isService(
  service: { readonly name?: string; readonly namespace?: string } | undefined,
  text: string,
): boolean {
  const full = `${service?.namespace ?? ''}/${service?.name ?? ''}`;
  return service !== undefined && full.startsWith(text.includes('/') ? text : `default/${text}`);
}

function hasWorkload(
  end: WireEndpoint | undefined,
  wanted: { readonly name?: string; readonly kind?: string },
): boolean {
  return (end?.workloads ?? []).some(
    ({ name, kind }) =>
      (wanted.name === undefined || wanted.name === name) &&
      (wanted.kind === undefined || wanted.kind === kind),
  );
}

function portsOf({ l4 }: WireFlow): readonly [number | undefined, number | undefined] {
  const ports = l4?.TCP ?? l4?.UDP ?? l4?.SCTP;
  return [ports?.source_port, ports?.destination_port];
}

function isProtocol({ l4, l7 }: WireFlow, name: string): boolean {
  switch (name.toLowerCase()) {
    case 'tcp':
      return l4?.TCP !== undefined;
    case 'udp':
      return l4?.UDP !== undefined;
    case 'sctp':
      return l4?.SCTP !== undefined;
    case 'icmp':
      return l4?.ICMPv4 !== undefined || l4?.ICMPv6 !== undefined;
    case 'icmpv4':
      return l4?.ICMPv4 !== undefined;
    case 'icmpv6':
      return l4?.ICMPv6 !== undefined;
    case 'dns':
      return l7?.dns !== undefined;
    case 'http':
      return l7?.http !== undefined;
    default:
      return false;
  }
}

/** All given flags are set; others may be too, so SYN matches SYN-ACK (HUB-2). */
function hasFlags({ l4 }: WireFlow, wanted: TcpFlags): boolean {
  const flags = l4?.TCP?.flags;
  if (flags === undefined) return false;
  return FLAGS.every((flag) => wanted[flag] !== true || flags[flag] === true);
}

const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR', 'NS'] as const;

/** An unknown reply counts as no for a drop; for any other flow it matches neither. */
function isReply(flow: WireFlow, wanted: boolean): boolean {
  const known = flow.is_reply === undefined ? undefined : (flow.is_reply.value ?? false);
  return known === undefined ? flow.verdict === 'DROPPED' && !wanted : known === wanted;
}

function isNode(name: string | undefined, pattern: string): boolean {
  const wanted = pattern.includes('/') ? pattern.slice(pattern.indexOf('/') + 1) : pattern;
  return (
    wanted === '' || new RegExp(`^${wanted.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(name ?? '')
  );
}

function dnsQuery(l7: Layer7 | undefined): string | undefined {
  return l7?.dns?.query;
}

function isCode(l7: Layer7 | undefined, wanted: string): boolean {
  const code = l7?.http?.code;
  if (code === undefined) return false;
  return wanted.endsWith('+') ? String(code).startsWith(wanted.slice(0, -1)) : String(code) === wanted;
}

function httpPath(l7: Layer7 | undefined): string {
  const url = l7?.http?.url ?? '';
  return url.replace(/^[a-z]+:\/\/[^/]*/, '').replace(/\?.*$/, '');
}
