import { formatDuration } from '../../core/common/common.ts';
import { cutCommand, type Grant, type GrantState, setByOther, troublesOf } from '../../core/grants/grants.ts';
import { isLiving, pathText } from '../grants/grants.ts';
import type { AboutItem, GrantLine } from '../state/state.ts';

/**
 * Describes a grant at server time `now`: what it opens, for whom and why, what ends it, what is left to do, and any
 * trouble.
 */
export function aboutGrant({ grant }: GrantLine, now: number): readonly AboutItem[] {
  const by = setByOther(grant);
  const { window, reason, ticket, requester, mine, halves } = grant;
  const troubles = isLiving(grant) ? troublesOf(grant, now) : grant.drift;
  return [
    ...troubles.map((text) => ({ label: '! drift', text, level: 'bad' as const })),
    { label: 'path', text: pathText(grant) },
    { label: 'state', text: stateText(grant), ...(grant.waiting === undefined ? levelOf(grant.state) : {}) },
    ...(grant.state.name === 'unproven' ? [{ label: 'next', text: PROVE_IT }] : []),
    ...cutItems(grant.state),
    ...(window === undefined
      ? []
      : [
          {
            label: 'window',
            text: `${clock(window.start)} to ${clock(window.end)}, ${formatDuration(window.seconds)}${by === undefined ? '' : `, set by ${by}`}`,
          },
        ]),
    { label: 'requester', text: `${requester}${mine ? ' (you, in this session)' : ''}` },
    { label: 'reason', text: ticket === undefined ? reason : `${ticket} · ${reason}` },
    ...halves.map(({ direction, namespace, policy, lease }) => ({
      label: direction,
      text: `NetworkPolicy ${namespace}/${policy?.name ?? '(gone)'}, removed by lease Job ${lease?.name ?? '(gone)'}`,
    })),
  ];
}

/** The command lines that end connections which live on (ENF-20). */
function cutItems(state: GrantState): readonly AboutItem[] {
  const living = state.name === 'flowing' ? (state.living ?? []) : [];
  return living.map((one) => ({ label: 'to cut it', text: cutCommand(one) }));
}

const PROVE_IT = 'Make an attempt on the path; the history (h) then shows whether it was dropped.';

function levelOf({ name }: GrantState): Pick<AboutItem, 'level'> {
  if (name === 'failed' || name === 'flowing') return { level: 'bad' };
  return name === 'open' || name === 'closed' ? { level: 'good' } : {};
}

/** Local wall clock, `12:04:11`. */
export function clock(time: number): string {
  return new Date(time).toTimeString().slice(0, 8);
}

function stateText({ state, waiting, requester }: Grant): string {
  if (waiting !== undefined)
    return `requested: opens nothing until somebody other than ${requester} approves it (a)`;
  switch (state.name) {
    case 'leasing':
      return 'waiting for the lease to run';
    case 'applied':
      return `applied ${clock(state.at)}, no connection seen yet`;
    case 'open':
      return Number.isFinite(state.after)
        ? `open, first connection ${(state.after / 1_000).toFixed(1)} s after the policy, ${state.how}`
        : `open, ${state.how}`;
    case 'revoking':
      return 'being revoked';
    case 'revoked':
      return `policy gone ${clock(state.at)}, checking traffic`;
    case 'closed':
      return `closed ${clock(state.at)}: ${state.proof}`;
    case 'unproven':
      return `policy gone ${clock(state.at)}, not proven closed: ${state.proof}`;
    case 'flowing':
      return `policy gone ${clock(state.at)}, but ${state.connections}`;
    case 'failed':
      return `${state.message} ${state.hint}`;
  }
}
