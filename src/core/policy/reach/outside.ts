import { EVERY_ADDRESS, formatIp, type Ip, type IpRange, parseIp } from '../../cluster/ip.ts';
import type { ClusterModel } from '../../cluster/model.ts';
import { cidrsOfGroups } from '../cilium/cidr-groups.ts';
import type { Side } from '../match/side.ts';
import type { Rule } from '../model/policy.ts';
import { addCuts, type Cuts, sorted } from './vocabulary.ts';

/** Addresses of no pod and no node that the rules at hand cannot tell apart, with one to ask with. */
export type AddressPiece = {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  readonly side: Side;
};

/** How many addresses of a piece are tried before it counts as full of pods and nodes. */
const TRIES = 70_000;

/**
 * The addresses outside, cut where rules, or endpoints that rules may mean, begin and end. IPv6 counts where the
 * cluster has it.
 */
export function outsidePieces(model: ClusterModel, rules: Iterable<Rule>): readonly AddressPiece[] {
  const families: readonly (4 | 6)[] = hasIpv6(model) ? [4, 6] : [4];
  return piecesWithin(
    model,
    families.map((family) => EVERY_ADDRESS[family]),
    rules,
  );
}

/** The addresses of some ranges that no pod and no node has, cut likewise. */
export function piecesWithin(
  model: ClusterModel,
  ranges: readonly IpRange[],
  rules: Iterable<Rule>,
): readonly AddressPiece[] {
  const cuts = { 4: new Set<bigint>([0n]), 6: new Set<bigint>([0n]) };
  let known: readonly Ip[] | undefined;
  const endpoints = () => {
    known ??= Array.from(model.endpointAddresses()).flatMap((text) => parseIp(text) ?? []);
    return known;
  };
  for (const { peers } of rules) {
    for (const peer of peers === 'any' ? [] : peers) {
      if (peer.type === 'cidr') addCuts(cuts, peer);
      if (peer.type === 'cidr-group') for (const cidr of cidrsOfGroups(model, peer)) addCuts(cuts, cidr);
      if (peer.type === 'services' || peer.type === 'entity' || peer.type === 'reserved') {
        for (const { family, value } of endpoints()) cuts[family].add(value).add(value + 1n);
      }
    }
  }
  const starts: Cuts = { 4: sorted(cuts[4]), 6: sorted(cuts[6]) };
  return ranges.flatMap((range) => piecesOf(model, range, starts[range.family]));
}

const sixes = new WeakMap<ClusterModel, { readonly revision: number; readonly answer: boolean }>();

/** Whether some pod or node has an IPv6 address. */
export function hasIpv6(model: ClusterModel): boolean {
  const revision = model.revision('pods') + model.revision('nodes');
  const known = sixes.get(model);
  if (known?.revision === revision) return known.answer;
  const answer = looksForIpv6(model);
  sixes.set(model, { revision, answer });
  return answer;
}

function looksForIpv6(model: ClusterModel): boolean {
  for (const { ips } of model.nodes()) if (ips.some((ip) => ip.includes(':'))) return true;
  for (const { ips } of model.pods()) if (ips.some((ip) => ip.includes(':'))) return true;
  return false;
}

function piecesOf(
  model: ClusterModel,
  { family, first: start, last: end }: IpRange,
  cuts: readonly bigint[],
): readonly AddressPiece[] {
  const starts = [start, ...cuts.filter((cut) => start < cut && cut <= end)];
  return starts.flatMap((first, at): readonly AddressPiece[] => {
    const last = (starts[at + 1] ?? end + 1n) - 1n;
    const free = freeAddress(model, family, first, last);
    if (free === undefined) return [];
    const side: Side = { type: 'ip', text: formatIp(free), ips: [free] };
    return [{ family, first, last, side }];
  });
}

function freeAddress(model: ClusterModel, family: 4 | 6, first: bigint, last: bigint): Ip | undefined {
  const isFree = (value: bigint) => {
    const text = formatIp({ family, value });
    return model.podAt(text) === undefined && model.nodeAt(text) === undefined;
  };
  if (isFree(last)) return { family, value: last };
  for (let value = first, tries = 0; value < last && tries < TRIES; value += 1n, tries += 1) {
    if (isFree(value)) return { family, value };
  }
  return undefined;
}

/** Ranges as text, neighbours joined: `0.0.0.0-9.255.255.255`, or one address. */
export function rangeTexts(pieces: readonly Omit<AddressPiece, 'side'>[]): readonly string[] {
  const joined: { family: 4 | 6; first: bigint; last: bigint }[] = [];
  for (const { family, first, last } of pieces) {
    const before = joined[joined.length - 1];
    if (before !== undefined && before.family === family && before.last + 1n === first) before.last = last;
    else joined.push({ family, first, last });
  }
  return joined.map(({ family, first, last }) => {
    const start = formatIp({ family, value: first });
    return first === last ? start : `${start}-${formatIp({ family, value: last })}`;
  });
}
