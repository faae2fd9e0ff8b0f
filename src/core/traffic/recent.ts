/** Remembers at least the last `limit` distinct values, and at most twice as many. */
export type Recent = {
  /** Whether the value is new; it is remembered from now on. */
  add(value: string): boolean;
};

/** Two generations of a set: when the young one is full, the old one is forgotten as a whole. */
export function createRecent(limit: number): Recent {
  let young = new Set<string>();
  let old = new Set<string>();
  return {
    add(value) {
      if (young.has(value) || old.has(value)) return false;
      young.add(value);
      if (young.size >= limit) {
        old = young;
        young = new Set();
      }
      return true;
    },
  };
}
