import { formatDuration, plural, sameJson } from '../../core/common/common.ts';
import {
  type EndedBy,
  type Grant,
  type GrantState,
  objectName,
  setByOther,
} from '../../core/grants/grants.ts';
import type { Attempt } from '../../core/traffic/traffic.ts';
import { pathText } from '../grants/grants.ts';
import type { AboutItem, Commands, SessionState } from '../state/state.ts';
import { clock } from './about-grant.ts';
import type { App } from './app-parts.ts';
import { attemptsBetween } from './drilled-rows.ts';
import type { PastGrant } from './grant-book.ts';
import { endsOfGrant, grantPath } from './path-state.ts';
import { grantUnderCursor } from './picked-ends.ts';

/** The life of the grant under the cursor: what happened to it, when and by whom, and the traffic on its path. */
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
      const title = `History of grant ${grant.id}`;
      const tell = (now: Grant): readonly AboutItem[] => {
        const runtime = app.runtime();
        const attempts = runtime === undefined ? [] : attemptsBetween(runtime, endsOfGrant(runtime, now));
        const planned = plannedAt(now, app.state().calls);
        return [...whatItems(now), ...historyItems(now, past(now.id), attempts, planned)];
      };
      app.push(
        { type: 'detail', title, tells: 'history', about: tell(grant), lines: [], scroll: 0, loading: false },
        grantPath(app, grant),
      );
      const unfollow = app.store.subscribe((now, before) => {
        if (now.overlay.type === 'none') {
          unfollow();
          return;
        }
        if (now.attempts === before.attempts && now.grants === before.grants) return;
        const current = now.grants.find(({ key }) => key === grant.id)?.grant;
        if (current === undefined) return;
        app.update('detail', (open) => {
          const about = open.title === title ? tell(current) : open.about;
          return sameJson(about, open.about) ? open : { ...open, about };
        });
      });
    },
  };
}

/** When the plan was first tried on the server: the oldest call with an object of the grant. */
function plannedAt({ id, halves }: Grant, calls: SessionState['calls']): number | undefined {
  const names = halves.map(({ direction }) => `name: ${objectName(id, direction)}`);
  return calls.find(({ manifest = [] }) => manifest.some((line) => names.includes(line.trim())))?.time;
}

function whatItems(grant: Grant): readonly AboutItem[] {
  const { reason, ticket } = grant;
  return [
    { label: 'path', text: pathText(grant) },
    { label: 'reason', text: ticket === undefined ? reason : `${ticket} · ${reason}` },
  ];
}

/** Something that happened to a grant. */
type Moment = { readonly at: number; readonly item: Omit<AboutItem, 'label'> };

/**
 * What happened to a grant, the oldest first, and between that the attempts on its path. `past`: as this session saw it,
 * if it did. `planned`: when its plan was tried on the server.
 */
export function historyItems(
  grant: Grant,
  past: readonly PastGrant[],
  attempts: readonly Attempt[],
  planned?: number,
): readonly AboutItem[] {
  const moments = [...plannedMoments(planned), ...momentsOf(grant, past)];
  let from = Number.NEGATIVE_INFINITY;
  const told = [undefined, ...moments].flatMap((moment, index): readonly Moment[] => {
    from = Math.max(from, moment?.at ?? from);
    const until = moments[index]?.at ?? Number.POSITIVE_INFINITY;
    const between = attempts.filter(({ turned }) => turned >= from && turned < until);
    return [...(moment === undefined ? [] : [moment]), ...trafficIn(between)];
  });
  const items = [...told, ...deadlineOf(grant)].map(({ at, item }, index) => ({
    label: clock(at),
    ...item,
    apart: index === 0,
  }));
  return attempts.length > 0 ? items : [...items, NO_ATTEMPTS];
}

const NO_ATTEMPTS: AboutItem = {
  label: 'attempts',
  text: 'none seen on its path',
  level: 'faint',
  apart: true,
};

function plannedMoments(at: number | undefined): readonly Moment[] {
  return at === undefined ? [] : [{ at, item: { text: 'planned: the server accepted the dry-run' } }];
}

/** As seen by this session, else as far as the grant itself tells. */
function momentsOf(grant: Grant, past: readonly PastGrant[]): readonly Moment[] {
  const { requester, mine } = grant;
  const since = 'at' in grant.state ? grant.state.at : (grant.window?.start ?? 0);
  const seen = past.length === 0 ? [{ at: since, grant }] : past;
  const began = seen[0]?.grant.window ?? grant.window;
  const who = mine ? `${requester} (you)` : requester;
  const leased =
    began === undefined ? '' : `leased for ${formatDuration(began.seconds)}, requested by ${who}`;
  return [
    ...(began === undefined ? [] : [{ at: began.start, item: { text: leased } }]),
    ...seen.flatMap(({ at, grant: { state, window, announced, drift } }, index): readonly Moment[] => {
      const before = seen[index - 1]?.grant;
      const isLonger = before?.window !== undefined && window !== undefined && before.window.end < window.end;
      const by = setByOther({ requester, announced });
      const extended: readonly Moment[] = isLonger
        ? [
            {
              at,
              item: {
                text: `extended until ${clock(window.end)}${by === undefined ? '' : ` by ${by}`}`,
                level: 'good',
              },
            },
          ]
        : [];
      const drifted = drift
        .filter((text) => before === undefined || !before.drift.includes(text))
        .map((text): Moment => ({ at, item: { text: `! ${text}`, level: 'bad' } }));
      if (state.name === 'leasing' || before?.state.name === state.name) return [...extended, ...drifted];
      return [...extended, { at: state.at, item: itemOf(state) }, ...drifted];
    }),
  ];
}

/** What is to come while it runs. */
function deadlineOf({ window, state }: Grant): readonly Moment[] {
  const runs = state.name === 'leasing' || state.name === 'applied' || state.name === 'open';
  if (window === undefined || !runs) return [];
  return [
    { at: window.end, item: { text: 'the cluster ends it, whether or not sluice runs', level: 'faint' } },
  ];
}

function itemOf(state: Exclude<GrantState, { readonly name: 'leasing' }>): Moment['item'] {
  switch (state.name) {
    case 'applied':
      return { text: 'applied: the policy is in the cluster' };
    case 'open':
      return { text: `open, ${state.how}`, level: 'good' };
    case 'revoking':
      return { text: 'closing: its policies are being deleted' };
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

/** Attempts by what became of them, what began first on top; `turned` is when each got its verdict. */
function trafficIn(attempts: readonly Attempt[]): readonly Moment[] {
  const dropped = attempts.filter(({ verdict }) => verdict === 'drop' || verdict === 'error');
  const passed = attempts.filter(({ verdict }) => !['drop', 'error', 'pending'].includes(verdict));
  return [...counted(dropped, '✗', 'dropped', 'bad'), ...counted(passed, '✓', 'let through', 'good')].sort(
    (a, b) => a.at - b.at,
  );
}

function counted(
  attempts: readonly Attempt[],
  sign: string,
  became: string,
  level: 'good' | 'bad',
): readonly Moment[] {
  const times = attempts.map(({ turned }) => turned).sort((a, b) => a - b);
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return [];
  const until = clock(first) === clock(last) ? '' : `, the last at ${clock(last)}`;
  return [
    { at: first, item: { text: `${sign} ${plural(times.length, 'attempt')} ${became}${until}`, level } },
  ];
}
