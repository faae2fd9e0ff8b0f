import type { BackOff } from '../../wait.ts';

/** Every wait of the source, ms. Tests shorten them. */
export type Timing = {
  /** A port-forward must stand within this. */
  readonly dial: number;
  /** A unary call must answer within this. */
  readonly call: number;
  /** Flows from before must come at least this often, until all have come. */
  readonly history: number;
  /** Between two looks at the list of nodes, which also prove that the server is alive. */
  readonly look: number;
  /** Flows and changes of state are handed over at most this often. */
  readonly batch: number;
  /** Waits after lost connections. */
  readonly backOff: BackOff;
};

export const TIMING: Timing = {
  dial: 15_000,
  call: 5_000,
  history: 30_000,
  look: 15_000,
  batch: 50,
  backOff: { base: 500, cap: 15_000 },
};

/** A resumed stream begins this long before the last flow seen (HUB-21). */
export const OVERLAP = 2_000;
