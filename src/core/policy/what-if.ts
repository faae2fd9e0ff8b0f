import type { ClusterModel } from '../cluster/model.ts';
import { policyKey } from '../cluster/model.ts';
import { isLive, type Pod, type Protocol } from '../cluster/objects.ts';
import type { Engine } from './engine.ts';
import { decideQuickly } from './half.ts';
import type { World } from './match.ts';
import { createClasses } from './pod-class.ts';
import type { Policy, PolicyRef } from './policy.ts';
import { createPolicyIndex } from './policy-index.ts';
import { sideOf } from './side.ts';
import type { Decision, End, EndName, IsolationChange, PairChange, WhatIf } from './verdict.ts';

/** Policies that come (or replace one of the same kind and name) and go. */
export type PolicyChange = { readonly add: readonly Policy[]; readonly remove: readonly PolicyRef[] };

/** The questions to ask before and after: every source to every destination on every port. */
export type Scope = {
  readonly from: readonly End[];
  readonly to: readonly End[];
  readonly ports: readonly { readonly port: number; readonly protocol: Protocol }[];
};

/**
 * What a change of policies does: pairs of the scope that turn, and pods that become isolated or free. Isolation is
 * compared for every pod of the namespaces that the change touches, whether in scope or not: that is the harm a
 * draft can do (facts/policy.md §0 facts 2, 3). A pair is open where the engine's `evaluate` says allow.
 */
export function whatIf(engine: Asked, change: PolicyChange, scope: Scope): WhatIf {
  const { model } = engine;
  const world: World = { model, dialect: engine.dialect, foreign: engine.foreign };
  const before = situation(world, [...model.policies()]);
  const after = situation(world, changedPolicies(model, change));
  const pairs = pairsOf(scope).filter(({ from, to }) => !isSame(from, to));
  const turned = pairs.map((pair) => ({ pair, was: before.decide(pair), is: after.decide(pair) }));
  const isolation = podsTouched(model, change).flatMap((pod) => compare(pod, before, after));
  return {
    opens: turned.filter(({ was, is }) => was !== 'allow' && is === 'allow').map(({ pair }) => nameOf(pair)),
    closes: turned.filter(({ was, is }) => was === 'allow' && is !== 'allow').map(({ pair }) => nameOf(pair)),
    isolated: isolation.filter(({ isolates }) => isolates).map(({ change: found }) => found),
    freed: isolation.filter(({ isolates }) => !isolates).map(({ change: found }) => found),
  };
}

/** The engine before the change. */
type Asked = Pick<Engine, 'model' | 'dialect' | 'foreign'>;

type Pair = { readonly from: End; readonly to: End; readonly port: number; readonly protocol: Protocol };

type Situation = {
  readonly decide: (pair: Pair) => Decision;
  readonly isolation: (pod: Pod) => { readonly ingress: boolean; readonly egress: boolean };
};

function situation(world: World, policies: readonly Policy[]): Situation {
  const classes = createClasses(world, createPolicyIndex(policies));
  return {
    decide: ({ from, to, port, protocol }) => {
      const source = sideOf(world.model, from);
      const destination = sideOf(world.model, to);
      const ask = { port, protocol };
      const egress = decideQuickly(world, classes, {
        ...ask,
        direction: 'egress',
        self: source,
        peer: destination,
      });
      if (egress === 'deny') return 'deny';
      const ingress = decideQuickly(world, classes, {
        ...ask,
        direction: 'ingress',
        self: destination,
        peer: source,
      });
      return ingress === 'allow' ? egress : ingress;
    },
    isolation: classes.isolationOf,
  };
}

/** The policies of a model after a change. */
export function changedPolicies(model: ClusterModel, { add, remove }: PolicyChange): readonly Policy[] {
  const gone = new Set([...remove, ...add].map(policyKey));
  return [...[...model.policies()].filter((policy) => !gone.has(policyKey(policy))), ...add];
}

function podsTouched(model: ClusterModel, { add, remove }: PolicyChange): readonly Pod[] {
  const namespaces = new Set([...add, ...remove].map(({ namespace }) => namespace));
  if (namespaces.has(undefined)) return [...model.pods()].filter(isLive);
  return [...namespaces].flatMap((name) => (name === undefined ? [] : model.podsIn(name).filter(isLive)));
}

function compare(
  pod: Pod,
  before: Situation,
  after: Situation,
): readonly { readonly change: IsolationChange; readonly isolates: boolean }[] {
  const was = before.isolation(pod);
  const is = after.isolation(pod);
  return (['ingress', 'egress'] as const)
    .filter((direction) => was[direction] !== is[direction])
    .map((direction) => ({
      change: { pod: { namespace: pod.namespace, name: pod.name }, direction },
      isolates: is[direction],
    }));
}

function pairsOf({ from, to, ports }: Scope): readonly Pair[] {
  return from.flatMap((source) =>
    to.flatMap((destination) =>
      ports.map(({ port, protocol }) => ({ from: source, to: destination, port, protocol })),
    ),
  );
}

function isSame(a: End, b: End): boolean {
  const [x, y] = [endName(a), endName(b)];
  return x.namespace === y.namespace && x.name === y.name;
}

function nameOf({ from, to, port, protocol }: Pair): PairChange {
  return { from: endName(from), to: endName(to), port, protocol };
}

function endName(end: End): EndName {
  return end.type === 'pod' ? { namespace: end.pod.namespace, name: end.pod.name } : { name: end.ip };
}
