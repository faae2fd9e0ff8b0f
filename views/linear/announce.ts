import { formatDuration, plural } from '../../src/core/common/common.ts';
import { type Grant, setByOther, TOLD_BEFORE_END } from '../../src/core/grants/grants.ts';
import {
  type AttemptLine,
  filterProblem,
  type GrantForm,
  type Overlay,
  type PathState,
  pickItems,
  rowsIn,
  type SessionState,
  textField,
  type VisibleRows,
} from '../../src/session/session.ts';
import { attemptVerdict, grantState, portsText } from '../columns/columns.ts';
import { cannotRun, contentOf, matchesIn, paletteList } from '../overlays/overlays.ts';
import { paneName, pathText } from '../panes/panes.ts';
import { trafficSpans } from '../screens/screens.ts';
import { lineText } from '../text/text.ts';
import { markPassed } from '../ui/ui.ts';
import { announceRow } from './row.ts';

/**
 * What changed between two states, as sentences to read out, oldest first: the connection, verdicts that changed,
 * grants and their countdown thresholds, overlays that opened, the row under the cursor.
 */
export function announce(
  before: SessionState,
  after: SessionState,
  visibleRows: VisibleRows,
): readonly string[] {
  return [
    ...announceCluster(before, after),
    ...announceAttempts(before, after),
    ...announceGrants(before, after),
    ...announceOverlay(before, after),
    ...announceFilter(before, after, visibleRows),
    ...announceFocus(before, after, visibleRows),
    ...announceRow(before, after, visibleRows),
    ...announcePath(before.path, after.path),
    ...announceNotice(before, after),
  ];
}

function announceCluster(before: SessionState, after: SessionState): readonly string[] {
  const { cluster, traffic } = after;
  const lines: string[] = [];
  if (cluster.connection !== before.cluster.connection || cluster.problem !== before.cluster.problem) {
    const problem = cluster.problem === undefined ? '' : `, ${cluster.problem}`;
    lines.push(`cluster ${cluster.context}: ${cluster.connection}${problem}, enforcer ${cluster.enforcer}`);
  }
  if (cluster.namespace !== before.cluster.namespace) {
    lines.push(cluster.namespace === undefined ? 'all namespaces' : `namespace ${cluster.namespace}`);
  }
  if (traffic.status !== before.traffic.status || traffic.source !== before.traffic.source) {
    lines.push(`traffic: ${lineText(trafficSpans(after))}`);
  }
  return lines;
}

function announceFilter(
  before: SessionState,
  after: SessionState,
  visibleRows: VisibleRows,
): readonly string[] {
  const { focus, panes } = after;
  if (before.overlay.type !== 'filter' || after.overlay.type !== 'none') return [];
  const { filter } = panes[focus];
  if (filter === '') return [`${paneName(after, focus)}, no filter`];
  const problem = filterProblem(filter);
  if (problem !== undefined) return [`invalid filter ${filter}: ${problem}`];
  return [
    `${visibleRows(after, focus).length} of ${rowsIn(after, focus).length} ${focus === 'pods' ? after.listed : focus} match ${filter}`,
  ];
}

/**
 * A path is announced only if it was marked; otherwise it belongs to the row under the cursor, which is read anyway.
 */
function announcePath(before: PathState, after: PathState): readonly string[] {
  const { verdict, marked, inPart } = after;
  if (marked !== true) return [];
  if (
    pathText(before) === pathText(after) &&
    before.verdict?.verdict === verdict?.verdict &&
    before.inPart === inPart
  )
    return [];
  const halves =
    verdict === undefined ? '' : `: egress ${verdict.egress.summary}, ingress ${verdict.ingress.summary}`;
  const word = verdict === undefined ? '' : `, ${verdict.verdict}${inPart === true ? ' in part' : ''}`;
  return [`path ${pathText(after)}${word}${halves}`];
}

function announceFocus(
  before: SessionState,
  after: SessionState,
  visibleRows: VisibleRows,
): readonly string[] {
  const { focus, panes } = after;
  const crumbs = panes[focus].drill?.crumbs ?? [];
  const wasIn = before.panes[focus].drill?.crumbs ?? [];
  if (before.focus === focus && before.listed === after.listed && crumbs.join() === wasIn.join()) return [];
  if (crumbs.length > 0) {
    const found = plural(visibleRows(after, focus).length, 'row');
    return [`${paneName(after, focus)} of ${crumbs.join(', from ')}, ${found}`];
  }
  const rows = plural(rowsIn(after, focus).length, 'row');
  const drops = focus === 'attempts' && after.drops > 0 ? `, ${after.drops} dropped` : '';
  return [`${paneName(after, focus)}, ${rows}${drops}`];
}

