import { isLive, keyOf, type Namespace, type Node, type Pod } from '../../core/cluster/cluster.ts';
import { sameJson } from '../../core/common/common.ts';
import { type ClusterEvent, type ClusterModel, policyKey } from '../../core/live/live.ts';
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
 * they only see its labels, addresses, ports and whether it is live (NP-2, NP-15, NP-25, NP-29, NP-32). A list that is
 * read again mostly holds what is known already.
 */
export function createConcerns(model: ClusterModel): (event: ClusterEvent) => Concern {
  const pods = createMemory({ key: keyOf, same: sameToPolicies, of: namespaceIn }, 'pods', model.pods());
  const namespaces = createMemory(
    { key: keyOf, same: (a: Namespace, b) => sameJson(a.labels, b.labels), of: everywhere },
    'namespaces',
    model.namespaces(),
  );
  const nodes = createMemory(
    { key: keyOf, same: (a: Node, b) => sameJson([a.labels, a.ips], [b.labels, b.ips]), of: everywhere },
    'nodes',
    model.nodes(),
  );
  const policies = createMemory({ key: policyKey, same: sameJson, of: namespaceOfPolicy });
  const services = createMemory({ key: keyOf, same: sameJson, of: everywhere });
  const cidrGroups = createMemory({ key: keyOf, same: sameJson, of: everywhere });
  const slices = createMemory({ key: keyOf, same: sameJson, of: namespaceIn });

  return (event) => {
    switch (event.kind) {
      case 'pods':
        return pods(event);
      case 'policies':
        return policies(event);
      case 'namespaces':
        return namespaces(event);
      case 'nodes':
        return nodes(event);
      case 'services':
        return services(event);
      case 'cidrGroups':
        return cidrGroups(event);
      case 'endpointSlices':
        return slices(event);
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

/** What a change to the object with a key concerns. */
type ConcernOf = (key: string) => Concern;

const everywhere: ConcernOf = () => EVERYTHING;
const namespaceIn: ConcernOf = (key) => ({ what: 'namespace', name: key.slice(0, key.indexOf('/')) });

function namespaceOfPolicy(key: string): Concern {
  const [, first, second] = key.split('/');
  return first === undefined || second === undefined ? EVERYTHING : { what: 'namespace', name: first };
}

type Traits<T> = {
  readonly key: (object: T) => string;
  /** Whether two states are equivalent to verdicts. */
  readonly same: (a: T, b: T) => boolean;
  readonly of: ConcernOf;
};

/** Remembers the objects of one kind by source. */
function createMemory<T>(
  { key, same, of }: Traits<T>,
  source?: string,
  objects: Iterable<T> = [],
): (
  event:
    | { readonly type: 'reset'; readonly source: string; readonly objects: readonly T[] }
    | { readonly type: 'set'; readonly source: string; readonly object: T }
    | { readonly type: 'delete'; readonly source: string; readonly key: string },
) => Concern {
  const byKey = (all: Iterable<T>) => new Map(Array.from(all, (object) => [key(object), object]));
  const sources = new Map<string, Map<string, T>>();
  if (source !== undefined) sources.set(source, byKey(objects));
  const isKnown = (known: ReadonlyMap<string, T> | undefined, at: string, object: T) => {
    const before = known?.get(at);
    return before !== undefined && same(before, object);
  };

  return (event) => {
    const known = sources.get(event.source);
    if (event.type === 'reset') {
      const now = byKey(event.objects);
      sources.set(event.source, now);
      if (known?.size !== now.size) return EVERYTHING;
      return now.entries().every(([at, object]) => isKnown(known, at, object)) ? NOTHING : EVERYTHING;
    }
    if (event.type === 'delete') {
      known?.delete(event.key);
      return of(event.key);
    }
    const at = key(event.object);
    const concern = isKnown(known, at, event.object) ? NOTHING : of(at);
    if (known === undefined) sources.set(event.source, new Map([[at, event.object]]));
    else known.set(at, event.object);
    return concern;
  };
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
