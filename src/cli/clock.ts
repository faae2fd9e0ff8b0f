import type { Clock } from '../core/ports.ts';

/** This machine's time. */
export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
