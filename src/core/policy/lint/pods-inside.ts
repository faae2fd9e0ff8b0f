import { type Ip, type IpRange, inRange, isLive, type Pod, parseIp } from '../../cluster/cluster.ts';
import { placeIn } from '../../common/common.ts';
import type { ClusterModel } from '../../live/live.ts';
import { rangesOf } from '../match/match.ts';
import type { Peer } from '../model/model.ts';

/** The addresses of a cluster's live pods, sorted again when pods change. */
export type PodAddresses = {
  /** How many pods, except host-network ones, have an address inside a CIDR peer and outside its exceptions. */
  readonly inside: (peer: Peer & { readonly type: 'cidr' }) => number;
};

/** By family, lowest first. */
type Addresses = { readonly revision: number; readonly 4: readonly Ip[]; readonly 6: readonly Ip[] };

/** The addresses of a model's pods. */
export function createPodAddresses(model: ClusterModel): PodAddresses {
  const read = new WeakMap<Pod, readonly Ip[]>();
  let known: Addresses = { revision: -1, 4: [], 6: [] };

  function ipsOf(pod: Pod): readonly Ip[] {
    const ips = read.get(pod) ?? pod.ips.flatMap((text) => parseIp(text) ?? []);
    read.set(pod, ips);
    return ips;
  }

  function addresses(): Addresses {
    const revision = model.revision('pods');
    if (known.revision === revision) return known;
    const all: Record<4 | 6, Ip[]> = { 4: [], 6: [] };
    for (const pod of model.pods()) {
      if (!isLive(pod) || pod.hostNetwork) continue;
      for (const ip of ipsOf(pod)) all[ip.family].push(ip);
    }
    known = { revision, 4: all[4].sort(byValue), 6: all[6].sort(byValue) };
    return known;
  }

  return {
    inside: (peer) => {
      const { range, except } = rangesOf(peer);
      if (range === undefined) return 0;
      const all = addresses()[range.family];
      const inside = all.slice(placeOf(all, range.first), placeOf(all, range.last + 1n));
      return except.length === 0 ? inside.length : inside.filter((ip) => !isIn(except, ip)).length;
    },
  };
}

function isIn(ranges: readonly IpRange[], ip: Ip): boolean {
  return ranges.some((range) => inRange(range, ip));
}

function placeOf(list: readonly Ip[], value: bigint): number {
  return placeIn(list, (ip) => ip.value < value);
}

function byValue(a: Ip, b: Ip): number {
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}
