import { PROTOCOLS, type Protocol } from '../../cluster/cluster.ts';

/** Ports from `from` to `to`, inclusive. */
export type PortRange = readonly [from: number, to: number];

/** Ports by protocol; ranges are sorted and disjoint. */
export type Connections = Readonly<Record<Protocol, readonly PortRange[]>>;

/** Every port. */
export const ALL_PORTS: PortRange = [1, 65_535];

const WHOLE: readonly PortRange[] = [ALL_PORTS];
const NONE: readonly PortRange[] = [];

export const EVERYTHING: Connections = { TCP: WHOLE, UDP: WHOLE, SCTP: WHOLE };
export const NOTHING: Connections = { TCP: NONE, UDP: NONE, SCTP: NONE };

/** Whether the set is empty. */
export function isNothing(set: Connections): boolean {
  return set === NOTHING || PROTOCOLS.every((protocol) => set[protocol].length === 0);
}

/** Whether the set contains every port of every protocol. */
export function isEverything(set: Connections): boolean {
  return set === EVERYTHING || PROTOCOLS.every((protocol) => isWhole(set[protocol]));
}

function isWhole([only, ...rest]: readonly PortRange[]): boolean {
  return rest.length === 0 && only?.[0] === ALL_PORTS[0] && only[1] === ALL_PORTS[1];
}

/** Intersection. */
export function both(a: Connections, b: Connections): Connections {
  if (a === b || b === EVERYTHING || a === NOTHING) return a;
  if (a === EVERYTHING || b === NOTHING) return b;
  return byProtocol((protocol) => intersect(a[protocol], b[protocol]));
}

/** Union. */
export function either(a: Connections, b: Connections): Connections {
  if (a === b || b === NOTHING || a === EVERYTHING) return a;
  if (a === NOTHING || b === EVERYTHING) return b;
  return byProtocol((protocol) => unite(a[protocol], b[protocol]));
}

/** Difference: the ports of the first set that are not in the second. */
export function without(a: Connections, b: Connections): Connections {
  if (b === NOTHING || a === NOTHING) return a;
  if (a === b || b === EVERYTHING) return NOTHING;
  return byProtocol((protocol) => intersect(a[protocol], gaps(b[protocol])));
}

/** One port of one protocol. */
export function onePort(port: number, protocol: Protocol): Connections {
  return { ...NOTHING, [protocol]: [[port, port]] };
}

/** Whether the set contains a port. */
export function holdsPort(set: Connections, port: number, protocol: Protocol): boolean {
  return set[protocol].some(([first, last]) => first <= port && port <= last);
}

/** `all ports`, or `tcp 80,8000-8100 · udp 53`; empty text for an empty set. */
export function portsText(set: Connections): string {
  if (isEverything(set)) return 'all ports';
  return PROTOCOLS.filter((protocol) => set[protocol].length > 0)
    .map((protocol) => {
      const ranges = isWhole(set[protocol]) ? 'all' : rangesText(set[protocol]);
      return `${protocol.toLowerCase()} ${ranges}`;
    })
    .join(' · ');
}

/** `80,8000-8100`. */
export function rangesText(ranges: readonly PortRange[]): string {
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/** Appends a range after all others, merging it with the last one if they touch. */
export function appendRange(list: PortRange[], [first, last]: PortRange): void {
  const before = list.at(-1);
  if (before !== undefined && before[1] + 1 >= first) list[list.length - 1] = [before[0], last];
  else list.push([first, last]);
}

/** Ports of each protocol as a set; the full and the empty set are one object each, for fast comparison. */
export function byProtocol(make: (protocol: Protocol) => readonly PortRange[]): Connections {
  const set = { TCP: make('TCP'), UDP: make('UDP'), SCTP: make('SCTP') };
  if (isNothing(set)) return NOTHING;
  return isEverything(set) ? EVERYTHING : set;
}

function intersect(a: readonly PortRange[], b: readonly PortRange[]): readonly PortRange[] {
  return a.flatMap(([first, last]) =>
    b.flatMap(([from, to]): readonly PortRange[] => {
      const common: PortRange = [Math.max(first, from), Math.min(last, to)];
      return common[0] <= common[1] ? [common] : [];
    }),
  );
}

function unite(a: readonly PortRange[], b: readonly PortRange[]): readonly PortRange[] {
  const list: PortRange[] = [];
  for (const [first, last] of [...a, ...b].sort(([x], [y]) => x - y)) {
    const before = list.at(-1);
    appendRange(list, [
      first,
      Math.max(last, before !== undefined && before[1] + 1 >= first ? before[1] : 0),
    ]);
  }
  return list;
}

function gaps(ranges: readonly PortRange[]): readonly PortRange[] {
  const list: PortRange[] = [];
  let next = ALL_PORTS[0];
  for (const [first, last] of ranges) {
    if (next < first) list.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= ALL_PORTS[1]) list.push([next, ALL_PORTS[1]]);
  return list;
}
