import type { PaneId, SessionState } from '../../src/session/state.ts';
import { lintNews } from '../columns/lint.ts';
import { PANES } from '../keys/binding.ts';
import { PANE_NAMES, rowCount } from '../screens/tab-line.ts';
import { type Line, span } from '../text/span.ts';
import { age } from '../text/time.ts';
import { paneFeed } from './feeds.ts';

/** What stands in a pane's upper border: digit, name, rows, news at the left; the state of following at the right. */
export function paneTitle(
  state: SessionState,
  pane: PaneId,
  shown: number,
): { readonly title: Line; readonly right: Line } {
  const { filter, sort } = state.panes[pane];
  const focused = state.focus === pane;
  const total = rowCount(state, pane);
  const count = shown === total ? String(total) : `${shown}/${total}`;
  const title: Line = [
    span(focused ? '▸' : ' ', 'strong'),
    span(`${PANES.indexOf(pane) + 1} ${PANE_NAMES[pane]} ${count} `, focused ? 'strong' : 'plain'),
    ...(pane === 'attempts' && state.drops > 0 ? [rule(), span(`✗ ${state.drops} dropped `, 'bad')] : []),
    ...(pane === 'policies' ? policyNews(state) : []),
    ...feedNews(state, pane),
    ...(filter === '' ? [] : [rule(), span(`/${filter} `, 'warn')]),
    ...(sort === undefined ? [] : [rule(), span(`${sort.descending ? '↑' : '↓'} ${sort.column} `, 'time')]),
  ];
  return { title, right: pane === 'attempts' ? attemptNews(state) : [] };
}

/** Policies that do not do what they say, or surprise: `LINT` names it, `enter` explains it. */
function policyNews({ policies }: SessionState): Line {
  const found = lintNews(policies);
  return found === undefined ? [] : [rule(), span(`${found.text} to look at `, found.tone)];
}

/** A list that is not up to date says so: its rows may be gone. */
function feedNews(state: SessionState, pane: PaneId): Line {
  const feed = paneFeed(state, pane);
  if (feed?.state === 'stale') return [rule(), span(`✗ stale for ${age(state.now - feed.since)} `, 'bad')];
  return feed?.state === 'denied' ? [rule(), span('✗ not all may be read ', 'bad')] : [];
}

function rule() {
  return span('── ', 'faint');
}

function attemptNews({ following, dropsOnly }: SessionState): Line {
  const mode = following ? span('following', 'faint') : span('paused', 'warn');
  return dropsOnly ? [span('drops only', 'warn'), span(', '), mode] : [mode];
}
