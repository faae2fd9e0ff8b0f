import { EVERY_ADDRESS, formatIp, inRange, parseIp } from '../../../core/cluster/ip.ts';
import type { ClusterModel } from '../../../core/cluster/model.ts';
import type { End } from '../../../core/policy/model/verdict.ts';
import type { Block } from './blocks.ts';

/** A range of addresses outside the cluster that policies treat alike, and one address to ask for. */
export type OutsideRange = {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  readonly end: End;
};

/** How many addresses of a range are tried for one that is nobody's; a /24 of pods is full of them. */
const TRIES = 4_096n;

/**
 * The addresses outside, cut wherever a block begins or ends: parts that no block tells apart are one. IPv6 only where
 * a block or a pod speaks it. Ranges whose every address is a pod's or a node's are left out.
 */
export function outsideRanges(model: ClusterModel, blocks: readonly Block[]): readonly OutsideRange[] {
  const families = speaksIpv6(model, blocks) ? ([4, 6] as const) : ([4] as const);
  return families.flatMap((family) =>
    pieces(
      family,
      blocks.filter(({ range }) => range.family === family),
    ).flatMap(([first, last]): readonly OutsideRange[] => {
      const ip = freeAddress(model, family, first, last);
      return ip === undefined ? [] : [{ family, first, last, end: { type: 'ip', ip } }];
    }),
  );
}

/** `10.0.0.0-10.255.255.255`. */
export function rangeText({ family, first, last }: OutsideRange): string {
  return `${formatIp({ family, value: first })}-${formatIp({ family, value: last })}`;
}

/** Ranges as texts, neighbours joined. */
export function rangeTexts(ranges: readonly OutsideRange[]): readonly string[] {
  const joined: OutsideRange[] = [];
  for (const range of ranges) {
    const before = joined.at(-1);
    const touches = before?.family === range.family && before.last + 1n === range.first;
    if (before !== undefined && touches) joined[joined.length - 1] = { ...before, last: range.last };
    else joined.push(range);
  }
  return joined.map(rangeText);
}

/** Whether a range is all of its family. */
export function isWholeFamily({ family, first, last }: OutsideRange): boolean {
  return first === EVERY_ADDRESS[family].first && last === EVERY_ADDRESS[family].last;
}

function speaksIpv6(model: ClusterModel, blocks: readonly Block[]): boolean {
  if (blocks.some(({ range }) => range.family === 6 && range.first !== range.last && range.first !== 0n))
    return true;
  for (const { ips } of model.pods()) if (ips.some((ip) => ip.includes(':'))) return true;
  return false;
}

/** Neighbouring pieces that are in the same blocks are joined again. */
function pieces(family: 4 | 6, blocks: readonly Block[]): readonly (readonly [bigint, bigint])[] {
  const cuts = new Set([EVERY_ADDRESS[family].first]);
  for (const { range, except } of blocks) {
    for (const { first, last } of [range, ...except]) cuts.add(first).add(last + 1n);
  }
  const end = EVERY_ADDRESS[family].last;
  const starts = [...cuts].filter((cut) => cut <= end).sort((a, b) => (a < b ? -1 : 1));
  const list: { readonly first: bigint; last: bigint; readonly inside: string }[] = [];
  for (const [index, first] of starts.entries()) {
    const last = (starts[index + 1] ?? end + 1n) - 1n;
    const ip = { family, value: first };
    const inside = blocks
      .flatMap(({ range, except }, number) =>
        inRange(range, ip) && !except.some((hole) => inRange(hole, ip)) ? [number] : [],
      )
      .join(',');
    const before = list.at(-1);
    if (before?.inside === inside) before.last = last;
    else list.push({ first, last, inside });
  }
  return list.map(({ first, last }) => [first, last]);
}

/** An address for examples (RFC 5737, RFC 3849) where the range has it; else from its end down, as pods are numbered up. */
function freeAddress(model: ClusterModel, family: 4 | 6, first: bigint, last: bigint): string | undefined {
  const isFree = (text: string) => model.podAt(text) === undefined && model.nodeAt(text) === undefined;
  const example = parseIp(family === 4 ? '203.0.113.1' : '2001:db8::1');
  if (example !== undefined && first <= example.value && example.value <= last && isFree(formatIp(example))) {
    return formatIp(example);
  }
  const lowest = last - first > TRIES ? last - TRIES : first;
  for (let value = last; value >= lowest; value -= 1n) {
    const text = formatIp({ family, value });
    if (parseIp(text)?.family === family && isFree(text)) return text;
  }
  return undefined;
}
