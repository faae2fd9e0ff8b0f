import type { BackOff } from '../../wait.ts';

/** All waiting times of the source, ms. Tests shorten them. */
export type Timing = {
  /** Timeout for a port-forward. */
  readonly dial: number;
  /** Timeout for a unary call. */
  readonly call: number;
  /** Longest gap between past flows until all have arrived. */
  readonly history: number;
  /** Time between polls of the list of nodes, which also check that the server is alive. */
  readonly look: number;
  /** Shortest time between deliveries of flows and state changes. */
  readonly batch: number;
  /** Backoff after lost connections. */
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

/** A resumed stream starts this long before the last flow seen (HUB-21). */
export const OVERLAP = 2_000;
