import type { Ip } from '../../cluster/ip.ts';
import type { Peer } from '../model/policy.ts';
import { rangesOf } from './ranges.ts';

/** Below this many peers, asking each of them is as fast. */
const MANY = 16;

/** Ranges by their size and first address: those that hold an address are found by one lookup for each size. */
type Index = {
  readonly others: readonly Peer[];
  readonly sizes: ReadonlyMap<string, Sized>;
};

type Sized = {
  readonly family: 4 | 6;
  readonly size: bigint;
  readonly byFirst: Map<bigint, Peer[]>;
};

const indexes = new WeakMap<readonly Peer[], Index>();

/**
 * The peers of a rule that may hold one of some addresses: all that are no CIDR, and the CIDRs around an address. All
 * of them for an end whose address is not known.
 */
export function peersNear(peers: readonly Peer[], ips: readonly Ip[]): readonly Peer[] {
  if (peers.length < MANY || ips.length === 0) return peers;
  const known = indexes.get(peers);
  const { others, sizes } = known ?? indexOf(peers);
  const near = [...others];
  for (const { family, size, byFirst } of sizes.values()) {
    for (const ip of ips) {
      if (ip.family === family) near.push(...(byFirst.get(ip.value - (ip.value % size)) ?? []));
    }
  }
  return near;
}

function indexOf(peers: readonly Peer[]): Index {
  const others: Peer[] = [];
  const sizes = new Map<string, Sized>();
  for (const peer of peers) {
    const range = peer.type === 'cidr' ? rangesOf(peer).range : undefined;
    if (range === undefined) {
      others.push(peer);
      continue;
    }
    const { family, first, last } = range;
    const size = last - first + 1n;
    const key = `${family}/${size}`;
    const sized = sizes.get(key) ?? { family, size, byFirst: new Map<bigint, Peer[]>() };
    const same = sized.byFirst.get(first);
    if (same === undefined) sized.byFirst.set(first, [peer]);
    else same.push(peer);
    sizes.set(key, sized);
  }
  const index = { others, sizes };
  indexes.set(peers, index);
  return index;
}
