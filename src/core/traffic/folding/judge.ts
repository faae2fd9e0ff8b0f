import type { AttemptVerdict } from '../attempt.ts';
import { type AttemptState, NEVER } from './attempt-state.ts';

/** Retries come a second apart; what the source's node says this much after a drop belongs to a later packet. */
const RETRY_GAP = 500;

/**
 * The verdict of an attempt at local time `now`: of what was found on its last try, DROPPED and ERROR over AUDIT over
 * REDIRECTED over FORWARDED (HUB-20). What only the source's node let go is pending until the destination speaks, an
 * answer comes, or `grace` ms have passed.
 */
export function judge(state: AttemptState, now: number, grace: number): AttemptVerdict {
  const bad = Math.max(state.droppedAt, state.failedAt);
  if (bad !== NEVER && bad >= state.passedAt && !leftLater(state, now, grace)) {
    return state.droppedAt >= state.failedAt ? 'drop' : 'error';
  }
  if (state.refusedAt !== NEVER && state.refusedAt >= state.passedAt) return 'failed';
  if (state.audited) return 'audit';
  if (state.proxied) return 'l7';
  if (state.passedAt !== NEVER) return 'allow';
  return hasWaited(state, now, grace) ? 'allow' : 'pending';
}

/**
 * Whether a later packet left the source's node after one was dropped there, and nothing was heard since. After a
 * drop at the destination this tells nothing.
 */
function leftLater(state: AttemptState, now: number, grace: number): boolean {
  return (
    state.dropDirection === 'egress' &&
    state.sentAt > state.droppedAt + RETRY_GAP &&
    state.sentAt > state.failedAt + RETRY_GAP &&
    hasWaited(state, now, grace)
  );
}

function hasWaited({ sentSeen }: AttemptState, now: number, grace: number): boolean {
  return sentSeen !== NEVER && now - sentSeen >= grace;
}

/** Whether the verdict may still change by time alone. */
export function mayTurn(state: AttemptState, now: number, grace: number): boolean {
  if (state.sentSeen === NEVER || hasWaited(state, now, grace)) return false;
  return state.verdict === 'pending' || state.verdict === 'drop' || state.verdict === 'error';
}
