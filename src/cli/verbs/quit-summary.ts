import { wallClock } from '../../../views/text/text.ts';
import type { Grant } from '../../core/grants/grants.ts';
import { type BookedGrant, pathText } from '../../session/session.ts';
import { pad } from './table.ts';

/** What became of each grant of the app, one line each, for the terminal that the app leaves. */
export function quitSummary(grants: readonly BookedGrant[], now: number): readonly string[] {
  return grants.map(({ grant, demo }) => {
    const { word, text } = endOf(grant, demo, now);
    return `${pad(word, 9)}  ${grant.id}  ${pathText(grant)}${text}`;
  });
}

type End = { readonly word: string; readonly text: string };

function endOf(grant: Grant, demo: boolean, now: number): End {
  const { state } = grant;
  switch (state.name) {
    case 'leasing':
    case 'applied':
    case 'open':
    case 'revoking':
      return leftOpen(grant, demo, now);
    case 'revoked':
      return { word: wordOf(state.by), text: ', its policy is gone; not yet seen closed' };
    case 'closed':
      return { word: wordOf(state.by), text: ', closed and seen blocked' };
    case 'unproven':
      return { word: wordOf(state.by), text: `, its policy is gone; not proven closed: ${state.proof}` };
    case 'flowing':
      return {
        word: wordOf(state.by),
        text: `, its policy is gone, but traffic flows: ${state.connections}`,
      };
    case 'failed':
      return { word: 'failed', text: `: ${state.message} ${state.hint}` };
  }
}

function wordOf(by: 'revoke' | 'deadline' | 'lease' | 'other'): string {
  return by === 'revoke' ? 'revoked' : 'ended';
}

/** An open grant outlives the app, unless its cluster does not. */
function leftOpen({ id, window }: Grant, demo: boolean, now: number): End {
  if (demo) return { word: 'ended', text: ' with the cluster of the demo' };
  if (window !== undefined && window.end <= now)
    return { word: 'ended', text: ` at ${wallClock(window.end)} by its lease` };
  const until = window === undefined ? '' : ` until ${wallClock(window.end)} by its lease`;
  return { word: 'left open', text: `${until}; end it with: sluice revoke ${id}` };
}
