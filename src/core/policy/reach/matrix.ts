import { refKey } from '../../cluster/cluster.ts';
import { createWorld, type WorldParts } from '../match/match.ts';
import type { Connections, Direction, Rule } from '../model/model.ts';
import { endsOutside, rulesOn } from './beyond.ts';
import { createCollector } from './collect.ts';
import { addressesEnd, type EndGroup, inOrder, type Workload } from './end-groups.ts';
import { type PodGroup, pairsOf, podSide } from './groups.ts';
import { type AddressPiece, type Block, blocksOf, outsidePieces } from './outside.ts';
import { type PortChange, turnedTo } from './port-function.ts';
import { type Survey, surveyOf } from './survey.ts';

/**
 * Ports from one end to another. `unsure`: it is unknown whether they are open, or a proxy decides on the request.
 * Ports in neither are closed.
 */
export type OpenPath = {
  readonly from: EndGroup;
  readonly to: EndGroup;
  readonly open: Connections;
  readonly unsure: Connections;
};

export type MatrixOptions = {
  /** One end must be one of these workloads; all if absent. */
  readonly about?: (workload: Workload) => boolean;
  /**
   * Whether each range that a policy treats differently is a separate end; otherwise those with the same ports are
   * merged.
   */
  readonly everyRange?: boolean;
};

/**
 * Everything that can talk in a cluster, by workload and port range, sorted by name: workloads with each other and with
 * external addresses. Traffic from a pod to itself is left out; traffic to another pod of its workload is not.
 */
export function clusterMatrix(world: WorldParts, options: MatrixOptions = {}): readonly OpenPath[] {
  const { about = () => true } = options;
  const survey = surveyOf(world);
  const { groups, shared, evaluator, workloads } = survey;
  const { algebra } = shared;
  const collector = createCollector<PortChange>(workloads);
  const closed = algebra.constant('deny');
  const wanted = new Set(workloads.all.filter(about));
  const asked = new Set(groups.filter(({ pods }) => pods.some((pod) => wanted.has(workloads.of(pod)))));
  for (const from of groups) {
    for (const to of asked.has(from) ? groups : asked) {
      for (const pair of pairsOf(from, to)) {
        const ingress = evaluator.half('ingress', pair.destination, pair.source, from.index);
        if (ingress === closed) continue;
        const egress = evaluator.half('egress', pair.source, pair.destination, to.index);
        const open = algebra.changes(closed, algebra.both(egress, ingress));
        if (open.length > 0) collector.add(pair.from, pair.to, open);
      }
    }
  }
  const outside = outsideOf(world, survey, options);
  for (const group of asked) {
    for (const { end, changes } of outside(group, 'ingress'))
      collector.addBeyond(group.pods, { from: end }, changes);
    for (const { end, changes } of outside(group, 'egress'))
      collector.addBeyond(group.pods, { to: end }, changes);
  }
  const ports = portsBy();
  const keys = new Set(Array.from(wanted, refKey));
  const isAbout = (end: EndGroup) => end.type === 'workload' && keys.has(refKey(end));
  const rows = collector.turns().filter(({ from, to }) => isAbout(from) || isAbout(to));
  return inOrder(rows.map(({ from, to, changes }) => ({ from, to, ...ports(changes) })));
}

type Outside = (
  group: PodGroup,
  direction: Direction,
) => readonly { readonly end: EndGroup; readonly changes: readonly PortChange[] }[];

/** What the pods of a group can talk to outside: split by their own policies, or by all policies. */
function outsideOf(
  world: WorldParts,
  { shared, evaluator }: Survey,
  { everyRange = false }: MatrixOptions,
): Outside {
  const { algebra } = shared;
  const closed = algebra.constant('deny');
  const all = { ingress: allBlocks(world, 'ingress'), egress: allBlocks(world, 'egress') };
  return ({ pods: [pod] }, direction) => {
    if (pod === undefined) return [];
    const changesTo = ({ side }: AddressPiece) =>
      algebra.changes(closed, evaluator.half(direction, podSide(pod), side));
    const blocks = everyRange ? all[direction] : blocksOf(world.model, rulesOn(evaluator, pod, direction));
    const pieces = outsidePieces(world.model, [pod], blocks);
    if (!everyRange) return endsOutside(pieces, changesTo);
    return pieces
      .map((piece) => ({ end: addressesEnd([piece], false), changes: changesTo(piece) }))
      .filter(({ changes }) => changes.length > 0);
  };
}

/** The sets of addresses named by any rule of a direction. */
export function allBlocks({ model, dialect }: WorldParts, direction: Direction): readonly Block[] {
  const { matching } = createWorld(model, dialect);
  const rules = Array.from(model.policies()).flatMap((policy) =>
    matching.readings(policy).flatMap((reading): readonly Rule[] => reading[direction]),
  );
  return blocksOf(model, rules);
}

/** Rows share their results, which makes comparison fast. */
function portsBy(): (changes: readonly PortChange[]) => Pick<OpenPath, 'open' | 'unsure'> {
  const known = new Map<readonly PortChange[], Pick<OpenPath, 'open' | 'unsure'>>();
  return (changes) => {
    const made = known.get(changes) ?? {
      open: turnedTo(changes, 'allow'),
      unsure: turnedTo(changes, 'undecidable'),
    };
    known.set(changes, made);
    return made;
  };
}
