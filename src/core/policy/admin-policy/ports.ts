import { PROTOCOLS, type Protocol } from '../../cluster/objects.ts';
import { isRecord, numberOf, type Raw, rawOf, textOf } from '../../json.ts';
import { safeText } from '../../safe-text.ts';
import type { PortMatch, Rule } from '../model/policy.ts';

/**
 * Ports of both versions: `portNumber`, `portRange`, `namedPort` (v1alpha1, TCP unless said), and `tcp`, `udp`, `sctp`
 * with a destinationPort, `destinationNamedPort` (v1alpha2). Absent or empty: all traffic (ANP-8).
 */
export function parsePorts(value: unknown, path: string, problems: string[]): Rule['ports'] {
  if (value === undefined || value === null) return 'any';
  if (!Array.isArray(value)) {
    problems.push(`${path}: ports must be a list`);
    return [];
  }
  if (value.length === 0) return 'any';
  return value.flatMap((item: unknown) => portsOf(rawOf(item), path, problems));
}

function portsOf(raw: Raw, path: string, problems: string[]): readonly PortMatch[] {
  if (isRecord(raw.portNumber)) return numbered(protocolOf(raw.portNumber), raw.portNumber.port, undefined);
  if (isRecord(raw.portRange))
    return numbered(protocolOf(raw.portRange), raw.portRange.start, raw.portRange.end);
  const name = textOf(raw.namedPort) ?? textOf(raw.destinationNamedPort);
  if (name !== undefined) {
    return PROTOCOLS.map((protocol) => ({ type: 'named', protocol, name: safeText(name) }));
  }
  const found = PROTOCOLS.filter((protocol) => isRecord(raw[protocol.toLowerCase()]));
  if (found.length === 0) problems.push(`${path}: a port has no field known here`);
  return found.flatMap((protocol) => {
    const target = rawOf(raw[protocol.toLowerCase()]).destinationPort;
    if (!isRecord(target)) return [{ type: 'all', protocol } as const];
    const range = rawOf(target.range);
    return isRecord(target.range)
      ? numbered(protocol, range.start, range.end)
      : numbered(protocol, target.number, undefined);
  });
}

function protocolOf(raw: Raw): Protocol {
  return PROTOCOLS.find((protocol) => protocol === raw.protocol) ?? 'TCP';
}

function numbered(protocol: Protocol, first: unknown, last: unknown): readonly PortMatch[] {
  const from = numberOf(first);
  return from === undefined ? [] : [{ type: 'range', protocol, from, to: numberOf(last) ?? from }];
}
