import { Box, useWindowSize } from 'ink';
import { type ReactNode, useMemo } from 'react';
import { useStore } from 'zustand';
import { formatCountdown, plural } from '../../src/core/common/common.ts';
import {
  type ClusterState,
  isLiving,
  rowsIn,
  type SessionState,
  type VisibleRows,
} from '../../src/session/session.ts';
import { portsText } from '../columns/columns.ts';
import { Keys, type KeysProps } from '../keyboard/keyboard.ts';
import { hintLine, type Scope, scopeOf } from '../keys/keys.ts';
import { type Layout, type PanePlace, placesOf, type Size, SMALLEST, type Split } from '../layout/layout.ts';
import { fieldSpans, NoticeHost, OverlayHost, overlayPanel } from '../overlays/overlays.ts';
import { Pane, PathPane, pathFoot, waySpans } from '../panes/panes.ts';
import {
  compact,
  fitLine,
  type Line,
  lineColumns,
  type Span,
  span,
  spread,
  wallClock,
  wrap,
} from '../text/text.ts';
import { StateLine, StateLines, useUi } from '../ui/ui.ts';
import { hitOf } from './hit.ts';
import { tabLine } from './tabs.ts';
import { trafficSpans } from './traffic-line.ts';
import { useLayout } from './use-layout.ts';

/**
 * The whole screen: exactly the terminal's columns and rows; any more would make every frame a full repaint. It
 * subscribes to the parts of the state that decide the layout; each line and pane subscribes to what it shows.
 */
export function App(props: Omit<KeysProps, 'size' | 'hitAt'>): ReactNode {
  const { visibleRows } = useUi();
  const { columns, rows } = useWindowSize();
  const size = useMemo(() => ({ columns, rows }), [columns, rows]);
  const layout = useLayout(props.store, size);
  const hitAt = (x: number, y: number) => hitOf(props.store.getState(), { layout, size, visibleRows }, x, y);
  return (
    <Box width={columns} height={rows} flexDirection="column">
      <Keys {...props} size={size} hitAt={hitAt} />
      {layout.type === 'too-small' ? <TooSmall size={size} /> : <Screen layout={layout} size={size} />}
    </Box>
  );
}

type ScreenProps = { readonly layout: Layout; readonly size: Size };

function Screen({ layout, size }: ScreenProps): ReactNode {
  const { store, visibleRows } = useUi();
  const { columns } = size;
  const covered = useStore(store, (state) => isCovered(state, size));
  return (
    <>
      <StateLine draw={(state) => headerLine(state, layout, columns)} columns={columns} />
      {layout.type === 'one' && layout.tabs ? (
        <StateLine draw={(state) => tabLine(state, visibleRows, columns)} columns={columns} />
      ) : null}
      <Box flexGrow={1}>{covered ? null : <Body layout={layout} />}</Box>
      {layout.type === 'one' ? (
        <StateLines
          draw={(state) => pathFoot(state, columns, layout.path)}
          columns={columns}
          rows={layout.path}
        />
      ) : null}
      <StateLine draw={(state) => footerLine(state, visibleRows, columns)} columns={columns} />
      <OverlayHost size={size} />
      <NoticeHost size={size} />
    </>
  );
}

/** Whether the panes are completely hidden: then they are not drawn, unless the overlay is about how they are. */
function isCovered(state: SessionState, size: Size): boolean {
  if (state.overlay.type === 'columns') return false;
  return state.overlay.type === 'charts' || overlayPanel(state, size)?.covers === true;
}

function Body({ layout }: { layout: Layout }): ReactNode {
  switch (layout.type) {
    case 'too-small':
      return null;
    case 'one':
      return <Place place={layout.place} />;
    case 'wide':
      return <Parts split={layout.body} />;
  }
}

function Parts({ split }: { split: Split }): ReactNode {
  return (
    <Box flexDirection={split.direction} width={split.columns} height={split.rows}>
      {split.parts.map((part) =>
        'pane' in part ? <Place key={part.pane} place={part} /> : <Parts key={keyOf(part)} split={part} />,
      )}
    </Box>
  );
}

function keyOf(split: Split): string {
  return split.parts.map((part) => ('pane' in part ? part.pane : keyOf(part))).join();
}

