import type { ApiObject } from '../../core/cluster/cluster.ts';
import { keyOfObject, type Stored, withMetadata } from './objects.ts';

/** One change. `version` is its new resource version; `previous` is absent for ADDED. */
export type Change = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resource: string;
  readonly version: number;
  readonly object: Stored;
  readonly previous?: Stored;
};

/**
 * The server's objects, by resource (`batch/jobs`) and key (`namespace/name`), with the history of changes for watches
 * and old lists. One counter generates all resource versions, like etcd's revision.
 */
export type Store = {
  readonly version: () => number;
  readonly get: (resource: string, key: string) => Stored | undefined;
  /** Sorted by key, of one namespace or all. */
  readonly list: (resource: string, namespace?: string) => readonly Stored[];
  /** The list as it was at a version; `expired` if the history does not go back that far. */
  readonly listAt: (
    resource: string,
    namespace: string | undefined,
    version: number,
  ) => readonly Stored[] | 'expired';
  /** Stores a new object, or a new state of one, under a new resource version. */
  readonly put: (resource: string, object: Omit<Stored, 'metadata'> & ApiObject) => Stored;
  /** Removes an object; its last state gets a new resource version. */
  readonly remove: (resource: string, key: string) => Stored | undefined;
  /** Changes of a resource after a version, oldest first; `expired` as for `listAt`. */
  readonly changesAfter: (resource: string, version: number) => readonly Change[] | 'expired';
  /** Oldest version from which changes are available. */
  readonly oldest: () => number;
  /** Drops all history, like an etcd compaction. */
  readonly forget: () => void;
  /** Called synchronously with every change, in order. */
  readonly subscribe: (listener: (change: Change) => void) => () => void;
};

/** Number of changes kept for resumed watches. */
const HISTORY = 5_000;

export function createStore(firstVersion = 1_000): Store {
  const resources = new Map<string, Map<string, Stored>>();
  const listeners = new Set<(change: Change) => void>();
  let history: Change[] = [];
  let version = firstVersion;
  let oldest = firstVersion;

  const objects = (resource: string): Map<string, Stored> => {
    const known = resources.get(resource);
    if (known !== undefined) return known;
    const made = new Map<string, Stored>();
    resources.set(resource, made);
    return made;
  };
  const record = (change: Change): void => {
    history.push(change);
    if (history.length > HISTORY * 1.5) {
      history = history.slice(-HISTORY);
      oldest = (history[0]?.version ?? version) - 1;
    }
    for (const listener of listeners) listener(change);
  };

  return {
    version: () => version,
    get: (resource, key) => objects(resource).get(key),
    list: (resource, namespace) => sorted(objects(resource), namespace),
    listAt: (resource, namespace, wanted) => {
      if (wanted < oldest) return 'expired';
      const past = new Map(objects(resource));
      for (const change of history.toReversed()) {
        if (change.version <= wanted) break;
        if (change.resource !== resource) continue;
        if (change.previous === undefined) past.delete(keyOfObject(change.object));
        else past.set(keyOfObject(change.object), change.previous);
      }
      return sorted(past, namespace);
    },
    put: (resource, object) => {
      const key = keyOfObject(object);
      const previous = objects(resource).get(key);
      version += 1;
      const stored = withMetadata(object, { resourceVersion: String(version) }) as Stored;
      objects(resource).set(key, stored);
      record(
        previous === undefined
          ? { type: 'ADDED', resource, version, object: stored }
          : { type: 'MODIFIED', resource, version, object: stored, previous },
      );
      return stored;
    },
    remove: (resource, key) => {
      const previous = objects(resource).get(key);
      if (previous === undefined) return undefined;
      version += 1;
      objects(resource).delete(key);
      const object = withMetadata(previous, { resourceVersion: String(version) });
      record({ type: 'DELETED', resource, version, object, previous });
      return object;
    },
    changesAfter: (resource, after) =>
      after < oldest
        ? 'expired'
        : history.filter((change) => change.version > after && change.resource === resource),
    oldest: () => oldest,
    forget: () => {
      history = [];
      oldest = version;
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function sorted(objects: ReadonlyMap<string, Stored>, namespace: string | undefined): readonly Stored[] {
  return [...objects]
    .filter(([, object]) => namespace === undefined || object.metadata.namespace === namespace)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, object]) => object);
}
