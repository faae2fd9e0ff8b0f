/** What happened to one object of a store; `before` absent: it is new, `after` absent: it is gone. */
export type Change<T> = (before: T | undefined, after: T | undefined) => void;

/**
 * Objects of one kind by key, each remembering which feed brought it. A reset replaces only the objects of the same
 * feed: a cluster-wide list and a namespace's list may fill one store.
 */
export type Store<T> = {
  readonly get: (key: string) => T | undefined;
  readonly values: () => IterableIterator<T>;
  readonly size: () => number;
  /** Grows with every change. */
  readonly revision: () => number;
  readonly set: (source: string, object: T) => void;
  readonly delete: (key: string) => void;
  readonly reset: (source: string, objects: readonly T[]) => void;
};

/** An empty store. `keyFor` names an object; `changed` is told of every change, for indexes. */
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

/** An empty index. Lists are rebuilt only when their key changed since they were last asked for. */
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
