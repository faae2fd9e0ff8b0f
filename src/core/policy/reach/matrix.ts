import type { ClusterModel } from '../../cluster/model.ts';
import type { Pod } from '../../cluster/objects.ts';
import type { Dialect } from '../match/dialect.ts';
import type { Side } from '../match/side.ts';
import { createWorld } from '../match/world.ts';
import type { Connections } from '../model/connections.ts';
import type { Direction, Rule } from '../model/policy.ts';
import { addBeyond } from './beyond.ts';
import { createCollector } from './collect.ts';
import type { EndGroup } from './ends.ts';
import { pairsOf, podSide } from './groups.ts';
import { appliedOf, type Situation } from './situation.ts';
import { surveyOf } from './survey.ts';

/** Ports from one end to another. `unsure`: whether they are open cannot be known, or a proxy decides on the request. */
export type OpenPath = {
  readonly from: EndGroup;
  readonly to: EndGroup;
  readonly ports: Connections;
  readonly unsure: boolean;
};

/**
 * Everything that can talk in a cluster, by workload and port range: workloads with each other, with addresses
 * outside and with nodes. What is not in it is closed. A pod's way to itself is left out.
 */
export function clusterMatrix(model: ClusterModel, dialect: Dialect): readonly OpenPath[] {
  const survey = surveyOf(createWorld(model, dialect));
  const { groups, shared, situation } = survey;
  const { algebra } = shared;
  const collector = createCollector(survey.workloads);
  const closed = algebra.constant('deny');
  for (const from of groups) {
    for (const to of groups) {
      for (const pair of pairsOf(from, to)) {
        const ingress = situation.half('ingress', pair.destination, pair.source, from.index);
        if (ingress === closed) continue;
        const egress = situation.half('egress', pair.source, pair.destination, to.index);
        const open = algebra.changes(closed, algebra.both(egress, ingress));
        if (open.length > 0) collector.add(survey.membersOf(pair.from), survey.membersOf(pair.to), open);
      }
    }
  }
  for (const direction of ['ingress', 'egress'] as const) {
    const changesTo = (pod: Pod, side: Side, index?: number) =>
      algebra.changes(closed, situation.half(direction, podSide(pod), side, index));
    const rules = (pod: Pod) => rulesOn(situation, pod, direction);
    for (const group of groups) addBeyond({ model, survey, collector, direction, changesTo, rules }, group);
  }
  return collector
    .paths()
    .map(({ from, to, ports, is }) => ({ from, to, ports, unsure: is === 'undecidable' }));
}

function* rulesOn(situation: Situation, pod: Pod, direction: Direction): Iterable<Rule> {
  for (const { reading } of appliedOf(situation.stackFor(pod))) yield* reading[direction];
}
