import type { Pod } from '../../../core/cluster/objects.ts';
import type { Engine } from '../../../core/policy/decide/engine.ts';
import { type Side, sideOf } from '../../../core/policy/match/side.ts';
import type { Connections } from '../../../core/policy/model/connections.ts';
import type { Direction, Rule } from '../../../core/policy/model/policy.ts';
import type { End } from '../../../core/policy/model/verdict.ts';
import { type PortFunction, portsOf } from '../../../core/policy/reach/port-function.ts';
import { appliedOf } from '../../../core/policy/reach/situation.ts';
import { surveyOf } from '../../../core/policy/reach/survey.ts';
import { type Block, blocksOf } from './blocks.ts';
import { EVERYTHING, isEverything, isNothing, NOTHING, type PathPorts } from './port-sets.ts';

/**
 * Answers for all ports at once, and once for all pods that policies can't tell apart. Good for as long as the
 * cluster does not change.
 */
export type Reach = {
  /** The ports open from one end to another one; never ask it for a pod and itself, which nothing rules. */
  readonly between: (from: End, to: End) => PathPorts;
  /** Whether two pods are treated alike. */
  readonly classOf: (pod: Pod) => number;
  /** The sets of addresses that any rule of a direction names. */
  readonly blocks: (direction: Direction) => readonly Block[];
  /** Those that a rule on a pod names. */
  readonly blocksOn: (pod: Pod, direction: Direction) => readonly Block[];
};

/** A reach over an engine as it is now. */
export function createReach(engine: Engine): Reach {
  const { model } = engine;
  const { situation, shared, groupOf } = surveyOf(engine.world);
  const { algebra } = shared;
  const closed = algebra.constant('deny');
  const sides = new WeakMap<End, Side>();
  const answers = new Map<PortFunction, PathPorts>();

  function sideFor(end: End): Side {
    const side = sides.get(end) ?? sideOf(model, end);
    sides.set(end, side);
    return side;
  }

  function half(direction: Direction, self: End, peer: End): PortFunction {
    const other = sideFor(peer);
    const isWhole = peer.type === 'pod' && peer.ip === undefined;
    return situation.half(direction, sideFor(self), other, isWhole ? groupOf(peer.pod) : undefined);
  }

  function answerOf(ports: PortFunction): PathPorts {
    const known = answers.get(ports) ?? {
      open: plain(portsOf(ports, 'allow')),
      unsure: plain(portsOf(ports, 'undecidable')),
    };
    answers.set(ports, known);
    return known;
  }

  function* rulesOf(direction: Direction): Iterable<Rule> {
    for (const policy of engine.policies()) {
      for (const reading of engine.world.matching.readings(policy)) yield* reading[direction];
    }
  }

  return {
    between: (from, to) => {
      const egress = half('egress', from, to);
      return answerOf(egress === closed ? closed : algebra.both(egress, half('ingress', to, from)));
    },
    classOf: groupOf,
    blocks: (direction) => blocksOf(model, rulesOf(direction)),
    blocksOn: (pod, direction) =>
      blocksOf(
        model,
        appliedOf(situation.stackFor(pod)).flatMap(({ reading }) => reading[direction]),
      ),
  };
}

/** All and nothing are one object each, which is quick to compare. */
function plain(set: Connections): Connections {
  if (isNothing(set)) return NOTHING;
  return isEverything(set) ? EVERYTHING : set;
}
