import { vi } from 'vitest';

/**
 * How long a condition may take to come true, ms. Only a test that fails waits that long, so it is far more than a busy
 * machine needs: tests wait for conditions and never for time.
 */
export const PATIENCE = 60_000;

/** Waits until the expectations hold; when patience ends, the last failure is the test's. */
export function eventually<T>(expectations: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(expectations, { timeout: PATIENCE, interval: 5 });
}
