import { vi } from 'vitest';

/** Waits until the expectations hold; after ten seconds the last failure is the test's. */
export function eventually<T>(expectations: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(expectations, { timeout: 10_000, interval: 5 });
}
