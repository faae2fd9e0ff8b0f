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
  /** First wait after a lost connection; doubled for each further one, up to the longest. */
  readonly backOff: number;
  readonly longestBackOff: number;
};

export const TIMING: Timing = {
  dial: 15_000,
  call: 5_000,
  history: 30_000,
  look: 15_000,
  batch: 50,
  backOff: 500,
  longestBackOff: 15_000,
};

/** A resumed stream begins this long before the last flow seen (HUB-21). */
export const OVERLAP = 2_000;
