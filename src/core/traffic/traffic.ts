export {
  type Attempt,
  type AttemptRow,
  type AttemptVerdict,
  RECENT,
  RECENT_STEP,
  type Recent,
} from './attempt.ts';
export { BLIND_SPOTS, isOngoing, trustOf } from './evidence.ts';
export { EVENT, type Flow, type FlowEnd, type FlowPolicy, type FlowVerdict, TRACE } from './flow.ts';
export { createFold, type Fold } from './fold.ts';
export type { Grouping } from './names.ts';
export type { RateSample } from './rates.ts';
/* Flows, and the fold that turns them into connection attempts. */
