import type { FeedState } from '../../src/core/live/live.ts';
import { type PaneId, type SessionState, waitsForLogin } from '../../src/session/session.ts';

const WORST_FIRST: readonly FeedState['state'][] = ['denied', 'stale', 'connecting', 'live', 'absent'];

/** The worst state among the lists that a pane shows; undefined until one of them reports. */
export function paneFeed({ feeds, listed }: SessionState, pane: PaneId): FeedState | undefined {
  if (pane === 'pods') return listed === 'services' ? feeds.services : feeds.pods;
  if (pane !== 'policies') return undefined;
  return Object.entries(feeds)
    .flatMap(([name, feed]) => (/polic/i.test(name) ? [feed] : []))
    .toSorted((a, b) => WORST_FIRST.indexOf(a.state) - WORST_FIRST.indexOf(b.state))[0];
}

/** Whether what a pane shows may be out of date. */
export function isStale(state: SessionState, pane: PaneId): boolean {
  if (pane === 'attempts')
    return state.traffic.status === 'reconnecting' || state.traffic.status === 'failed';
  if (waitsForLogin(state)) return true;
  if (pane === 'grants') return state.cluster.connection === 'stale';
  return paneFeed(state, pane)?.state === 'stale';
}
