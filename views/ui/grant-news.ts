import { formatCountdown, formatDuration } from '../../src/core/common/common.ts';
import { type Grant, TOLD_BEFORE_END, usageText } from '../../src/core/grants/grants.ts';
import { isLiving, type SessionState } from '../../src/session/session.ts';

/** That a grant of this session ends soon, or has ended. */
export type GrantNews = {
  readonly id: string;
  readonly level: 'info' | 'warn';
  /** `7f3k web → db ends in 1m`. */
  readonly text: string;
  readonly ended: boolean;
};

/**
 * Finds the news of each state that it is given, in order. An end that the user asked for is none. After a pause of the
 * process, only the nearest of several marks is told.
 */
export function createGrantNews(): (state: SessionState) => readonly GrantNews[] {
  let known = new Map<string, { readonly end: number; readonly left: number }>();
  return ({ grants, serverNow }) => {
    const next: typeof known = new Map();
    const news = grants.flatMap(({ grant }): readonly GrantNews[] => {
      const { id, window, mine } = grant;
      const old = known.get(id);
      if (!mine || window === undefined) return [];
      if (!isLiving(grant)) return old === undefined || isAsked(grant) ? [] : [endOf(grant)];
      const left = window.end - serverNow;
      const before = old?.end === window.end ? old.left : left;
      // The server's time is an estimate: a mark that was passed is not passed again.
      next.set(id, { end: window.end, left: Math.min(left, before) });
      const passed = markPassed(TOLD_BEFORE_END, before, left);
      return passed === undefined || left <= 0 ? [] : [soon(grant, passed)];
    });
    known = next;
    return news;
  };
}

/** The first of some marks, in seconds before an end, that lies between two times before it, in ms. */
export function markPassed(marks: readonly number[], before: number, left: number): number | undefined {
  return marks.find((seconds) => before > seconds * 1000 && left <= seconds * 1000);
}

function isAsked({ state }: Grant): boolean {
  return 'by' in state && state.by === 'revoke';
}

function soon(grant: Grant, seconds: number): GrantNews {
  const text = `${nameOf(grant)} ends in ${formatDuration(seconds)}`;
  return { id: grant.id, level: seconds > 60 ? 'info' : 'warn', text, ended: false };
}

function endOf(grant: Grant): GrantNews {
  return {
    id: grant.id,
    level: 'info',
    text: `${nameOf(grant)} has ended: ${usageText(grant.usage)}`,
    ended: true,
  };
}

function nameOf({ id, source, destination }: Grant): string {
  return `${id} ${source} → ${destination}`;
}

/** The countdown of the grant that ends next: for the title, and how much of its window is over, in percent. */
export type Countdown = { readonly title: string; readonly percent: number };

/** Undefined if no grant is counting down. */
export function countdownOf({ grants, serverNow }: SessionState): Countdown | undefined {
  const running = grants.flatMap(({ grant }) => {
    const { window } = grant;
    return window !== undefined && window.end > serverNow && isLiving(grant) ? [{ grant, window }] : [];
  });
  const [first, ...others] = running;
  if (first === undefined) return undefined;
  const { grant, window } = others.reduce(
    (next, other) => (other.window.end < next.window.end ? other : next),
    first,
  );
  const left = window.end - serverNow;
  const percent = Math.round((1 - left / (window.end - window.start)) * 100);
  return {
    title: `◷ ${formatCountdown(left)} ${grant.source} → ${grant.destination} · sluice`,
    percent: Math.min(100, Math.max(0, percent)),
  };
}
