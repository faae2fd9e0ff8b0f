import {
  type Listed,
  type PaneId,
  rowsIn,
  type SessionState,
  type VisibleRows,
} from '../../src/session/session.ts';
import { lintNews } from '../columns/columns.ts';
import { PANES } from '../keys/keys.ts';
import { columnsOf, cut, type Line, lineColumns, span, wallClock } from '../text/text.ts';
import { paneFeed } from './feeds.ts';

const PANE_NAMES: Readonly<Record<PaneId | Listed, string>> = {
  pods: 'Pods',
  workloads: 'Workloads',
  services: 'Services',
  policies: 'Policies',
  attempts: 'Attempts',
  grants: 'Grants',
};

/** What a border takes of a title's line: its corners, and the gaps and the end of the rule at the right. */
const BORDERS = 6;

/** A step of the way is not cut to less than this. */
const LEAST_CRUMB = 8;

/** The name of a pane; the first one is named after what it lists. */
export function paneName({ listed }: SessionState, pane: PaneId): string {
  return PANE_NAMES[pane === 'pods' ? listed : pane];
}

/** Row count of a pane; with `visibleRows`, also how many pass its filters: `14`, `3/14`. */
export function rowCount(state: SessionState, pane: PaneId, visibleRows?: VisibleRows): string {
  const { drill } = state.panes[pane];
  const rows = rowsIn(state, pane);
  const total = drill === undefined ? rows.length : rows.filter(({ key }) => drill.keys.has(key)).length;
  const shown = visibleRows?.(state, pane).length ?? total;
  return shown === total ? String(total) : `${shown}/${total}`;
}

/** A pane's upper border: digit, name, row count and news at the left; what hides or holds rows at the right. */
export function paneTitle(
  state: SessionState,
  pane: PaneId,
  visibleRows: VisibleRows,
  columns: number,
): { readonly title: Line; readonly right: Line } {
  const focused = state.focus === pane;
  const name = `${PANES.indexOf(pane) + 1} ${paneName(state, pane)} ${rowCount(state, pane, visibleRows)} `;
  const lead: Line = [span(focused ? '▸' : ' ', 'strong'), span(name, focused ? 'strong' : 'plain')];
  const drops = pane === 'attempts' ? dropsIn(state) : 0;
  const alarms: Line = [
    ...(drops > 0 ? [rule(), span(`✗ ${drops} dropped `, 'bad')] : []),
    ...feedNews(state, pane),
  ];
  const held = paneState(state, pane);
  const follows = pane === 'attempts' && state.following && !isHeld(state) && isLive(state);
  const following = follows ? [span('following', 'faint')] : [];
  const right = [...held, ...following].flatMap((part, at) => (at === 0 ? [part] : [span(', '), part]));
  const taken = lineColumns([...lead, ...alarms, ...right]) + BORDERS;
  // LINT says it too, so it gives way to what hides rows.
  const advice = pane === 'policies' ? policyNews(state) : [];
  const way = lineColumns(crumbSpans(state, pane, Number.POSITIVE_INFINITY));
  const news = taken + way + lineColumns(advice) <= columns ? [...advice, ...alarms] : alarms;
  return { title: [...lead, ...crumbSpans(state, pane, columns - taken), ...news], right };
}

/** Rows of attempts that are dropped, of those that a drill leaves. */
export function dropsIn({ attempts, drops, panes }: SessionState): number {
  const { drill } = panes.attempts;
  if (drill === undefined) return drops;
  return attempts.filter(({ key, row }) => row.verdict === 'drop' && drill.keys.has(key)).length;
}

/** What a pane was drilled into, cut to `columns`: `‹ pod web-7d9f `. */
export function crumbSpans({ panes }: SessionState, pane: PaneId, columns: number): Line {
  const [crumb] = panes[pane].drill?.crumbs ?? [];
  return crumb === undefined ? [] : [span(`‹ ${cut(crumb, Math.max(LEAST_CRUMB, columns - 3))} `, 'time')];
}

/** What led to the focused pane over several steps, the nearest last, of which only the last ones may have room. */
export function waySpans({ panes, focus }: SessionState, columns: number): Line {
  const crumbs = panes[focus].drill?.crumbs ?? [];
  if (crumbs.length < 2) return [];
  const ways = crumbs.map((_, at) => {
    const shown = crumbs.slice(0, crumbs.length - at).reverse();
    return [...(at === 0 ? [] : ['…']), ...shown].join(' › ');
  });
  const way = ways.find((text) => columnsOf(text) <= columns);
  return way === undefined ? [] : [span(way, 'time')];
}

const GROUPED = { pod: 'by pod', attempt: 'one by one' } as const;

/** What hides or reorders rows and columns: the wide view, filter, sorting, drops only, a pause, the cursor on a row. */
export function paneState(state: SessionState, pane: PaneId): Line {
  const { filter, sort, wide } = state.panes[pane];
  const inAttempts = pane === 'attempts';
  return [
    ...(wide === undefined ? [] : [span('wide', 'time')]),
    ...(filter === '' ? [] : [span(`/${cut(filter, 24)}`, 'warn')]),
    ...(sort === undefined ? [] : [span(`${sort.descending ? '↑' : '↓'} ${sort.column}`, 'time')]),
    ...(inAttempts && state.grouping !== 'workload' ? [span(GROUPED[state.grouping], 'warn')] : []),
    ...(inAttempts && state.dropsOnly ? [span('drops only', 'warn')] : []),
    ...(inAttempts && !state.following ? [span('paused', 'warn')] : []),
    ...(inAttempts && isHeld(state) ? [span('held: Home to follow', 'faint')] : []),
  ];
}

/** Whether attempts keep their places because the cursor is below the top row; never while sorted. */
function isHeld({ panes: { attempts }, following }: SessionState): boolean {
  return following && attempts.key !== undefined && attempts.index > 0 && attempts.sort === undefined;
}

/** Whether flows come; before the first one of a new connection, too. */
function isLive({ traffic }: SessionState): boolean {
  return traffic.source === 'none' || traffic.status === 'live' || traffic.status === 'connecting';
}

/** Number of policies with lint errors or warnings: `LINT` names them, `enter` explains them. */
function policyNews({ policies }: SessionState): Line {
  const found = lintNews(policies);
  return found === undefined ? [] : [rule(), span(`${found.text} to check `, found.tone)];
}

/** Marks a list that is stale or denied: its rows may be out of date. */
function feedNews(state: SessionState, pane: PaneId): Line {
  const feed = paneFeed(state, pane);
  if (feed?.state === 'stale') return [rule(), span(`✗ as of ${wallClock(feed.since)} `, 'bad')];
  if (pane === 'attempts' && !isLive(state))
    return [rule(), span(`✗ ${state.traffic.source} ${state.traffic.status} `, 'bad')];
  return feed?.state === 'denied' ? [rule(), span('✗ not all readable ', 'bad')] : [];
}

function rule() {
  return span('── ', 'faint');
}
