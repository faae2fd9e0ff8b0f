import type { WireFlow } from '../../hubble/wire/wire.ts';

/** A flow as a node keeps it; `time` is ms since the epoch, with a fraction. */
export type Kept = { readonly flow: WireFlow; readonly node: string; readonly time: number };

/** The newest flows of one node, oldest first. */
export type Ring = {
  readonly capacity: number;
  readonly push: (kept: Kept) => void;
  readonly all: () => readonly Kept[];
  readonly size: () => number;
  /** Flows ever pushed. */
  readonly seen: () => number;
};

/** A ring of `capacity` flows, 4095 by default, as an agent's (HUB-7). */
export function createRing(capacity = 4_095): Ring {
  const slots: Kept[] = [];
  let seen = 0;
  return {
    capacity,
    push: (kept) => {
      slots[seen % capacity] = kept;
      seen += 1;
    },
    all: () => {
      const start = seen > capacity ? seen % capacity : 0;
      return start === 0 ? slots.slice() : [...slots.slice(start), ...slots.slice(0, start)];
    },
    size: () => slots.length,
    seen: () => seen,
  };
}
