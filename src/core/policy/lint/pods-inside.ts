import { type Ip, type IpRange, inRange, parseIp } from '../../cluster/ip.ts';
import type { ClusterModel } from '../../cluster/model.ts';
import { isLive, type Pod } from '../../cluster/objects.ts';
import { placeIn } from '../../sorted.ts';
import { rangesOf } from '../match/ranges.ts';
import type { Peer } from '../model/policy.ts';

/** Addresses of live pods, by family, lowest first. */
type Addresses = { readonly revision: number; readonly 4: readonly Ip[]; readonly 6: readonly Ip[] };

const kept = new WeakMap<ClusterModel, Addresses>();
const read = new WeakMap<Pod, readonly Ip[]>();

/** How many live pods, host-network ones left out, have an address in a CIDR peer and not in what it excepts. */
export function podsInside(model: ClusterModel, peer: Peer & { readonly type: 'cidr' }): number {
  const { range, except } = rangesOf(peer);
  if (range === undefined) return 0;
  const all = addressesOf(model)[range.family];
  const inside = all.slice(placeOf(all, range.first), placeOf(all, range.last + 1n));
  if (except.length === 0) return inside.length;
  return inside.filter((ip) => !isIn(except, ip)).length;
}

function isIn(ranges: readonly IpRange[], ip: Ip): boolean {
  return ranges.some((range) => inRange(range, ip));
}

/** Kept until pods change: rules with ranges are many, and so are pods. */
function addressesOf(model: ClusterModel): Addresses {
  const revision = model.revision('pods');
  const known = kept.get(model);
  if (known?.revision === revision) return known;
  const all: Record<4 | 6, Ip[]> = { 4: [], 6: [] };
  for (const pod of model.pods()) {
    if (!isLive(pod) || pod.hostNetwork) continue;
    for (const ip of ipsOf(pod)) all[ip.family].push(ip);
  }
  const made = { revision, 4: all[4].sort(byValue), 6: all[6].sort(byValue) };
  kept.set(model, made);
  return made;
}

function ipsOf(pod: Pod): readonly Ip[] {
  const known = read.get(pod);
  if (known !== undefined) return known;
  const made = pod.ips.flatMap((text) => parseIp(text) ?? []);
  read.set(pod, made);
  return made;
}

function placeOf(list: readonly Ip[], value: bigint): number {
  return placeIn(list, (ip) => ip.value < value);
}

function byValue(a: Ip, b: Ip): number {
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}
