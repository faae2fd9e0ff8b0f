import type { FeedState } from '../../core/cluster/events.ts';

/** Tells the state of one feed, each change once. */
export type Report = {
  live(): void;
  stale(reason: string): void;
  /** Stale by nature, and as of now anew: what may be listed but not watched. */
  polled(reason: string): void;
  /** Whether the last told state is `live`, or it was ever live before the present failure. */
  wasLive(): boolean;
};

/** Begins as `connecting`, which is told at once. A state of `stale` keeps the time at which it began. */
export function createReport(tell: (state: FeedState) => void): Report {
  let state: FeedState = { state: 'connecting' };
  tell(state);
  return {
    live: () => {
      if (state.state === 'live') return;
      state = { state: 'live' };
      tell(state);
    },
    stale: (reason) => {
      if (state.state === 'stale' && state.reason === reason) return;
      state = { state: 'stale', since: state.state === 'stale' ? state.since : Date.now(), reason };
      tell(state);
    },
    polled: (reason) => {
      state = { state: 'stale', since: Date.now(), reason };
      tell(state);
    },
    wasLive: () => state.state === 'live',
  };
}
