import { formatCountdown } from '../../src/core/access/duration.ts';
import { plural } from '../../src/core/plural.ts';
import { isLiving } from '../../src/session/grants/states.ts';
import type { ClusterState, SessionState } from '../../src/session/state.ts';
import { type Layout, placesOf } from '../layout/layout.ts';
import { compact } from '../text/count.ts';
import { type Line, type Span, span } from '../text/span.ts';
import { wallClock } from '../text/time.ts';
import { type Segment, segmentLine } from './segments.ts';
import { trafficSpans } from './traffic-line.ts';

/** The first line: where, who, what enforces, where traffic comes from, live grants out of sight, the time. */
export function headerLine(state: SessionState, layout: Layout, columns: number): Line {
  const { cluster } = state;
  const narrow = columns < 120;
  const grantsShown = placesOf(layout).some(({ pane }) => pane === 'grants');
  const segments: readonly Segment[] = [
    { drop: 0, line: [span(' sluice ', 'strong'), ...whereSpans(cluster)] },
    { drop: 0, line: connectionSpans(cluster) },
    { drop: 0, line: grantsShown ? [] : grantSpans(state) },
    { drop: 4, line: cluster.user === undefined ? [] : [span(cluster.user)] },
    { drop: 5, line: cluster.version === undefined ? [] : [span(`k8s ${cluster.version}`, 'faint')] },
    { drop: 3, line: [span(narrow ? '' : 'enforcer ', 'faint'), span(cluster.enforcer)] },
    { drop: 1, line: trafficSpans(state, narrow) },
    { drop: 2, line: lostSpans(state) },
  ];
  return segmentLine(segments, [span(`${wallClock(state.now)} `, 'faint')], columns, narrow ? 2 : 3);
}

function whereSpans({ context, namespace, confinedTo }: ClusterState): Line {
  const place = namespace ?? 'all namespaces';
  const confined = confinedTo === undefined ? '' : ' (the only one you may read)';
  return [span('▏', 'faint'), span(`${context} · ${place}${confined}`)];
}

function connectionSpans({ connection, problem }: ClusterState): Line {
  const why = problem === undefined ? '' : `: ${problem}`;
  switch (connection) {
    case 'live':
      return [];
    case 'connecting':
      return [span(`◌ connecting${why}`, 'warn')];
    case 'stale':
      return [span(`✗ stale${why}`, 'alert')];
  }
}

/** `◷ 2 grants, next 04:12`: it never leaves the screen while a grant lives. */
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