function announceNotice(before: SessionState, after: SessionState): readonly string[] {
  const { notice } = after;
  if (notice === undefined || notice === before.notice) return [];
  return [`${notice.level === 'info' ? '' : `${notice.level}: `}${notice.text} ${notice.hint ?? ''}`.trim()];
}

/** At most this many attempts are read out at once; the rest of a burst is counted. */
const MOST = 5;

/** New attempts, and those whose verdict changed. */
function announceAttempts(before: SessionState, after: SessionState): readonly string[] {
  if (before.attempts === after.attempts) return [];
  const known = new Map(before.attempts.map((line) => [line.key, line]));
  const turned = after.attempts.filter((line) => {
    const old = known.get(line.key);
    return old !== line && old?.row.verdict !== line.row.verdict;
  });
  const lines = turned.slice(0, MOST).map(sentence).reverse();
  return turned.length > MOST ? [`and ${turned.length - MOST} more attempts`, ...lines] : lines;
}

function sentence({ row, why }: AttemptLine): string {
  const port = row.port === undefined ? '' : ` port ${row.port}`;
  const word = attemptVerdict(row.verdict).text.replace(/^\S+ /, '');
  return `${word}: ${row.sourceName} to ${row.destinationName}${port}${why === '' ? '' : `, ${why}`}`;
}

/** Seconds before the end at which the time left is announced, rather than every second (TERM-10). */
const THRESHOLDS: readonly number[] = [1800, 600, 300, 120, 60, 30, 10];

/** New grants, state changes, drift, and countdowns that passed a threshold. */
function announceGrants(before: SessionState, after: SessionState): readonly string[] {
  const known = new Map(before.grants.map(({ grant }) => [grant.id, grant]));
  return after.grants.flatMap(({ grant }) => {
    const old = known.get(grant.id);
    return [
      ...stateLine(old, grant, after.serverNow),
      ...grant.drift
        .filter((text) => old?.drift.includes(text) !== true)
        .map((text) => `${name(grant)} drifted: ${text}`),
      ...windowLine(old, grant),
      ...thresholdLine(grant, before.serverNow, after.serverNow),
    ];
  });
}

/** A window that somebody else set (GRANT-16). */
function windowLine(old: Grant | undefined, grant: Grant): readonly string[] {
  const by = setByOther(grant);
  const { window } = grant;
  if (by === undefined || old === undefined || window === undefined || old.window?.end === window.end)
    return [];
  return [`${name(grant)}: ${by} set the window to ${formatDuration(window.seconds)}`];
}

function stateLine(old: Grant | undefined, grant: Grant, now: number): readonly string[] {
  if (old?.state.name === grant.state.name) return [];
  const word = grantState(grant, now).text.replace(/^\S+ /, '');
  return [`${name(grant)}: ${word}${detail(grant)}`];
}

function detail({ state }: Grant): string {
  switch (state.name) {
    case 'closed':
      return `, ${state.proof}`;
    case 'unproven':
      return `, policy gone; ${state.proof}`;
    case 'flowing':
      return `, ${state.connections}`;
    case 'failed':
      return `, ${state.message} ${state.hint}`;
    case 'leasing':
    case 'applied':
    case 'open':
    case 'revoking':
    case 'revoked':
      return '';
  }
}

function thresholdLine(grant: Grant, before: number, now: number): readonly string[] {
  const { window, state } = grant;
  if (window === undefined || !(state.name === 'open' || state.name === 'applied')) return [];
  // Of a grant of this session, some are told by a notice.
  const marks = THRESHOLDS.filter((seconds) => !grant.mine || !TOLD_BEFORE_END.includes(seconds));
  const passed = markPassed(marks, window.end - before, window.end - now);
  return passed === undefined ? [] : [`${name(grant)}: ${formatDuration(passed)} left`];
}

function name({ source, destination, ports }: Grant): string {
  return `grant ${source} to ${destination} ${portsText(ports)}`;
}

/** Wide enough that no sentence is wrapped: the screen reader does that itself. */
const COLUMNS = 400;

const EMPTY = textField();

