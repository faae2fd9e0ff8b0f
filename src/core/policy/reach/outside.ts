import {
  EVERY_ADDRESS,
  formatIp,
  type Ip,
  type IpRange,
  inRange,
  type Pod,
  parseIp,
  rangeOfAddress,
} from '../../cluster/cluster.ts';
import type { ClusterModel } from '../../live/live.ts';
import { cidrsOfGroups } from '../cilium/cilium.ts';
import { rangesOf, type Side } from '../match/match.ts';
import type { Peer, Rule } from '../model/model.ts';

/** A set of addresses named by a rule: a range without its exceptions. */
export type Block = { readonly range: IpRange; readonly except: readonly IpRange[] };

/** Addresses of no pod or node that the current blocks treat alike, with a sample. */
export type AddressPiece = IpRange & { readonly side: Side & { readonly type: 'ip' } };

/** How many addresses of a piece are tried before it counts as fully taken by pods and nodes. */
const TRIES = 70_000n;

/** The distinct address sets named by rules: how they can distinguish external addresses. */
export function blocksOf(model: ClusterModel, rules: Iterable<Rule>): readonly Block[] {
  const blocks = new Map<string, Block>();
  const add = (peer: Peer & { readonly type: 'cidr' }) => {
    const { range, except } = rangesOf(peer);
    if (range !== undefined) blocks.set([peer.cidr, ...peer.except].join(' '), { range, except });
  };
  let meansEndpoints = false;
  for (const { peers } of rules) {
    for (const peer of peers === 'any' ? [] : peers) {
      if (peer.type === 'cidr') add(peer);
      if (peer.type === 'cidr-group') for (const cidr of cidrsOfGroups(model, peer)) add(cidr);
      meansEndpoints ||= peer.type === 'services' || peer.type === 'entity' || peer.type === 'reserved';
    }
  }
  for (const ip of meansEndpoints ? model.endpointAddresses() : []) {
    const range = rangeOfAddress(ip);
    if (range !== undefined) blocks.set(ip, { range, except: [] });
  }
  return [...blocks.values()];
}

/**
 * The external addresses that a pod may talk to, split at the edges of blocks: of its address families; while it has no
 * address, IPv4, plus IPv6 if a block uses it.
 */
export function outsidePieces(
  model: ClusterModel,
  pods: readonly Pod[],
  blocks: readonly Block[],
): readonly AddressPiece[] {
  const speaksSix = blocks.some(({ range }) => range.family === 6);
  const has = (family: 4 | 6) =>
    pods.some(({ ips }) =>
      ips.length === 0 ? family === 4 || speaksSix : ips.some((ip) => parseIp(ip)?.family === family),
    );
  const families = ([4, 6] as const).filter(has);
  return piecesWithin(
    model,
    families.map((family) => EVERY_ADDRESS[family]),
    blocks,
  );
}

/** The addresses of some ranges that belong to no pod or node, split at the edges of blocks. */
export function piecesWithin(
  model: ClusterModel,
  ranges: readonly IpRange[],
  blocks: readonly Block[],
): readonly AddressPiece[] {
  const cuts = { 4: new Set<bigint>(), 6: new Set<bigint>() };
  for (const block of blocks) for (const edge of edgesOf(block)) cuts[block.range.family].add(edge);
  return ranges.flatMap(({ family, first: start, last: end }) => {
    const inside = [...cuts[family]].filter((cut) => start < cut && cut <= end);
    const starts = [start, ...inside.sort((a, b) => (a < b ? -1 : 1))];
    return starts.flatMap((first, at): readonly AddressPiece[] => {
      const last = (starts[at + 1] ?? end + 1n) - 1n;
      const ip = freeAddress(model, { family, first, last });
      if (ip === undefined) return [];
      return [{ family, first, last, side: { type: 'ip', text: formatIp(ip), ips: [ip] } }];
    });
  });
}

/** The edges of a block; an exception at its end adds none. */
function edgesOf({ range, except }: Block): readonly bigint[] {
  const { family } = range;
  const isIn = (value: bigint) =>
    inRange(range, { family, value }) && !except.some((hole) => inRange(hole, { family, value }));
  return [range, ...except]
    .flatMap(({ first, last }) => [first, last + 1n])
    .filter((edge) => isIn(edge - 1n) !== isIn(edge));
}

/**
 * An address in a range that belongs to no pod or node: one for examples (RFC 5737, RFC 3849) if the range contains it,
 * else searched from its end down, because pods are numbered upwards.
 */
export function freeAddress(model: ClusterModel, { family, first, last }: IpRange): Ip | undefined {
  const isFree = (value: bigint) => {
    const text = formatIp({ family, value });
    const isOther = family === 6 && parseIp(text)?.family !== 6;
    return !isOther && model.podAt(text) === undefined && model.nodeAt(text) === undefined;
  };
  const example = parseIp(family === 4 ? '203.0.113.1' : '2001:db8::1');
  if (example !== undefined && first <= example.value && example.value <= last && isFree(example.value)) {
    return example;
  }
  const lowest = last - first > TRIES ? last - TRIES : first;
  for (let value = last; value >= lowest; value -= 1n) if (isFree(value)) return { family, value };
  return undefined;
}

const sixes = new WeakMap<ClusterModel, { readonly revision: number; readonly answer: boolean }>();

/** Whether any pod or node has an IPv6 address. */
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

/** Ranges as text, adjacent ones merged: `0.0.0.0-9.255.255.255`, or one address. */
export function rangeTexts(ranges: readonly IpRange[]): readonly string[] {
  const joined: IpRange[] = [];
  for (const { family, first, last } of ranges) {
    const before = joined.at(-1);
    const touches = before?.family === family && before.last + 1n === first;
    if (before !== undefined && touches) joined[joined.length - 1] = { ...before, last };
    else joined.push({ family, first, last });
  }
  return joined.map(rangeText);
}

/** A range as text: `10.0.0.0-10.0.0.9`, or one address. */
export function rangeText({ family, first, last }: IpRange): string {
  const start = formatIp({ family, value: first });
  return first === last ? start : `${start}-${formatIp({ family, value: last })}`;
}

/** A range from its text as written by `rangeTexts`. */
export function rangeOfText(text: string): IpRange | undefined {
  const [start = '', end = start] = text.split('-');
  const [first, last] = [parseIp(start), parseIp(end)];
  if (first === undefined || last?.family !== first.family) return undefined;
  return { family: first.family, first: first.value, last: last.value };
}
