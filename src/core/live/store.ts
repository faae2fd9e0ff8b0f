/** A change to one object of a store; without `before` it is new, without `after` it is gone. */
export type Change<T> = (before: T | undefined, after: T | undefined) => void;

/**
 * Objects of one kind by key, each with the feed it came from. A reset replaces only the objects of the same feed: a
 * cluster-wide list and a namespace's list may fill one store.
 */
export type Store<T> = {
  readonly get: (key: string) => T | undefined;
  readonly values: () => IterableIterator<T>;
  readonly size: () => number;
  /** Increases with every change. */
  readonly revision: () => number;
  readonly set: (source: string, object: T) => void;
  readonly delete: (key: string) => void;
  readonly reset: (source: string, objects: readonly T[]) => void;
};

/** An empty store. `keyFor` returns an object's key; `changed` is called on every change, for indexes. */
export function createStore<T>(keyFor: (object: T) => string, changed: Change<T>): Store<T> {
  const objects = new Map<string, T>();
  const sources = new Map<string, string>();
  let revision = 0;

  function set(source: string, object: T): void {
    const key = keyFor(object);
    const before = objects.get(key);
    objects.set(key, object);
    sources.set(key, source);
    revision += 1;
    if (before !== object) changed(before, object);
  }

  function remove(key: string): void {
    const before = objects.get(key);
    if (before === undefined) return;
    objects.delete(key);
    sources.delete(key);
    revision += 1;
    changed(before, undefined);
  }

  function reset(source: string, next: readonly T[]): void {
    const kept = new Set(next.map(keyFor));
    for (const [key, owner] of [...sources]) if (owner === source && !kept.has(key)) remove(key);
    for (const object of next) set(source, object);
    revision += 1;
  }

  return {
    get: (key) => objects.get(key),
    values: () => objects.values(),
    size: () => objects.size,
    revision: () => revision,
    set,
    delete: remove,
    reset,
  };
}

/** A multi-valued index: key → objects. */
export type Index<T> = {
  readonly add: (key: string, object: T) => void;
  readonly remove: (key: string, object: T) => void;
  readonly get: (key: string) => readonly T[];
};

const NONE: readonly never[] = [];

/** An empty index. A list is rebuilt only if its key changed since the last read. */
export function createIndex<T>(): Index<T> {
  const sets = new Map<string, Set<T>>();
  const lists = new Map<string, readonly T[]>();
  return {
    add: (key, object) => {
      const set = sets.get(key) ?? new Set();
      sets.set(key, set.add(object));
      lists.delete(key);
    },
    remove: (key, object) => {
      const set = sets.get(key);
      set?.delete(object);
      if (set?.size === 0) sets.delete(key);
      lists.delete(key);
    },
    get: (key) => {
      const set = sets.get(key);
      if (set === undefined) return NONE;
      const list = lists.get(key) ?? [...set];
      lists.set(key, list);
      return list;
    },
  };
}
