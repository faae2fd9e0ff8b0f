/* The all-pairs engine: what reaches what on which ports, and what a policy change would change. */

import { type Side, sideOf, type WorldParts } from '../match/match.ts';
import type { Connections, Direction, End } from '../model/model.ts';
import { type PortFunction, portsOf } from './port-function.ts';
import { surveyOf } from './survey.ts';

export { type ClusterDiff, clusterDiff } from './cluster-diff.ts';
export { type PathChange, pathChangesText, type Turn } from './collect.ts';
export {
  addressesEnd,
  type EndGroup,
  endGroupText,
  fullEndText,
  inOrder,
  podsOfGroup,
  workloadKey,
  workloadsOf,
} from './end-groups.ts';
export { allBlocks, clusterMatrix, type OpenPath } from './matrix.ts';
export {
  type AddressPiece,
  type Block,
  blocksOf,
  freeAddress,
  hasIpv6,
  piecesWithin,
  rangeOfText,
  rangeText,
} from './outside.ts';
export { type Turned, turnedTo } from './port-function.ts';
export { pricesOf } from './prices.ts';
export { diffText, treeDiff, type WorkloadIsolation } from './tree-diff.ts';
export { podWords, type Vocabulary, vocabularyOf } from './vocabulary.ts';
export { whatIf } from './what-if.ts';

/** Ports from one end to another: certainly open, and undecidable. Ports in neither are closed. */
export type PathPorts = { readonly open: Connections; readonly unsure: Connections };

/**
 * All ports open between two ends; never call it for a pod and itself, to which no policy applies. Ends that policies
 * can't tell apart are decided once. Valid as long as the cluster does not change.
 */
export type Reach = (from: End, to: End) => PathPorts;

/** The reach in the current state of a world. */
export function createReach(parts: WorldParts): Reach {
  const { evaluator, shared, groupOf } = surveyOf(parts);
  const { algebra } = shared;
  const closed = algebra.constant('deny');
  const sides = new WeakMap<End, Side>();
  const answers = new Map<PortFunction, PathPorts>();

  function sideFor(end: End): Side {
    const side = sides.get(end) ?? sideOf(parts.model, end);
    sides.set(end, side);
    return side;
  }

  function half(direction: Direction, self: End, peer: End): PortFunction {
    const isWhole = peer.type === 'pod' && peer.ip === undefined;
    return evaluator.half(direction, sideFor(self), sideFor(peer), isWhole ? groupOf(peer.pod) : undefined);
  }

  function answerOf(ports: PortFunction): PathPorts {
    const known = answers.get(ports) ?? {
      open: portsOf(ports, 'allow'),
      unsure: portsOf(ports, 'undecidable'),
    };
    answers.set(ports, known);
    return known;
  }

  return (from, to) => {
    const egress = half('egress', from, to);
    return answerOf(egress === closed ? closed : algebra.both(egress, half('ingress', to, from)));
  };
}
