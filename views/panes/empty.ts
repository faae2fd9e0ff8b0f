import type { FeedState } from '../../src/core/live/live.ts';
import { filterProblem, type PaneId, rowsIn, type SessionState } from '../../src/session/session.ts';
import { type Span, span, wallClock } from '../text/text.ts';
import { paneFeed } from './feeds.ts';

/** Why a pane is empty, claiming no more than is known ("no attempts seen" is not "no traffic"). */
export function emptyText(state: SessionState, pane: PaneId): Span {
  const { filter } = state.panes[pane];
  if (filter !== '' && rowsIn(state, pane).length > 0) {
    const problem = filterProblem(filter);
    const what =
      problem === undefined ? `no matches for /${filter}` : `invalid filter /${filter}: ${problem}`;
    return span(`${what}   esc clears it`, 'warn');
  }
  const [crumb] = state.panes[pane].drill?.crumbs ?? [];
  if (crumb !== undefined)
    return span(`no ${pane === 'pods' ? state.listed : pane} of ${crumb}   esc goes back`, 'faint');
  switch (pane) {
    case 'pods':
      return feedText(paneFeed(state, pane), `no ${state.listed}`, state);
    case 'policies':
      return feedText(paneFeed(state, pane), 'no policies: nothing is isolated', state);
    case 'attempts':
      return attemptsText(state);
    case 'grants':
      return span('no grants   press g on an attempt to open one', 'faint');
  }
}

function attemptsText(state: SessionState): Span {
  const { traffic, dropsOnly } = state;
  if (dropsOnly && state.attempts.length > 0) return span('no dropped attempts seen   ! shows all', 'faint');
  switch (traffic.status) {
    case 'live':
      return span(`no attempts seen yet by ${traffic.source} (${traffic.detail})`, 'faint');
    case 'connecting':
    case 'reconnecting':
      return span(`◌ ${traffic.source} ${traffic.status}: ${traffic.detail}`, 'warn');
    case 'failed':
      return span(`✗ ${traffic.source}: ${traffic.detail}`, 'bad');
    case 'off':
      return span(`no traffic source: ${traffic.detail}`, 'warn');
  }
}

function feedText(feed: FeedState | undefined, none: string, { cluster }: SessionState): Span {
  switch (feed?.state) {
    case undefined:
    case 'connecting':
      return span('◌ loading', 'faint');
    case 'denied':
      return span(`✗ ${feed.reason}   :ns switches namespace, :ctx switches cluster`, 'bad');
    case 'stale':
      return span(`✗ stale since ${wallClock(feed.since)}: ${feed.reason}`, 'bad');
    case 'absent':
    case 'live':
      return span(`${none}${cluster.namespace === undefined ? '' : ` in ${cluster.namespace}`}`, 'faint');
  }
}
