import { formatDuration, plural } from '../../core/common/common.ts';
import type { EndedBy, Grant, GrantState } from '../../core/grants/grants.ts';
import { policyKey } from '../../core/live/live.ts';
import type { Attempt } from '../../core/traffic/traffic.ts';
import { pathText } from '../grants/grants.ts';
import type { AboutItem, AttemptLine, Commands } from '../state/state.ts';
import { clock } from './about-grant.ts';
import type { App } from './app-parts.ts';
import type { PastGrant } from './grant-book.ts';
import { grantPath } from './path-state.ts';
import { grantUnderCursor } from './picked-ends.ts';
import { rowPath } from './under-cursor.ts';

/** The life of the grant under the cursor: what happened to it, when and by whom, and the traffic that it let through. */
export function grantHistory(
  app: App,
  past: (id: string) => readonly PastGrant[],
): Pick<Commands, 'openHistory'> {
  return {
    openHistory: () => {
      const grant = grantUnderCursor(app.state(), app.visibleRows);
      if (grant === undefined) {
        app.notify('warn', 'No grant under the cursor.', 'Move to a grant (4).');
        return;
      }
      const about = [
        { label: 'path', text: pathText(grant) },
        ...lifeItems(grant, past(grant.id)),
        ...trafficItems(
          grant,
          app.state().attempts,
          (since) => app.runtime()?.fold.attempts({ since }) ?? [],
        ),
      ];
      app.push(
        {
          type: 'detail',
          title: `History of grant ${grant.id}`,
          about,
          lines: [],
          scroll: 0,
          loading: false,
        },
        grantPath(app, grant),
      );
    },
  };
}

type Moment = { readonly at: number; readonly item: Omit<AboutItem, 'label'> };

/** What happened, the oldest first: as seen by this session, else as far as the grant itself tells. */
export function lifeItems(grant: Grant, past: readonly PastGrant[]): readonly AboutItem[] {
  const { window, requester, mine } = grant;
  const seen = past.length === 0 ? [{ at: Number.NaN, grant }] : past;
  const first = seen[0]?.grant.window ?? window;
  const who = mine ? `${requester} (you)` : requester;
  const leased: readonly Moment[] =
    first === undefined
      ? []
      : [
          {
            at: first.start,
            item: { text: `leased for ${formatDuration(first.seconds)}, requested by ${who}` },
          },
        ];
  const moments = seen.flatMap(({ at, grant: now }, index) => momentsOf(at, now, seen[index - 1]?.grant));
  const end: readonly Moment[] =
    window === undefined || !isRunning(grant.state)
      ? []
      : [
          {
            at: window.end,
            item: { text: 'the cluster ends it, whether or not sluice runs', level: 'faint' },
          },
        ];
  return [...leased, ...moments, ...end].map(({ at, item }, index) => ({
    label: Number.isNaN(at) ? '' : clock(at),
    ...item,
    apart: index === 0,
  }));
}

function momentsOf(at: number, { state, window }: Grant, before: Grant | undefined): readonly Moment[] {
  const extended: readonly Moment[] =
    before?.window === undefined || window === undefined || before.window.end >= window.end
      ? []
      : [{ at, item: { text: `extended until ${clock(window.end)}`, level: 'good' } }];
  const item = before?.state.name === state.name ? undefined : itemOf(state);
  return item === undefined ? extended : [...extended, { at: 'at' in state ? state.at : at, item }];
}

function itemOf(state: GrantState): Moment['item'] | undefined {
  switch (state.name) {
    case 'leasing':
      return undefined;
    case 'applied':
      return { text: 'applied: the policy is in the cluster' };
    case 'open':
      return { text: `open, ${state.how}`, level: 'good' };
    case 'revoking':
      return { text: 'its end began' };
    case 'revoked':
      return { text: `policy gone, ended by ${ENDED_BY[state.by]}` };
    case 'closed':
      return { text: `closed, ended by ${ENDED_BY[state.by]}: ${state.proof}`, level: 'good' };
    case 'unproven':
      return { text: `not proven closed: ${state.proof}`, level: 'warn' };
    case 'flowing':
      return { text: `still flowing: ${state.connections}`, level: 'bad' };
    case 'failed':
      return { text: `${state.message} ${state.hint}`, level: 'bad' };
  }
}

const ENDED_BY: Readonly<Record<EndedBy, string>> = {
  revoke: 'a revocation',
  deadline: 'sluice at the deadline',
  lease: 'the cluster at the end of its lease',
  other: 'somebody else',
};

function isRunning({ name }: GrantState): boolean {
  return name === 'leasing' || name === 'applied' || name === 'open';
}

/** The attempts since its window began, on the rows that its policies decide. */
function trafficItems(
  { halves, window }: Grant,
  lines: readonly AttemptLine[],
  attemptsSince: (time: number) => readonly Attempt[],
): readonly AboutItem[] {
  const keys = halves.flatMap(({ namespace, policy }) =>
    policy === undefined ? [] : [policyKey({ kind: 'NetworkPolicy', namespace, name: policy.name })],
  );
  const seen = window === undefined ? [] : attemptsSince(window.start);
  const byRow = Map.groupBy(seen, ({ rowKey }) => rowKey);
  const texts = lines.flatMap((line) => {
    const attempts = byRow.get(line.key) ?? [];
    const [newest] = attempts;
    if (newest === undefined || !line.decidedBy.some((key) => keys.includes(key))) return [];
    const dropped = attempts.filter(({ verdict }) => verdict === 'drop').length;
    return [
      `${rowPath(line)}: ${plural(attempts.length, 'attempt')}, ${dropped} dropped, the last ${clock(newest.last)}`,
    ];
  });
  const shown = texts.length === 0 ? ['none seen in it'] : texts;
  return shown.map((text, index) => ({ label: index === 0 ? 'traffic' : '', text, apart: index === 0 }));
}
