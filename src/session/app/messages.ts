import type { Notice, SessionState } from '../state/state.ts';

/** How many messages are kept. */
const KEPT = 500;

/**
 * Shows a notice and keeps it among the messages; one that comes again in a row is kept once, with a count, and of
 * passing ones in a row the last, so that a flood of keys does not push out what matters.
 */
export function withMessage(
  { messages }: Pick<SessionState, 'messages'>,
  notice: Notice,
): Pick<SessionState, 'messages' | 'notice'> {
  const last = messages.at(-1);
  const isSame = last !== undefined && last.text === notice.text && last.hint === notice.hint;
  const replaces = isSame || (last?.passing === true && notice.passing === true);
  const kept = isSame ? { ...notice, times: (last.times ?? 1) + 1 } : notice;
  return { notice, messages: [...(replaces ? messages.slice(0, -1) : messages.slice(1 - KEPT)), kept] };
}
