import type { ClusterEvent } from '../../cluster/events.ts';
import type { ClusterModel } from '../../cluster/model.ts';
import { isLive, type Pod } from '../../cluster/objects.ts';
import type { Dialect } from '../enforcers/dialect.ts';
import { assumptionsOf } from '../explain/assumptions.ts';
import { matchNamespace, matchPods, type World } from '../match/match.ts';
import { type Side, sideOf } from '../match/side.ts';
import type { ForeignObject, Policy, Rule } from '../model/policy.ts';
import type { Decision, Half, Query, Verdict } from '../model/verdict.ts';
import { decideHalf, decideQuickly } from './half.ts';
import { createClasses } from './pod-class.ts';
import { createPolicyIndex } from './policy-index.ts';
import { readingsOf } from './reading.ts';
import type { Applied, Stack } from './stack.ts';

/** Whether the normal tier isolates a pod, by direction. */
export type PodIsolation = { readonly ingress: boolean; readonly egress: boolean };

/** Says who may talk to whom in one cluster, and why. Follows the cluster's changes through `apply`. */
export type Engine = {
  readonly dialect: Dialect;
  readonly model: ClusterModel;
  /** The verdict of one path with its reasons. */
  readonly evaluate: (query: Query) => Verdict;
  /** What each half of `evaluate` comes to, an L4 allow with a proxy behind it being undecidable: for matrices. */
  readonly decide: (query: Query) => { readonly egress: Decision; readonly ingress: Decision };
  /** Whether policies isolate a pod; false for pods that policies cannot select. */
  readonly isolation: (pod: Pod) => PodIsolation;
  /** Live pods that a policy selects. */
  readonly selected: (policy: Policy) => readonly Pod[];
  /** Every policy that the engine knows of. */
  readonly policies: () => Iterable<Policy>;
  /** Policies that select a pod, in the order of evaluation. */
  readonly policiesOn: (pod: Pod) => readonly Policy[];
  /** Rules of those policies as the enforcer reads them, both directions. */
  readonly rulesOn: (pod: Pod) => readonly Rule[];
  /** Takes in a change; call it after the model took it in. */
  readonly apply: (event: ClusterEvent) => void;
  readonly setDialect: (dialect: Dialect) => void;
  /** Kinds of policies that may not be listed: verdicts go on without them and say so. */
  readonly setUnreadable: (kinds: readonly string[]) => void;
  /** Policies in force that are not evaluated here: they make what they may select undecidable. */
  readonly setForeign: (objects: readonly ForeignObject[]) => void;
  /** Those that were set. */
  readonly foreign: readonly ForeignObject[];
};

/** An engine over a live model. Everything is computed when asked for, and kept until something it rests on changes. */
export function createEngine(model: ClusterModel, dialect: Dialect): Engine {
  const index = createPolicyIndex(model.policies());
  let world: World = { model, dialect };
  let classes = createClasses(world, index);
  let unreadable: readonly string[] = [];

  const sides = ({ from, to }: Query) => ({ source: sideOf(model, from), destination: sideOf(model, to) });

  function evaluate(query: Query): Verdict {
    const { source, destination } = sides(query);
    const half = (direction: 'ingress' | 'egress', self: Side, peer: Side): Half =>
      decideHalf(world, classes, {
        direction,
        self,
        peer,
        port: query.port,
        protocol: query.protocol,
        viaService: query.viaService,
      });
    const egress = half('egress', source, destination);
    const ingress = half('ingress', destination, source);
    const { isolationOf } = classes;
    return assumptionsOf({ world, query, source, destination, unreadable, egress, ingress, isolationOf });
  }

  return {
    get dialect() {
      return world.dialect;
    },
    model,
    evaluate,
    decide: (query) => {
      const { source, destination } = sides(query);
      const { port, protocol, viaService } = query;
      const ask = { port, protocol, viaService };
      return {
        egress: decideQuickly(world, classes, {
          ...ask,
          direction: 'egress',
          self: source,
          peer: destination,
        }),
        ingress: decideQuickly(world, classes, {
          ...ask,
          direction: 'ingress',
          self: destination,
          peer: source,
        }),
      };
    },
    isolation: (pod) => classes.isolationOf(pod),
    selected: (policy) => selectedBy(world, policy),
    policies: index.all,
    policiesOn: (pod) => inOrder(classes.stackFor(pod)).map(({ policy }) => policy),
    rulesOn: (pod) =>
      inOrder(classes.stackFor(pod)).flatMap(({ reading }) => [...reading.ingress, ...reading.egress]),
    apply: (event) => {
      if (event.kind === 'namespaces') applyNamespaces(event);
      if (event.kind === 'policies') applyPolicies(event);
    },
    setDialect: (next) => {
      world = { ...world, dialect: next };
      classes = createClasses(world, index);
    },
    setUnreadable: (kinds) => {
      unreadable = [...kinds];
    },
    setForeign: (objects) => {
      world = { ...world, foreign: [...objects] };
    },
    get foreign() {
      return world.foreign ?? [];
    },
  };

  /** The labels of a namespace concern its own pods only: peers are matched when they are asked for. */
  function applyNamespaces(event: ClusterEvent & { readonly kind: 'namespaces' }): void {
    if (event.type === 'set') classes.forget(event.object.name);
    else classes.forget(event.type === 'delete' ? event.key : undefined);
  }

  function changed(policy: Policy, now: Policy | undefined): void {
    if (policy.namespace === undefined) classes.patch(policy, now);
    else classes.forget(policy.namespace);
  }

  function applyPolicies(event: ClusterEvent & { readonly kind: 'policies' }): void {
    switch (event.type) {
      case 'set':
        index.set(event.object);
        changed(event.object, event.object);
        break;
      case 'delete': {
        const gone = index.remove(event.key);
        if (gone !== undefined) changed(gone, undefined);
        break;
      }
      case 'reset':
        index.replace(model.policies());
        classes.forget();
        break;
    }
  }
}

function inOrder({ admin, normal, baseline }: Stack): readonly Applied[] {
  return [...admin.flat(), ...normal, ...baseline.flat()];
}

/** Live pods that a policy selects; no policy selects host-network pods (NP-29). */
function selectedBy(world: World, policy: Policy): readonly Pod[] {
  if (policy.inert === true) return [];
  const { model } = world;
  const readings = readingsOf(world.dialect, policy);
  const selects = (pod: Pod): boolean =>
    isLive(pod) &&
    !pod.hostNetwork &&
    readings.some((reading) => matchPods(world, reading.subject, pod) === 'yes');
  if (policy.namespace !== undefined) return model.podsIn(policy.namespace).filter(selects);
  const reaches = (namespace: string) =>
    readings.some(({ subject }) => matchNamespace(world, subject.namespaces, namespace) === 'yes');
  const names = new Set(Array.from(model.pods(), (pod) => pod.namespace));
  return [...names].filter(reaches).flatMap((namespace) => model.podsIn(namespace).filter(selects));
}
