/** Collects items and hands them on together. */
export type Batch<T> = {
  add(item: T): void;
  /** Asks for a hand-over even when no item comes. */
  stir(): void;
  /** Hands over what is there, now. */
  flush(): void;
  /** Hands over what is there and stops. */
  close(): void;
};

/** `onItems` is called at most every `interval` ms, with at least one item or after `stir`. */
export function createBatch<T>(interval: number, onItems: (items: readonly T[]) => void): Batch<T> {
  let items: T[] = [];
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const ready = items;
    items = [];
    onItems(ready);
  }

  function arm(): void {
    if (!closed) timer ??= setTimeout(flush, interval);
  }

  return {
    add(item) {
      items.push(item);
      arm();
    },
    stir: arm,
    flush,
    close() {
      closed = true;
      if (timer !== undefined) flush();
    },
  };
}
