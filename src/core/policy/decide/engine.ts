import { isLive, type Pod } from '../../cluster/cluster.ts';
import type { ClusterEvent, ClusterModel } from '../../live/live.ts';
import { createWorld, type Dialect, matchNamespace, matchPods, sideOf, type World } from '../match/match.ts';
import type { ForeignObject, Policy, Query, Rule } from '../model/model.ts';
import { both, decisionOf, type PathDecision } from './decision.ts';
import { decideHalf } from './half.ts';
import { createPodClasses } from './pod-class.ts';
import { createPolicyIndex } from './policy-index.ts';
import type { AppliedPolicy, Stack } from './stack.ts';

/** Whether the normal tier isolates a pod, by direction. */
export type PodIsolation = { readonly ingress: boolean; readonly egress: boolean };

/** Decides who may talk to whom in one cluster, and why. Follows the cluster's changes through `apply`. */
export type Engine = {
  readonly dialect: Dialect;
  readonly model: ClusterModel;
  /** What policies are currently evaluated in. */
  readonly world: World;
  /** Decides a path, with the deciding rules; `explain` puts it into words. */
  readonly decide: (query: Query) => PathDecision;
  /** Whether policies isolate a pod; false for pods that policies cannot select. */
  readonly isolation: (pod: Pod) => PodIsolation;
  /** Live pods that a policy selects. */
  readonly selected: (policy: Policy) => readonly Pod[];
  /** Every policy the engine knows. */
  readonly policies: () => Iterable<Policy>;
  /** Policies that select a pod, in the order of evaluation. */
  readonly policiesOn: (pod: Pod) => readonly Policy[];
  /** Rules of those policies as the enforcer reads them, both directions. */
  readonly rulesOn: (pod: Pod) => readonly Rule[];
  /** Applies a change; call it after the model has applied it. */
  readonly apply: (event: ClusterEvent) => void;
  readonly setDialect: (dialect: Dialect) => void;
  /** Policy kinds that can't be listed: verdicts are made without them and say so. */
  readonly setUnreadable: (kinds: readonly string[]) => void;
  /** The kinds that were set. */
  readonly unreadable: readonly string[];
  /** Policies in force that are not evaluated here: they make whatever they may select undecidable. */
  readonly setForeign: (objects: readonly ForeignObject[]) => void;
  /** The policies that were set. */
  readonly foreign: readonly ForeignObject[];
};

/**
 * An engine over a live model; everything is computed on demand and cached. Caches depend on objects that never change
 * (a pod, a policy, the labels of a namespace) or on the model's revision, and are dropped with the world when
 * `setDialect` replaces it. Only the pod classes must be notified: `apply` passes the namespace or clusterwide policy
 * that changed, and they rebuild the affected parts on the next query.
 */
export function createEngine(model: ClusterModel, dialect: Dialect): Engine {
  const index = createPolicyIndex(model.policies());
  let world = createWorld(model, dialect);
  let classes = createPodClasses(world, index);
  let unreadable: readonly string[] = [];

  function decide(query: Query): PathDecision {
    const { port, protocol, viaService } = query;
    const through = world.dialect.egressSeesServices === 'yes' ? query.through : undefined;
    const [source, destination] = [sideOf(model, query.from), sideOf(model, query.to)];
    const asked = { port, protocol, viaService };
    const egress = decideHalf(world, classes, {
      ...asked,
      direction: 'egress',
      self: source,
      peer: destination,
      through,
    });
    const ingress = decideHalf(world, classes, {
      ...asked,
      direction: 'ingress',
      self: destination,
      peer: source,
    });
    const verdict = both(decisionOf(egress), decisionOf(ingress));
    return { query, source, destination, verdict, egress, ingress };
  }

  return {
    get world() {
      return world;
    },
    get dialect() {
      return world.dialect;
    },
    model,
    decide,
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
      world = createWorld(model, next, world.foreign);
      classes = createPodClasses(world, index);
    },
    get unreadable() {
      return unreadable;
    },
    setUnreadable: (kinds) => {
      unreadable = [...kinds];
    },
    setForeign: (objects) => {
      world = { ...world, foreign: [...objects] };
    },
    get foreign() {
      return world.foreign;
    },
  };

  /** A namespace's labels affect its own pods only: peers are matched on demand. */
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

/** An engine that reads policies as another one does: over other contents, or beside other policies not evaluated. */
export function engineLike(
  { dialect, unreadable }: Engine,
  model: ClusterModel,
  foreign: readonly ForeignObject[],
): Engine {
  const engine = createEngine(model, dialect);
  engine.setForeign(foreign);
  engine.setUnreadable(unreadable);
  return engine;
}

function inOrder({ admin, normal, baseline }: Stack): readonly AppliedPolicy[] {
  return [...admin.flat(), ...normal, ...baseline.flat()];
}

/** Live pods selected by a policy; no policy selects host-network pods (NP-29). */
function selectedBy(world: World, policy: Policy): readonly Pod[] {
  if (policy.inert === true) return [];
  const { model } = world;
  const readings = world.matching.readings(policy);
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
