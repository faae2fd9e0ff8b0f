import { isRaw, type Raw, rawsOf } from '../../cluster/mapping/raw.ts';
import { icmpTypeOf } from '../model/icmp.ts';
import type { PortMatch } from '../model/policy.ts';
import { refuse } from './invalid.ts';

/**
 * The ICMP types of a rule, IPv4 unless a family is named; undefined when it speaks of none. Such a rule opens no port
 * (CIL-19).
 */
export function parseIcmps(rule: Raw): readonly PortMatch[] | undefined {
  const { icmps } = rule;
  if (!Array.isArray(icmps) || icmps.length === 0) return undefined;
  return icmps.flatMap((item: unknown) => (isRaw(item) ? rawsOf(item.fields).map(fieldOf) : []));
}

function fieldOf({ family, type }: Raw): PortMatch {
  const version = family === 'IPv6' ? 6 : 4;
  const icmpType = icmpTypeOf(type, version);
  if (icmpType === undefined) refuse(`${JSON.stringify(type)} is no ICMP type of IPv${version}`);
  return { type: 'icmp', protocol: 'ICMP', family: version, icmpType };
}
