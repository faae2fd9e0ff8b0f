import { PROTOCOLS, type Protocol } from '../../cluster/cluster.ts';
import { isRecord, numberOf, type Raw, rawOf, rawsOf, safeText, wordOf } from '../../common/common.ts';
import { type Direction, icmpTypeOf, type PortMatch } from '../model/model.ts';

const L7_KINDS = ['http', 'kafka', 'dns', 'l7proto', 'l7'];
const NAME = /^(?=.{1,63}$)(?=.*[a-zA-Z])[a-zA-Z0-9]+(?:-[a-zA-Z0-9]+)*$/;
const MOST_PORTS = 40;

/** Ports, and the part of a request on which a proxy decides. */
type PortItem = { readonly ports: readonly PortMatch[]; readonly l7?: string };

/**
 * The port items of a rule: absent and `[]` mean all ports, `[{}]` and `[{ports: []}]` match nothing (CIL-4, CIL-13).
 */
export function parsePorts(
  rule: Raw,
  direction: Direction,
  action: 'allow' | 'deny',
): readonly PortItem[] | 'any' {
  const value = rule.toPorts;
  if (value === undefined || value === null) return 'any';
  if (!Array.isArray(value)) refuse('toPorts must be a list');
  if (value.length === 0) return 'any';
  if (Array.isArray(rule.icmps) && rule.icmps.length > 0)
    refuse('combining icmps and toPorts is not supported');
  return value.map((item: unknown) => itemOf(rawOf(item), direction, action));
}

function itemOf(item: Raw, direction: Direction, action: 'allow' | 'deny'): PortItem {
  const raws = rawsOf(item.ports);
  if (raws.length > MOST_PORTS) refuse(`more than ${MOST_PORTS} ports in one item`);
  const ports = raws.flatMap(portOf);
  const l7 = action === 'deny' ? undefined : l7Of(item, raws, direction);
  return l7 === undefined ? { ports } : { ports, l7 };
}

/** The part of the request on which a proxy decides; an empty list of rules means none (CIL-18). */
function l7Of(item: Raw, ports: readonly Raw[], direction: Direction): string | undefined {
  const rules = rawOf(item.rules);
  const kinds = L7_KINDS.filter((kind) => rules[kind] !== undefined && rules[kind] !== null);
  if (kinds.filter((kind) => kind !== 'l7' && kind !== 'l7proto').length > 1)
    refuse('combining types of L7 rules is not supported');
  const [kind] = kinds.filter((name) => !Array.isArray(rules[name]) || rules[name].length > 0);
  if (kind === undefined) {
    return Array.isArray(item.serverNames) && item.serverNames.length > 0 ? 'TLS server name' : undefined;
  }
  if (kind === 'dns' && direction === 'ingress') refuse('L7 protocol DNS is not supported on ingress');
  for (const { port, protocol } of ports) {
    if (Number(wordOf(port ?? 0)) === 0) refuse('L7 rules cannot be used when a port is 0');
    if (kind !== 'dns' && protocol !== 'TCP') refuse('L7 rules other than DNS need TCP');
  }
  return kind;
}

/**
 * Port `0` or absent means all ports, protocol `ANY` or absent means all protocols, and a name may have an end (CIL-13,
 * CIL-17).
 */
function portOf(raw: Raw): readonly PortMatch[] {
  const text = raw.port === undefined || raw.port === null ? '0' : wordOf(raw.port);
  const end = numberOf(raw.endPort);
  return protocolsOf(raw.protocol).map((protocol): PortMatch => {
    if (!/^\d+$/.test(text)) {
      if (!NAME.test(text)) refuse(`port ${JSON.stringify(text)} is neither a number nor a name`);
      return { type: 'named', protocol, name: safeText(text), to: end };
    }
    const from = Number(text);
    if (from > 65_535 || (end !== undefined && end > 65_535))
      refuse(`port ${Math.max(from, end ?? 0)} is out of range`);
    if (from === 0 && (end === undefined || end === 0)) return { type: 'all', protocol };
    return { type: 'range', protocol, from, to: Math.max(from, end ?? from) };
  });
}

function protocolsOf(value: unknown): readonly Protocol[] {
  if (value === undefined || value === null || value === '' || value === 'ANY') return PROTOCOLS;
  return PROTOCOLS.filter((protocol) => protocol === value);
}

/**
 * The ICMP types of a rule, IPv4 unless a family is given; undefined when it has none. Such a rule opens no port
 * (CIL-19).
 */
export function parseIcmps(rule: Raw): readonly PortMatch[] | undefined {
  const { icmps } = rule;
  if (!Array.isArray(icmps) || icmps.length === 0) return undefined;
  return icmps.flatMap((item: unknown) => (isRecord(item) ? rawsOf(item.fields).map(icmpOf) : []));
}

function icmpOf({ family, type }: Raw): PortMatch {
  const version = family === 'IPv6' ? 6 : 4;
  const icmpType = icmpTypeOf(type, version);
  if (icmpType === undefined) refuse(`${JSON.stringify(type)} is not an ICMP type of IPv${version}`);
  return { type: 'icmp', protocol: 'ICMP', family: version, icmpType };
}

/** Why Cilium, or its CRD schema, rejects a whole policy. Never leaves this folder. */
export class InvalidRule extends Error {
  override readonly name = 'InvalidRule';
}

/** Rejects the policy being read. */
export function refuse(reason: string): never {
  throw new InvalidRule(reason);
}
