import { type Pod, type Protocol, portNameFaults, protocolNamed } from '../../cluster/cluster.ts';
import { SluiceError } from '../../common/common.ts';
import { icmpTypeText, LAST_ICMP_TYPE } from '../model/model.ts';

/** The requested ports of a path, or types for ICMP. Both ends are inclusive. */
export type AskedPorts =
  | { readonly type: 'range'; readonly protocol: Protocol; readonly from: number; readonly to: number }
  /** A name that each destination resolves for itself (NP-25). */
  | { readonly type: 'named'; readonly protocol: Protocol; readonly name: string }
  | {
      readonly type: 'icmp';
      readonly protocol: 'ICMP';
      readonly from: number;
      readonly to: number;
      readonly code?: number;
    };

const LAST_PORT = 65_535;
const SHAPES = 'Use a format like 5432/tcp, tcp/8000-8100, http, 53/udp, icmp or icmp/8.';

/**
 * Parses ports: `5432`, `5432/tcp`, `tcp/8000-8100`, a name (`http`, `dns/udp`), a protocol alone for all its ports,
 * `icmp`, `icmp/8` by type, `icmp/3/4` by type and code. TCP is the default protocol.
 *
 * @throws SluiceError `usage` for port 0, ports above 65535, descending ranges, and unknown protocols
 */
export function parseAskedPorts(text: string): AskedPorts {
  const parts = text.trim().toLowerCase().split('/');
  if (parts.includes('icmp') || parts.includes('icmpv6')) return icmpOf(text, parts);
  const at = parts.findIndex((part) => protocolNamed(part) !== undefined);
  const protocol = protocolNamed(parts[at] ?? '') ?? 'TCP';
  const others = parts.filter((_, index) => index !== at);
  const [ports, ...more] = others;
  if (at >= 0 && ports === undefined) return { type: 'range', protocol, from: 1, to: LAST_PORT };
  if (ports === undefined || ports === '' || more.length > 0) throw wrong(text, 'is not a port');
  const numbers = /^(\d+)(?:-(\d+))?$/.exec(ports);
  if (numbers === null) {
    if (portNameFaults(ports).length > 0) throw wrong(text, 'is not a port');
    return { type: 'named', protocol, name: ports };
  }
  const from = portOf(numbers[1] ?? '');
  const to = portOf(numbers[2] ?? numbers[1] ?? '');
  if (to < from) throw wrong(text, 'ends before it starts');
  return { type: 'range', protocol, from, to };
}

function portOf(text: string): number {
  const port = Number(text);
  if (port >= 1 && port <= LAST_PORT) return port;
  throw new SluiceError('usage', `Port ${text} is out of range.`, 'Use a port from 1 to 65535.');
}

function icmpOf(text: string, [first, type, code, ...rest]: readonly string[]): AskedPorts {
  const isNumber = (part: string | undefined) => part === undefined || /^\d{1,3}$/.test(part);
  const numbers = [type, code].map((part) => (part === undefined ? 0 : Number(part)));
  const fits = numbers.every((number) => number <= LAST_ICMP_TYPE);
  if (!first?.startsWith('icmp') || !isNumber(type) || !isNumber(code) || !fits || rest.length > 0) {
    throw wrong(text, 'is not an ICMP type');
  }
  if (type === undefined) return { type: 'icmp', protocol: 'ICMP', from: 0, to: LAST_ICMP_TYPE };
  const only = { type: 'icmp', protocol: 'ICMP', from: Number(type), to: Number(type) } as const;
  return code === undefined ? only : { ...only, code: Number(code) };
}

function wrong(text: string, what: string): SluiceError {
  return new SluiceError('usage', `"${text}" ${what}.`, SHAPES);
}

type NamedPorts = Extract<AskedPorts, { type: 'named' }>;

/** The ports of a pod that have a name; containers may share one. */
export function portsNamed({ ports }: Pod, { name, protocol }: NamedPorts): readonly number[] {
  return ports.filter((item) => item.name === name && item.protocol === protocol).map(({ port }) => port);
}

/** The error for a name that no pod of an end has. */
export function noPortNamed(end: string, { name, protocol }: NamedPorts): SluiceError {
  return new SluiceError(
    'failed',
    `${end} declares no port ${name}/${protocol.toLowerCase()}.`,
    'Use the port number, such as 5432/tcp.',
  );
}

/** Ports for the heading of an explanation: `:5432/tcp`, `:8000-8100/tcp`, `:http/tcp`, `icmp 8`. */
export function askedPortsText(ports: AskedPorts): string {
  switch (ports.type) {
    case 'named':
      return `:${ports.name}/${ports.protocol.toLowerCase()}`;
    case 'range':
    case 'icmp':
      return portRangeText(ports.protocol, [ports.from, ports.to]);
  }
}

/** One range of ports, or of ICMP types. */
export function portRangeText(
  protocol: Protocol | 'ICMP',
  [from, to]: readonly [from: number, to: number],
): string {
  const numbers = from === to ? String(from) : `${from}-${to}`;
  if (protocol !== 'ICMP') return `:${numbers}/${protocol.toLowerCase()}`;
  if (from === 0 && to === LAST_ICMP_TYPE) return 'icmp';
  return `icmp ${from === to ? icmpTypeText(from, from >= 128 ? 6 : 4) : numbers}`;
}
