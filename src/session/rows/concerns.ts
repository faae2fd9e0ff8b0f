import { isLive, keyOf, type Namespace, type Node, type Pod } from '../../core/cluster/cluster.ts';
import { sameJson } from '../../core/common/common.ts';
import type { ClusterEvent, ClusterModel } from '../../core/live/live.ts';
import type { AttemptRow } from '../../core/traffic/traffic.ts';

/** Which verdicts a change in the cluster may affect. */
export type Concern =
  | { readonly what: 'nothing' }
  | { readonly what: 'namespace'; readonly name: string }
  | { readonly what: 'everything' };

const NOTHING: Concern = { what: 'nothing' };
const EVERYTHING: Concern = { what: 'everything' };

/**
 * Determines what each event affects. Most events are a pod restarting or becoming ready, which policies don't see:
 * they only see its labels, addresses, ports and whether it is live (NP-2, NP-15, NP-25, NP-29, NP-32).
 */
export function createConcerns(model: ClusterModel): (event: ClusterEvent) => Concern {
  const pods = new Map<string, Pod>(Array.from(model.pods(), (pod) => [keyOf(pod), pod]));
  const namespaces = new Map<string, Namespace>(Array.from(model.namespaces(), (one) => [one.name, one]));
  const nodes = new Map<string, Node>(Array.from(model.nodes(), (one) => [one.name, one]));

  function ofPods(event: ClusterEvent & { readonly kind: 'pods' }): Concern {
    if (event.type === 'reset') {
      pods.clear();
      for (const pod of model.pods()) pods.set(keyOf(pod), pod);
      return EVERYTHING;
    }
    const key = event.type === 'delete' ? event.key : keyOf(event.object);
    const before = pods.get(key);
    if (event.type === 'delete') pods.delete(key);
    else pods.set(key, event.object);
    const same = event.type === 'set' && before !== undefined && sameToPolicies(before, event.object);
    return same ? NOTHING : { what: 'namespace', name: key.slice(0, key.indexOf('/')) };
  }

  return (event) => {
    switch (event.kind) {
      case 'pods':
        return ofPods(event);
      case 'policies':
        return ofPolicies(event);
      case 'namespaces':
        return remember(namespaces, event, (a, b) => sameJson(a.labels, b.labels));
      case 'nodes':
        return remember(nodes, event, (a, b) => sameJson([a.labels, a.ips], [b.labels, b.ips]));
      case 'services':
      case 'cidrGroups':
        return EVERYTHING;
      case 'endpointSlices':
        return ofSlices(event);
    }
  };
}

/** Whether two states of a pod are equivalent to policies. */
export function sameToPolicies(a: Pod, b: Pod): boolean {
  return (
    isLive(a) === isLive(b) &&
    a.uid === b.uid &&
    a.hostNetwork === b.hostNetwork &&
    a.serviceAccount === b.serviceAccount &&
    (a.labels === b.labels || sameJson(a.labels, b.labels)) &&
    (a.ips === b.ips || sameJson(a.ips, b.ips)) &&
    (a.ports === b.ports || sameJson(a.ports, b.ports))
  );
}

function ofPolicies(event: ClusterEvent & { readonly kind: 'policies' }): Concern {
  switch (event.type) {
    case 'reset':
      return EVERYTHING;
    case 'set':
      return event.object.namespace === undefined
        ? EVERYTHING
        : { what: 'namespace', name: event.object.namespace };
    case 'delete': {
      const [, first, second] = event.key.split('/');
      return first === undefined || second === undefined ? EVERYTHING : { what: 'namespace', name: first };
    }
  }
}

function ofSlices(event: ClusterEvent & { readonly kind: 'endpointSlices' }): Concern {
  if (event.type === 'reset') return EVERYTHING;
  const name = event.type === 'set' ? event.object.namespace : event.key.slice(0, event.key.indexOf('/'));
  return { what: 'namespace', name };
}

type Named = { readonly name: string };

function remember<T extends Named>(
  known: Map<string, T>,
  event:
    | { readonly type: 'reset'; readonly objects: readonly T[] }
    | { readonly type: 'set'; readonly object: T }
    | { readonly type: 'delete'; readonly key: string },
  same: (a: T, b: T) => boolean,
): Concern {
  if (event.type === 'delete') return known.delete(event.key) ? EVERYTHING : NOTHING;
  if (event.type === 'reset') {
    for (const object of event.objects) known.set(object.name, object);
    return EVERYTHING;
  }
  const before = known.get(event.object.name);
  known.set(event.object.name, event.object);
  return before !== undefined && same(before, event.object) ? NOTHING : EVERYTHING;
}

/** Counts the changes that may affect the verdict of a row: those near one of its ends, and global ones. */
export type Epochs = {
  readonly apply: (concern: Concern) => void;
  /** Changes whenever the row must be judged again. */
  readonly of: (row: AttemptRow) => number;
};

/** Epochs by namespace; they only grow, so a sum changes whenever one of its terms does. */
export function createEpochs(): Epochs {
  const namespaces = new Map<string, number>();
  let everywhere = 0;
  const at = (namespace: string | undefined) =>
    namespace === undefined ? 0 : (namespaces.get(namespace) ?? 0);
  return {
    apply: (concern) => {
      if (concern.what === 'everything') everywhere += 1;
      if (concern.what === 'namespace') namespaces.set(concern.name, at(concern.name) + 1);
    },
    of: ({ source, destination }) =>
      everywhere + at(source.namespace) + at(destination.namespace ?? destination.service?.namespace),
  };
}