/** A new overlay in full, later only its new lines, without the text being typed. */
function announceOverlay(before: SessionState, after: SessionState): readonly string[] {
  const chose = after.overlay.type === 'columns' && before.columns !== after.columns;
  if (before.overlay === after.overlay && !chose) return [];
  if (after.overlay.type === 'none') return ['back'];
  const opened = before.overlay.type !== after.overlay.type;
  const known = opened ? new Set<string>() : new Set(linesOf(before));
  const title = contentOf(after)?.title ?? [];
  return [
    ...(opened ? [lineText(title).trim() || after.overlay.type] : []),
    ...(opened ? linesOf(after, after.overlay) : linesOf(after)).filter((line) => !known.has(line)),
    ...chosen(before.overlay, after.overlay, after),
    ...foundLine(before.overlay, after),
  ];
}

function linesOf(state: SessionState, overlay: Overlay = withoutTyping(state.overlay)): readonly string[] {
  const content = contentOf({ ...state, overlay });
  return (content?.lines(COLUMNS) ?? [])
    .map((line) => lineText(line).replaceAll('▏', '').replace(/ {2,}/g, '  ').trim())
    .filter((text) => text !== '');
}

/** The overlay with empty fields and no item selected: typing and moving are announced separately. */
function withoutTyping(overlay: Overlay): Overlay {
  switch (overlay.type) {
    case 'grant':
      return { ...overlay, form: untyped(overlay.form) };
    case 'extend':
    case 'refuse':
      return { ...overlay, field: EMPTY };
    case 'pick':
      return { ...overlay, filter: EMPTY, index: -1 };
    case 'columns':
      return { ...overlay, index: -1 };
    case 'command': {
      const { index: _, ...rest } = overlay;
      return { ...rest, field: EMPTY };
    }
    default:
      return overlay;
  }
}

function untyped(form: GrantForm): GrantForm {
  return {
    ...form,
    field: 'reason',
    ports: undefined,
    fields: {
      from: EMPTY,
      to: EMPTY,
      ports: EMPTY,
      duration: EMPTY,
      reason: EMPTY,
      ticket: EMPTY,
    },
    choices: form.choices && { ...form.choices, index: -1 },
  };
}

/** The current item or field. */
function chosen(before: Overlay, after: Overlay, state: SessionState): readonly string[] {
  if (after.type === 'pick') {
    const moved = before.type !== 'pick' || before.index !== after.index;
    const items = pickItems(after.items, after.filter.text);
    return moved ? [`${items[after.index] ?? 'nothing'}, ${after.index + 1} of ${items.length}`] : [];
  }
  if (after.type === 'columns') {
    const moved = before.type !== 'columns' || before.index !== after.index;
    const columns = linesOf(state);
    return moved ? [`${columns[after.index] ?? 'nothing'}, ${after.index + 1} of ${columns.length}`] : [];
  }
  if (after.type === 'command') {
    const item = chosenIn(after, state);
    const old = before.type === 'command' ? chosenIn(before, state) : undefined;
    return item === undefined || item === old ? [] : [item];
  }
  if (after.type === 'grant') {
    const { choices, field, fields } = after.form;
    const moved = before.type !== 'grant' || before.form.field !== field;
    if (moved) return [`field ${field}: ${fields[field].text}`];
    const chosen = choices?.items[choices.index];
    if (choices === undefined || chosen === undefined || choices.index === before.form.choices?.index)
      return [];
    return [`${chosen.text}, ${chosen.kind}, ${choices.index + 1} of ${choices.items.length + choices.more}`];
  }
  return [];
}

/** The item of the palette that enter runs, with why it can't be run. */
function chosenIn(overlay: Extract<Overlay, { type: 'command' }>, state: SessionState): string | undefined {
  const { items, index } = paletteList(overlay, state);
  const item = index === undefined ? undefined : items[index];
  if (item === undefined) return undefined;
  const why = cannotRun(item, state);
  return `${item.kind} ${item.text}, ${item.note}${why === undefined ? '' : `, unavailable: ${why}`}`;
}

/** The line of the current match, once the search moves to it. */
function foundLine(before: Overlay, state: SessionState): readonly string[] {
  const { overlay } = state;
  if (!('scroll' in overlay) || overlay.search === undefined || overlay.search.typing) return [];
  if ('scroll' in before && before.search === overlay.search) return [];
  const lines = contentOf(state)?.lines(COLUMNS) ?? [];
  const matches = matchesIn(lines, overlay.search);
  const line = lines[matches[overlay.search.at] ?? -1];
  if (line === undefined) return [`no matches for ${overlay.search.field.text}`];
  return [`${overlay.search.at + 1} of ${matches.length}: ${lineText(line).trim()}`];
}
