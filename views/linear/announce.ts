import { plural } from '../../src/core/plural.ts';
import type { VisibleRows } from '../../src/session/commands.ts';
import { filterProblem } from '../../src/session/rows/filter.ts';
import type { PathState, SessionState } from '../../src/session/state.ts';
import { PANE_NAMES } from '../panes/title.ts';
import { pathText } from '../screens/path-line.ts';
import { trafficSpans } from '../screens/traffic-line.ts';
import { lineText } from '../text/span.ts';
import { announceAttempts } from './attempts.ts';
import { announceGrants } from './grants.ts';
import { announceOverlay } from './overlays.ts';
import { announceRow } from './row.ts';

/**
 * What has changed between two states, as sentences to read out, oldest first: the connection, verdicts that turned,
 * grants and the thresholds of their countdown, what has opened over the panes, what the cursor is on now.
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
    ...announceFocus(before, after),
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
  if (filter === '') return [`${PANE_NAMES[focus]}, no filter`];
  const problem = filterProblem(filter);
  if (problem !== undefined) return [`the filter ${filter} can't be read: ${problem}`];
  return [`${visibleRows(after, focus).length} of ${after[focus].length} ${focus} match ${filter}`];
}

/** A path is told once somebody marked it; else it is that of the row under the cursor, which is read anyway. */
function announcePath(before: PathState, after: PathState): readonly string[] {
  const { verdict, marked } = after;
  if (marked !== true) return [];
  if (pathText(before) === pathText(after) && before.verdict?.verdict === verdict?.verdict) return [];
  const halves =
    verdict === undefined ? '' : `: egress ${verdict.egress.summary}, ingress ${verdict.ingress.summary}`;
  return [`path ${pathText(after)}${verdict === undefined ? '' : `, ${verdict.verdict}`}${halves}`];
}

function announceFocus(before: SessionState, after: SessionState): readonly string[] {
  if (before.focus === after.focus) return [];
  const rows = plural(after[after.focus].length, 'row');
  const drops = after.focus === 'attempts' && after.drops > 0 ? `, ${after.drops} dropped` : '';
  return [`${PANE_NAMES[after.focus]}, ${rows}${drops}`];
}

function announceNotice(before: SessionState, after: SessionState): readonly string[] {
  const { notice } = after;
  if (notice === undefined || notice === before.notice) return [];
  return [`${notice.level === 'info' ? '' : `${notice.level}: `}${notice.text} ${notice.hint ?? ''}`.trim()];
}
