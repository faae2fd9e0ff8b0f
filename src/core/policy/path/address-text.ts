import { covers, formatIp, type IpRange } from '../../cluster/cluster.ts';

/** Addresses as blocks, or as one block with exceptions if that is shorter. */
export type AddressSet = { readonly addresses: readonly string[]; readonly except: readonly string[] };

/** Some addresses of a whole in as few blocks as possible: `10.0.0.0/8` except `10.0.5.0/24`. */
export function addressSet(ranges: readonly IpRange[], whole: readonly IpRange[]): AddressSet {
  const joined = joinedRanges(ranges);
  const sets = whole.map((all): AddressSet => {
    const inside = joined.filter((range) => covers(all, range));
    if (inside.length === 0) return { addresses: [], except: [] };
    const plain = inside.flatMap(blocksOf);
    const holes = holesOf(all, inside).flatMap(blocksOf);
    return holes.length + 1 < plain.length || holes.length === 0
      ? { addresses: blocksOf(all), except: holes }
      : { addresses: plain, except: [] };
  });
  return {
    addresses: sets.flatMap(({ addresses }) => addresses),
    except: sets.flatMap(({ except }) => except),
  };
}

/** Ranges in ascending order, with adjacent ones joined. */
function joinedRanges(ranges: readonly IpRange[]): readonly IpRange[] {
  const ordered = ranges.toSorted((a, b) => a.family - b.family || (a.first < b.first ? -1 : 1));
  const joined: IpRange[] = [];
  for (const range of ordered) {
    const before = joined.at(-1);
    if (before?.family === range.family && before.last + 1n === range.first) {
      joined[joined.length - 1] = { ...before, last: range.last };
    } else joined.push(range);
  }
  return joined;
}

function holesOf({ family, first, last }: IpRange, inside: readonly IpRange[]): readonly IpRange[] {
  const starts = [first, ...inside.map((range) => range.last + 1n)];
  const ends = [...inside.map((range) => range.first - 1n), last];
  return starts.flatMap((from, at) => {
    const to = ends[at] ?? last;
    return from <= to ? [{ family, first: from, last: to }] : [];
  });
}

/** A range as CIDRs in ascending order; a single address has no mask. */
export function blocksOf({ family, first, last }: IpRange): readonly string[] {
  const width = family === 4 ? 32 : 128;
  const blocks: string[] = [];
  for (let start = first; start <= last; ) {
    let bits = 0;
    while (bits < width && start % (2n << BigInt(bits)) === 0n && start + (2n << BigInt(bits)) - 1n <= last)
      bits += 1;
    const text = formatIp({ family, value: start });
    blocks.push(bits === 0 ? text : `${text}/${width - bits}`);
    start += 1n << BigInt(bits);
  }
  return blocks;
}
