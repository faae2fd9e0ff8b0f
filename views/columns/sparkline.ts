import { type AttemptRow, RECENT, RECENT_STEP } from '../../src/core/traffic/traffic.ts';

const LEVELS = '▁▂▃▄▅▆▇█';

/** Attempts of the last minute, the newest at the right; the highest bar is the row's own busiest time. */
export function sparkline({ recent }: Pick<AttemptRow, 'recent'>, now: number): string {
  const age = Math.max(0, Math.floor(now / RECENT_STEP) - recent.newest);
  const most = Math.max(1, ...recent.counts);
  let text = '';
  for (let at = 0; at < RECENT; at += 1) {
    const count = recent.counts[at + age] ?? 0;
    text += count === 0 ? ' ' : (LEVELS[Math.ceil((count / most) * LEVELS.length) - 1] ?? ' ');
  }
  return text;
}
