import type { IpRange, Protocol } from '../../cluster/cluster.ts';
import { causeOf } from '../explain/explain.ts';
import type { World } from '../match/match.ts';
import type { Decision, PortRange } from '../model/model.ts';
import { addressSet } from './address-text.ts';
import type { Atom } from './atoms.ts';
import type { Cell } from './cells.ts';
import type { Member } from './members.ts';

/** Part of an end: pods (`ns/name`), node names, addresses as blocks with exceptions. `text` is its description. */
export type PartEnd = {
  readonly text: string;
  readonly pods?: readonly string[];
  readonly nodes?: readonly string[];
  readonly addresses?: readonly string[];
  readonly except?: readonly string[];
};

/** A part of a path with one verdict. `why` summarizes the half that decides. */
export type PathPart = {
  readonly verdict: Decision;
  readonly from: PartEnd;
  readonly to: PartEnd;
  readonly protocol: Protocol | 'ICMP';
  /** Ports as policies see them: those of the pods behind a Service, not the Service's own. Types for ICMP. */
  readonly ports: readonly PortRange[];
  readonly why: string;
};

/** A whole end, to detect whether a part covers all of it. */
export type WholeEnd = { readonly name: string; readonly members: readonly Member[] };

/** The fewest parts of a path that have one verdict each; none if the whole path has a single verdict. */
export function partsOf(
  world: World,
  cells: readonly Cell[],
  from: WholeEnd,
  to: WholeEnd,
): readonly PathPart[] {
  const verdictOf = ({ decision }: Cell) => decision.verdict;
  if (new Set(cells.map(verdictOf)).size < 2) return [];
  return partsBy(world, cells, from, to, verdictOf).map(({ part }) => part);
}

/** The fewest parts of a path whose cells have the same mark. */
export function partsBy<M extends string>(
  world: World,
  cells: readonly Cell[],
  from: WholeEnd,
  to: WholeEnd,
  markOf: (cell: Cell) => M,
): readonly { readonly mark: M; readonly part: PathPart }[] {
  const signature = (list: readonly Cell[]) =>
    list.map((cell) => `${cell.ports.join('-')}=${markOf(cell)}`).join();
  const numbers = new Map<Atom, number>();
  for (const cell of cells) if (!numbers.has(cell.to)) numbers.set(cell.to, numbers.size);
  const rowKey = (list: readonly Cell[]) =>
    [...Map.groupBy(list, (cell) => cell.to)]
      .map(([to, column]) => `${numbers.get(to)}:${signature(column)}`)
      .sort()
      .join(' ');
  const rows = groupedBy([...Map.groupBy(cells, (cell) => cell.from)], ([, list]) => rowKey(list));
  return rows.flatMap((sources) => {
    const [first] = sources;
    if (first === undefined) return [];
    const source = partEnd(
      sources.map(([atom]) => atom),
      from,
    );
    const columns = groupedBy([...Map.groupBy(first[1], (cell) => cell.to)], ([, list]) => signature(list));
    return columns.flatMap((targets) => {
      const target = partEnd(
        targets.map(([atom]) => atom),
        to,
      );
      const list = targets[0]?.[1] ?? [];
      return [...Map.groupBy(list, markOf)].flatMap(([mark, same]) => {
        const [one] = same;
        if (one === undefined) return [];
        const part: PathPart = {
          verdict: one.decision.verdict,
          from: source,
          to: target,
          protocol: one.query.protocol,
          ports: joinedPorts(same.map(({ ports }) => ports)),
          why: causeOf(world, one.decision),
        };
        return [{ mark, part }];
      });
    });
  });
}

function groupedBy<T>(items: readonly T[], key: (item: T) => string): readonly (readonly T[])[] {
  return [...Map.groupBy(items, key).values()];
}

function partEnd(atoms: readonly Atom[], whole: WholeEnd): PartEnd {
  const members = atoms.flatMap((atom) => atom.members);
  const pods = unique(
    members.flatMap((member) =>
      member.type === 'pod' ? [`${member.pod.namespace}/${member.pod.name}`] : [],
    ),
  );
  const nodes = unique(members.flatMap((member) => (member.type === 'node' ? [member.node.name] : [])));
  const reserved = members.flatMap((member) => (member.type === 'reserved' ? [member.name] : []));
  const ranges = rangesOf(members);
  const all = rangesOf(whole.members);
  const set = addressSet(ranges, all);
  const isWhole =
    pods.length === countOf(whole.members, 'pod') &&
    nodes.length === countOf(whole.members, 'node') &&
    set.except.length === 0 &&
    set.addresses.join() === addressSet(all, all).addresses.join();
  const parts = [
    ...reserved,
    ...(set.addresses.length === 0 ? [] : [addressesText(set.addresses, set.except)]),
    ...(pods.length === 0 ? [] : [listText(pods, 'pods')]),
    ...(nodes.length === 0
      ? []
      : [
          listText(
            nodes.map((name) => (name.includes(' ') ? name : `node/${name}`)),
            'nodes',
          ),
        ]),
  ];
  return {
    text: isWhole ? whole.name : parts.join(', '),
    ...(pods.length === 0 ? {} : { pods }),
    ...(nodes.length === 0 ? {} : { nodes }),
    ...(set.addresses.length === 0 ? {} : { addresses: set.addresses }),
    ...(set.except.length === 0 ? {} : { except: set.except }),
  };
}

function rangesOf(members: readonly Member[]): readonly IpRange[] {
  return members.flatMap((member) => (member.type === 'range' ? [member.range] : []));
}

function countOf(members: readonly Member[], type: Member['type']): number {
  return unique(
    members.flatMap((member) =>
      member.type !== type || member.type === 'range' || member.type === 'reserved'
        ? []
        : [member.type === 'pod' ? `${member.pod.namespace}/${member.pod.name}` : member.node.name],
    ),
  ).length;
}

function addressesText(addresses: readonly string[], except: readonly string[]): string {
  const text = shortened(addresses);
  return except.length === 0 ? text : `${text} except ${shortened(except)}`;
}

function shortened(items: readonly string[]): string {
  return items.length <= 4
    ? items.join(', ')
    : `${items.slice(0, 3).join(', ')} and ${items.length - 3} more blocks`;
}

function listText(names: readonly string[], word: string): string {
  return names.length <= 3
    ? names.join(', ')
    : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more ${word}`;
}

function joinedPorts(ranges: readonly PortRange[]): readonly PortRange[] {
  const joined: [number, number][] = [];
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (last !== undefined && last[1] + 1 >= from) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

function unique(items: readonly string[]): readonly string[] {
  return [...new Set(items)];
}
