import { type Ip, type IpRange, parseCidr } from '../../cluster/cluster.ts';
import type { Peer } from '../model/model.ts';

type CidrPeer = Peer & { readonly type: 'cidr' };

/** The addresses of a CIDR peer; no range if it is not a valid CIDR. */
export type Ranges = { readonly range: IpRange | undefined; readonly except: readonly IpRange[] };

/** The ranges of a CIDR peer. */
export function rangesOf(peer: CidrPeer): Ranges {
  return {
    range: parseCidr(peer.cidr),
    except: peer.except.flatMap((text) => parseCidr(text) ?? []),
  };
}

/** The ranges of peers, each parsed once. Peers never change, so nothing in it becomes stale. */
export type CidrTable = {
  readonly rangesOf: (peer: CidrPeer) => Ranges;
  /**
   * The peers of a rule that may contain one of some addresses: all that are not CIDRs, and the CIDRs around an
   * address. All peers for an end whose address is unknown.
   */
  readonly near: (peers: readonly Peer[], ips: readonly Ip[]) => readonly Peer[];
};

/** Below this many peers, checking each one is as fast. */
const MANY = 16;

/** Ranges by size and first address: those that contain an address are found with one lookup per size. */
type Index = { readonly others: readonly Peer[]; readonly sizes: ReadonlyMap<string, Sized> };

type Sized = {
  readonly family: 4 | 6;
  readonly size: bigint;
  readonly byFirst: Map<bigint, Peer[]>;
};

/** An empty table. */
export function createCidrTable(): CidrTable {
  const read = new WeakMap<CidrPeer, Ranges>();
  const indexes = new WeakMap<readonly Peer[], Index>();

  function ranges(peer: CidrPeer): Ranges {
    const known = read.get(peer);
    if (known !== undefined) return known;
    const made = rangesOf(peer);
    read.set(peer, made);
    return made;
  }

  function indexOf(peers: readonly Peer[]): Index {
    const others: Peer[] = [];
    const sizes = new Map<string, Sized>();
    for (const peer of peers) {
      const range = peer.type === 'cidr' ? ranges(peer).range : undefined;
      if (range === undefined) others.push(peer);
      else addTo(sizes, range, peer);
    }
    return { others, sizes };
  }

  return {
    rangesOf: ranges,
    near: (peers, ips) => {
      if (peers.length < MANY || ips.length === 0) return peers;
      const index = indexes.get(peers) ?? indexOf(peers);
      indexes.set(peers, index);
      const near = [...index.others];
      for (const { family, size, byFirst } of index.sizes.values()) {
        for (const ip of ips) {
          if (ip.family === family) near.push(...(byFirst.get(ip.value - (ip.value % size)) ?? []));
        }
      }
      return near;
    },
  };
}

function addTo(sizes: Map<string, Sized>, { family, first, last }: IpRange, peer: Peer): void {
  const size = last - first + 1n;
  const key = `${family}/${size}`;
  const sized = sizes.get(key) ?? { family, size, byFirst: new Map<bigint, Peer[]>() };
  const same = sized.byFirst.get(first);
  if (same === undefined) sized.byFirst.set(first, [peer]);
  else same.push(peer);
  sizes.set(key, sized);
}

/**
 * Whether a domain name of a ClusterNetworkPolicy matches a DNS name: `*.` at the start is one or more labels
 * (apis/v1alpha2, DomainName). Case and a trailing dot don't count.
 */
export function matchesAdminDomain(pattern: string, name: string): boolean {
  return matchesDomain(
    pattern,
    name,
    (wanted) => new RegExp(`^${escaped(wanted).replace(/^\*\\\./, '(?:[-a-z0-9_]+\\.)+')}$`),
  );
}

/** Whether a pattern matches a DNS name; `expression` defines the meaning of its stars. */
export function matchesDomain(
  pattern: string,
  name: string,
  expression: (pattern: string) => RegExp,
): boolean {
  const [wanted, asked] = [plain(pattern), plain(name)];
  return wanted.includes('*') ? expression(wanted).test(asked) : wanted === asked;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/** A text escaped for use in a regular expression, except for its stars. */
export function escaped(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
}
