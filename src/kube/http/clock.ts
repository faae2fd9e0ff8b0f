import type { ServerClock } from '../../core/ports.ts';

/** A clock that learns from answers. */
export type LearningClock = ServerClock & {
  /** Takes in one answer: its `Date` header, when it was asked for and when it came, local ms. */
  learn(date: string | undefined, sent: number, received: number): void;
};

/**
 * The server's time from `Date` headers. These have whole seconds, so each answer bounds the offset (server minus
 * local): `Date − received ≤ offset < Date + 1 s − sent`; the bounds of many are intersected. When a new one
 * contradicts what is known, a clock was set, and the new one stands alone (API-10).
 *
 * @param local the local clock, ms since the epoch
 */
export function createServerClock(local: () => number = Date.now): LearningClock {
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  const known = () => low > Number.NEGATIVE_INFINITY;
  return {
    learn: (date, sent, received) => {
      const server = Date.parse(date ?? '');
      if (Number.isNaN(server)) return;
      const newLow = server - received;
      const newHigh = server + 1_000 - sent;
      const agrees = newLow <= high && newHigh >= low;
      low = agrees ? Math.max(low, newLow) : newLow;
      high = agrees ? Math.min(high, newHigh) : newHigh;
    },
    now: () => local() + (known() ? (low + high) / 2 : 0),
    get offset() {
      return known() ? (low + high) / 2 : 0;
    },
    get error() {
      return known() ? (high - low) / 2 : Number.POSITIVE_INFINITY;
    },
  };
}