function Place({ place }: { place: PanePlace }): ReactNode {
  const { store } = useUi();
  const focused = useStore(store, (state) => state.focus === place.pane);
  return place.pane === 'path' ? (
    <PathPane place={place} />
  ) : (
    <Pane place={place} pane={place.pane} focused={focused} />
  );
}

/** In a terminal that is too small for a table: the living grants with their time, and the size that is needed. */
function TooSmall({ size }: { size: Size }): ReactNode {
  const { columns, rows } = size;
  return <StateLines draw={(state) => smallLines(state, size)} columns={columns} rows={rows} />;
}

function smallLines(state: SessionState, { columns, rows }: Size): readonly Line[] {
  const needed = `sluice needs ${SMALLEST.columns}×${SMALLEST.rows}; this terminal is ${columns}×${rows}.`;
  const login: readonly Line[] =
    state.login === undefined ? [] : [[span(`✗ ${state.login.context}: l logs in`, 'alert')]];
  const living = state.grants.map(({ grant }) => grant).filter(isLiving);
  if (living.length === 0)
    return [...login, ...wrap(needed, columns).map((text): Line => [span(text)])].slice(0, rows);
  const lines = living.flatMap(({ source, destination, ports, window }): readonly Line[] => {
    const left = window === undefined ? 'starting' : formatCountdown(window.end - state.serverNow);
    const path = `${source} → ${destination} ${portsText(ports)}`;
    return wrap(`${left} ${path}`, columns).map((text): Line => [span(text, 'time')]);
  });
  const grants: Line = [span(`◷ ${plural(living.length, 'grant')}`, 'time')];
  return [
    ...login,
    grants,
    ...lines,
    ...wrap(needed, columns).map((text): Line => [span(text, 'faint')]),
  ].slice(0, rows);
}

/** Dialogs that show their own keys, so the footer doesn't. */
const OWN_HINTS: readonly Scope[] = [
  'grant',
  'extend',
  'refuse',
  'revoke',
  'quit',
  'pick',
  'command',
  'columns',
];

/** The last line: the filter being typed, else the key hints; a notice covers it. */
function footerLine(state: SessionState, visibleRows: VisibleRows, columns: number): Line {
  const { overlay } = state;
  if (overlay.type === 'filter') {
    const found = visibleRows(state, overlay.pane).length;
    const count = span(
      `   ${found} of ${rowsIn(state, overlay.pane).length} match`,
      found === 0 ? 'warn' : 'faint',
    );
    return spread(
      [span(' /', 'strong'), ...fieldSpans(overlay.field, true), count],
      [span('enter apply  esc back ', 'faint')],
      columns,
    );
  }
  const scope = scopeOf(state);
  return OWN_HINTS.includes(scope) ? [] : hintLine(scope, state, columns);
}

/**
 * The first line: context, the way to a pane that was drilled into, user, enforcer, traffic source, live grants if their
 * pane is hidden, time.
 */
function headerLine(state: SessionState, layout: Layout, columns: number): Line {
  const { cluster } = state;
  const narrow = columns < 120;
  const grantsShown = placesOf(layout).some(({ pane }) => pane === 'grants');
  const gap = narrow ? 2 : 3;
  const right: Line = [span(` ${headerClock(state)} `, 'faint')];
  const where: Line = [span(' sluice ', 'strong'), ...whereSpans(cluster)];
  const grants = grantsShown ? [] : grantSpans(state);
  const connection = connectionSpans(state);
  const traffic = trafficSpans(state, narrow || state.traffic.status !== 'live');
  const isWell = traffic.every(({ tone }) => tone !== 'warn' && tone !== 'bad');
  // Before the way gives way, all goes that only says how it is when all is well.
  const kept = [where, grants, connection, isWell ? [] : traffic, right].filter(({ length }) => length > 0);
  const room = columns - kept.reduce((sum, line) => sum + lineColumns(line) + gap, 0);
  const segments: readonly Segment[] = [
    { line: where },
    { line: waySpans(state, room) },
    { line: grants },
    { line: connection },
    { drop: 4, line: cluster.user === undefined ? [] : [span(cluster.user)] },
    { drop: 5, line: cluster.version === undefined ? [] : [span(`k8s ${cluster.version}`, 'faint')] },
    { drop: 3, line: [span(narrow ? '' : 'enforcer ', 'faint'), span(cluster.enforcer)] },
    { drop: 1, line: traffic },
    { drop: 2, line: lostSpans(state) },
  ];
  return segmentLine(segments, right, columns, gap);
}

