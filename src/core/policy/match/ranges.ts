import { type IpRange, parseCidr } from '../../cluster/ip.ts';
import type { Peer } from '../model/policy.ts';

/** The addresses of a CIDR peer; no range when it is no CIDR. */
export type Ranges = { readonly range: IpRange | undefined; readonly except: readonly IpRange[] };

const ranges = new WeakMap<Peer, Ranges>();

/** The ranges of a CIDR peer, read once. */
export function rangesOf(peer: Peer & { readonly type: 'cidr' }): Ranges {
  const known = ranges.get(peer);
  if (known !== undefined) return known;
  const except = peer.except.flatMap((text) => parseCidr(text) ?? []);
  const made = { range: parseCidr(peer.cidr), except };
  ranges.set(peer, made);
  return made;
}
