import { placeIn } from '../../../core/sorted.ts';

type Keyed = { readonly key: string };

/** Rows in the order of their keys. Between changes the list is the same array. */
export type OrderedRows<Row extends Keyed> = {
  readonly get: (key: string) => Row | undefined;
  readonly set: (row: Row) => void;
  readonly delete: (key: string) => void;
  /** Forgets all rows but those of some keys. */
  readonly keep: (keys: ReadonlySet<string>) => void;
  readonly list: () => readonly Row[];
};

/** Rows that are put in one by one; a list costs what has changed since the last, and a copy. */
export function createOrderedRows<Row extends Keyed>(): OrderedRows<Row> {
  const rows = new Map<string, Row>();
  let listed: readonly Row[] = [];
  let changed = new Set<string>();

  const remove = (key: string) => {
    if (rows.delete(key)) changed.add(key);
  };

  return {
    get: (key) => rows.get(key),
    set: (row) => {
      if (rows.get(row.key) === row) return;
      rows.set(row.key, row);
      changed.add(row.key);
    },
    delete: remove,
    keep: (keys) => {
      for (const key of rows.keys()) if (!keys.has(key)) remove(key);
    },
    list: () => {
      if (changed.size === 0) return listed;
      listed = changed.size > 100 ? [...rows.values()].sort(byKey) : patched(listed, rows, changed);
      changed = new Set();
      return listed;
    },
  };
}

/** A copy of a sorted list with some of its rows replaced, taken out, or put in. */
function patched<Row extends Keyed>(
  list: readonly Row[],
  rows: ReadonlyMap<string, Row>,
  changed: ReadonlySet<string>,
): readonly Row[] {
  const copy = [...list];
  for (const key of changed) {
    const at = placeIn(copy, (item) => item.key < key);
    const row = rows.get(key);
    const there = copy[at]?.key === key ? 1 : 0;
    if (row === undefined) copy.splice(at, there);
    else copy.splice(at, there, row);
  }
  return copy;
}

function byKey(a: Keyed, b: Keyed): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}