/** With seconds only where rows count them, so that a screen where nothing moves is not drawn again every second. */
function headerClock({ now, attempts, grants }: SessionState): string {
  const clock = wallClock(now);
  return attempts.length > 0 || grants.length > 0
    ? clock
    : clock.slice(0, -':00'.length).padEnd(clock.length);
}

function whereSpans({ context, namespace, confinedTo }: ClusterState): Line {
  const place = namespace ?? 'all namespaces';
  const confined = confinedTo === undefined ? '' : ' (the only one you can read)';
  return [span('▏', 'faint'), span(`${context} · ${place}${confined}`)];
}

/** What is wrong with the connection, since when, and when the next try is due; the reason last, as it may be cut. */
function connectionSpans({ cluster, login, now }: SessionState): Line {
  if (login !== undefined) {
    const other = login.context === cluster.context ? '' : ` TO ${login.context}`;
    return [span(`✗ LOGIN NEEDED${other}, l logs in: ${login.why}`, 'alert')];
  }
  const { connection, problem, staleSince, retryAt } = cluster;
  const why = problem === undefined ? '' : `: ${problem}`;
  switch (connection) {
    case 'live':
      return [];
    case 'connecting':
      return [span(`◌ connecting${why}`, 'warn')];
    case 'stale': {
      const since = staleSince === undefined ? '' : ` since ${wallClock(staleSince)}`;
      const left = retryAt === undefined ? 0 : Math.ceil((retryAt - now) / 1000);
      const next = left > 0 ? `, next try in ${left}s` : ', trying again';
      return [span(`✗ DISCONNECTED${since}${next}${why}`, 'alert')];
    }
  }
}

/** `◷ 2 grants, next 04:12`: stays on the screen while any grant is live. */
function grantSpans({ grants, serverNow }: SessionState): Line {
  const live = grants.map(({ grant }) => grant).filter(isLiving);
  if (live.length === 0) return [];
  const ends = live.flatMap(({ window }) => (window === undefined ? [] : [window.end]));
  const left = ends.length === 0 ? 'starting' : formatCountdown(Math.min(...ends) - serverNow);
  const next = live.length === 1 ? ` ${left}` : `, next ${left}`;
  return [span(`◷ ${plural(live.length, 'grant')}${next}`, 'time')];
}

function lostSpans({ traffic }: SessionState): Line {
  const lost: Span = span(`lost ${compact(traffic.lost)}`, traffic.lost > 0 ? 'warn' : 'faint');
  return traffic.source === 'hubble' && traffic.lost > 0 ? [lost] : [];
}

/** A part of a one-line bar; those with the highest `drop` are dropped first, those without one are cut at worst. */
type Segment = { readonly line: Line; readonly drop?: number };

/** Segments side by side in `columns`, separated by `gap` blanks, with `right` at the right edge. */
function segmentLine(segments: readonly Segment[], right: Line, columns: number, gap: number): Line {
  let shown = segments.filter(({ line }) => line.length > 0);
  const rightColumns = lineColumns(right) + (right.length > 0 ? gap : 0);
  while (spaceOf(shown, gap) + rightColumns > columns) {
    const worst = Math.max(0, ...shown.map(({ drop = 0 }) => drop));
    if (worst === 0) break;
    shown = shown.toSpliced(
      shown.findLastIndex(({ drop }) => drop === worst),
      1,
    );
  }
  const blank: Span = { text: ' '.repeat(gap) };
  const left = shown.flatMap(({ line }, index) => (index === 0 ? line : [blank, ...line]));
  return [...fitLine(left, Math.max(0, columns - lineColumns(right))), ...right];
}

function spaceOf(segments: readonly Segment[], gap: number): number {
  return segments.reduce((sum, { line }) => sum + lineColumns(line) + gap, -gap);
}
