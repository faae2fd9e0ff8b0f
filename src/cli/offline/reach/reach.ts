import type { Pod } from '../../../core/cluster/objects.ts';
import type { Engine } from '../../../core/policy/engine.ts';
import type { Direction } from '../../../core/policy/policy.ts';
import type { End } from '../../../core/policy/verdict.ts';
import { createHalfReach } from './half-reach.ts';
import { createPodClasses } from './pod-classes.ts';
import { both, either, isEverything, NOTHING, type PathPorts, without } from './port-sets.ts';
import { type Traits, traitsOf } from './traits.ts';

/**
 * Answers for all ports at once, and once for all pods that policies can't tell apart. Good for as long as the
 * cluster does not change.
 */
export type Reach = {
  readonly traits: Traits;
  /** The ports open from one end to another one; never ask it for a pod and itself, which nothing rules. */
  readonly between: (from: End, to: End) => PathPorts;
  /** The ports that one half leaves open. */
  readonly half: (direction: Direction, from: End, to: End) => PathPorts;
  /** Whether two pods are treated alike. */
  readonly classOf: (pod: Pod) => number;
};

/** A reach over an engine as it is now. */
export function createReach(engine: Engine): Reach {
  const traits = traitsOf(engine);
  const { classOf } = createPodClasses(traits);
  const keys = new Map<string, number>();
  const numbers = new WeakMap<End, number>();
  const nodeLike = new WeakMap<End, boolean>();
  const halves: Readonly<Record<Direction, Map<number, PathPorts>>> = {
    ingress: new Map(),
    egress: new Map(),
  };
  const halfReach = createHalfReach(engine);

  /** Ends get numbers, so that a pair is one number. */
  function numberOf(end: End, other: End): number {
    // Only to its own node is it of importance where a pod runs.
    if (isNodeLike(other) && end.type === 'pod') return intern(`${keyOf(end)} on ${end.pod.node ?? ''}`);
    const known = numbers.get(end) ?? intern(keyOf(end));
    numbers.set(end, known);
    return known;
  }

  function intern(key: string): number {
    const number = keys.get(key) ?? keys.size;
    keys.set(key, number);
    return number;
  }

  function keyOf(end: End): string {
    if (end.type === 'ip') return `ip ${end.ip} ${end.reserved ?? ''}`;
    return `${classOf(end.pod)} ${end.ip ?? ''}`;
  }

  function isNodeLike(end: End): boolean {
    if (end.type === 'pod') return end.pod.hostNetwork;
    const known = nodeLike.get(end) ?? engine.model.nodeAt(end.ip) !== undefined;
    nodeLike.set(end, known);
    return known;
  }

  function half(direction: Direction, from: End, to: End): PathPorts {
    const key = numberOf(from, to) * 0x4000000 + numberOf(to, from);
    const known = halves[direction].get(key) ?? halfReach(direction, from, to);
    halves[direction].set(key, known);
    return known;
  }

  return {
    traits,
    classOf,
    half,
    between: (from, to) => {
      const egress = half('egress', from, to);
      if (isClosed(egress)) return egress;
      const ingress = half('ingress', from, to);
      if (isOpen(egress)) return ingress;
      if (isOpen(ingress)) return egress;
      const open = both(egress.open, ingress.open);
      const maybe = both(either(egress.open, egress.unsure), either(ingress.open, ingress.unsure));
      return { open, unsure: without(maybe, open) };
    },
  };
}

function isClosed({ open, unsure }: PathPorts): boolean {
  return open === NOTHING && unsure === NOTHING;
}

function isOpen({ open }: PathPorts): boolean {
  return isEverything(open);
}
