import { isLiving } from '../grants/grants.ts';
import type { GrantLine, GrantSpan } from '../state/state.ts';

/** Remembers the windows of grants, as the pane forgets those that ended. */
export type GrantSpans = {
  /** `ahead`: how far the server's clock is ahead of ours, ms. */
  readonly note: (lines: readonly GrantLine[], ahead: number) => void;
  readonly list: () => readonly GrantSpan[];
};

export function createGrantSpans(): GrantSpans {
  const spans = new Map<string, GrantSpan>();
  const ended = new Set<string>();
  return {
    note: (lines, ahead) => {
      for (const { grant } of lines) {
        const { id, window, state, source, destination } = grant;
        // Its end is when it was first seen ended: proving that the path is closed takes longer.
        if (window === undefined || ended.has(id)) continue;
        if (!isLiving(grant)) ended.add(id);
        const end = ended.has(id) && 'at' in state ? Math.min(window.end, state.at) : window.end;
        spans.set(id, {
          id,
          text: `${source} → ${destination}`,
          start: window.start - ahead,
          end: end - ahead,
        });
      }
    },
    list: () => [...spans.values()],
  };
}
