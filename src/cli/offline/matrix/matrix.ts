import type { ClusterModel } from '../../../core/cluster/model.ts';
import type { Direction } from '../../../core/policy/model/policy.ts';
import type { End } from '../../../core/policy/model/verdict.ts';
import { type OutsideRange, outsideRanges } from '../reach/outside.ts';
import { type Party, partiesOf } from '../reach/parties.ts';
import { isNothing, isSameSet, type PathPorts } from '../reach/port-sets.ts';
import { createReach, type Reach } from '../reach/reach.ts';
import type { PolicyWorld } from '../world.ts';

/** One end of a row: pods of a workload, or addresses outside. */
export type MatrixEnd =
  | { readonly type: 'pods'; readonly party: Party }
  | { readonly type: 'outside'; readonly ranges: readonly OutsideRange[]; readonly everywhere: boolean };

/** Two ends that can talk, and on which ports. */
export type MatrixRow = { readonly from: MatrixEnd; readonly to: MatrixEnd } & PathPorts;

/** The world that is asked. */
export type MatrixWorld = Pick<PolicyWorld, 'model' | 'engine' | 'only'>;

export type MatrixOptions = {
  /** Whether neighbouring outside ranges with the same ports become one row. */
  readonly joinOutside: boolean;
  /** The workloads that either end must be one of; all when absent. */
  readonly about?: (party: Party) => boolean;
};

/**
 * All pairs of workloads that can talk, with each other and with the outside, in the order of their names; those of
 * one namespace where the world is limited to it. A workload's pods among themselves count when there are several.
 */
export function* matrixRows(
  world: MatrixWorld,
  { joinOutside, about = () => true }: MatrixOptions,
): Generator<MatrixRow> {
  const { model, engine, only } = world;
  const reach = createReach(engine);
  const members = partiesOf(model, reach).map(memberOf);
  const pieces = outsideFor(model, reach, joinOutside);
  const counts = ({ row: { party } }: Member) =>
    (only === undefined || party.namespace === only) && about(party);

  for (const to of members.filter(counts))
    yield* outsideRows(reach, pieces(to, 'ingress'), to, 'from', joinOutside);
  for (const from of members) {
    if (counts(from)) yield* outsideRows(reach, pieces(from, 'egress'), from, 'to', joinOutside);
    for (const to of members) {
      const other = from === to ? to.sibling : to.end;
      if (other === undefined || !(counts(from) || counts(to))) continue;
      const { open, unsure } = reach.between(from.end, other);
      if (isNothing(open) && isNothing(unsure)) continue;
      yield { from: from.row, to: to.row, open, unsure };
    }
  }
}

/** A party ready to be asked: as it stands in rows, a pod of it, and a second one where there is one. */
type Member = {
  readonly row: MatrixEnd & { readonly type: 'pods' };
  readonly end: End;
  readonly sibling: End | undefined;
};

function memberOf(party: Party): Member {
  const [pod, second] = party.pods;
  return {
    row: { type: 'pods', party },
    end: { type: 'pod', pod },
    sibling: second === undefined ? undefined : { type: 'pod', pod: second },
  };
}

/** The outside as a member's own policies cut it; as all policies do where pieces are not joined. */
function outsideFor(model: ClusterModel, reach: Reach, isOwn: boolean) {
  const all = new Map<Direction, readonly OutsideRange[]>();
  return ({ row }: Member, direction: Direction): readonly OutsideRange[] => {
    if (isOwn) return outsideRanges(model, reach.blocksOn(row.party.pods[0], direction));
    const ranges = all.get(direction) ?? outsideRanges(model, reach.blocks(direction));
    all.set(direction, ranges);
    return ranges;
  };
}

function outsideRows(
  reach: Reach,
  outside: readonly OutsideRange[],
  { row, end }: Member,
  side: 'from' | 'to',
  join: boolean,
): readonly MatrixRow[] {
  const groups: { readonly ports: PathPorts; readonly ranges: OutsideRange[] }[] = [];
  for (const range of outside) {
    const ports = side === 'from' ? reach.between(range.end, end) : reach.between(end, range.end);
    if (isNothing(ports.open) && isNothing(ports.unsure)) continue;
    const alike = join ? groups.find((group) => isSame(group.ports, ports)) : undefined;
    if (alike === undefined) groups.push({ ports, ranges: [range] });
    else alike.ranges.push(range);
  }
  return groups.map(({ ports, ranges }) => {
    const other: MatrixEnd = { type: 'outside', ranges, everywhere: ranges.length === outside.length };
    return side === 'from' ? { from: other, to: row, ...ports } : { from: row, to: other, ...ports };
  });
}

function isSame(a: PathPorts, b: PathPorts): boolean {
  return isSameSet(a.open, b.open) && isSameSet(a.unsure, b.unsure);
}
