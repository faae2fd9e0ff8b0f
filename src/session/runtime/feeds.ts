import { sameJson } from '../../core/common/common.ts';
import type { FeedState } from '../../core/live/live.ts';
import { POLICY_KINDS } from '../../core/policy/kinds/kinds.ts';
import { pause } from '../../wait.ts';
import type { Connection } from './connection.ts';

/** What is known of the lists of one connection. */
export type Feeds = {
  /** Resolves once each feed has been listed, or is known not to be. */
  readonly ready: Promise<void>;
  /** Takes the list of a feed as come. */
  readonly listed: (feed: string) => void;
  readonly set: (feed: string, state: FeedState) => void;
  /** Feeds of which no list came and that were not refused one either. */
  readonly unlisted: () => readonly string[];
  /** Feeds whose contents are unknown: an empty one of these is not an empty collection. */
  readonly unreadable: () => readonly string[];
};

/**
 * Follows all feeds. What counts is whether a list came: a feed may be `stale` and yet whole, as one that may be
 * listed but not watched, or `stale` and never listed, which must not pass for an empty one.
 */
export function trackFeeds(): Feeds {
  const states = new Map<string, FeedState>();
  const settled = new Set<string>();
  const whole = new Set<string>();
  const { promise, resolve } = Promise.withResolvers<void>();
  const unlisted = () => [...states.keys()].filter((feed) => !settled.has(feed));
  const settle = (feed: string) => {
    settled.add(feed);
    if (unlisted().length === 0) resolve();
  };
  return {
    ready: promise,
    unlisted,
    listed: (feed) => {
      whole.add(feed);
      if (states.has(feed)) settle(feed);
    },
    set: (feed, state) => {
      states.set(feed, state);
      if (state.state === 'denied') whole.delete(feed);
      if (whole.has(feed) || state.state === 'denied' || state.state === 'absent') settle(feed);
    },
    unreadable: () =>
      [...states].flatMap(([feed, { state }]) =>
        state === 'denied' || (state === 'stale' && !whole.has(feed)) ? [feed] : [],
      ),
  };
}

/** The kind of policy that a feed lists, as the engine names it; undefined for a feed of something else. */
export function kindOfFeed(feed: string): string | undefined {
  return feed === FOREIGN_FEED ? feed : POLICY_KINDS.find(({ resource }) => resource === feed)?.kind;
}

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
