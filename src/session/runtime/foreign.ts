import type { FeedState } from '../../core/cluster/events.ts';
import { sameJson } from '../../core/json.ts';
import { pause } from '../../wait.ts';
import type { Connection } from '../connection.ts';

type Foreign = Awaited<ReturnType<Connection['foreign']>>;

export type ForeignNews = {
  /** All there is, first and after each change. */
  readonly found: (foreign: Foreign) => void;
  readonly state: (state: FeedState) => void;
};

/** Its name among the feeds. */
export const FOREIGN_FEED = 'policies that are not evaluated';

/** How often they are listed; how often after a failure. ms */
const TIMES = { again: 60_000, retry: 5_000 };

/**
 * Lists the policies that are not evaluated now and again, as one that is made later can leave a verdict open too. What
 * fails is tried again, and shows as any other list that is not up to date. Resolves when `signal` aborts.
 */
export async function followForeign(
  list: Connection['foreign'],
  news: ForeignNews,
  signal: AbortSignal,
  times: typeof TIMES = TIMES,
): Promise<void> {
  let known: Foreign | undefined;
  let since: number | undefined;
  news.state({ state: 'connecting' });
  while (!signal.aborted) {
    try {
      const foreign = await list(signal);
      if (!sameJson(known, foreign)) news.found(foreign);
      known = foreign;
      since = undefined;
      news.state({ state: 'live' });
    } catch (error) {
      if (signal.aborted) return;
      since ??= Date.now();
      const reason = error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
      news.state({ state: 'stale', since, reason });
    }
    await pause(since === undefined ? times.again : times.retry, signal).catch(() => undefined);
  }
}
