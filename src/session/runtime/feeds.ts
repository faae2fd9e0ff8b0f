import { sameJson } from '../../core/common/common.ts';
import type { FeedState } from '../../core/live/live.ts';
import { POLICY_KINDS } from '../../core/policy/kinds/kinds.ts';
import { pause } from '../../wait.ts';
import type { Connection } from './connection.ts';

/** Tracks which lists of one connection have arrived. */
export type Feeds = {
  /** Resolves once each feed has been listed or is known to be unavailable. */
  readonly ready: Promise<void>;
  /** Records that the list of a feed has arrived. */
  readonly listed: (feed: string) => void;
  readonly set: (feed: string, state: FeedState) => void;
  /** Feeds still waiting for their first list. */
  readonly unlisted: () => readonly string[];
  /** Feeds whose contents are unknown: an empty one of these is not an empty collection. */
  readonly unreadable: () => readonly string[];
};

/**
 * Tracks all feeds. What counts is whether a list arrived: a `stale` feed may be complete (it can be listed but not
 * watched), or may never have been listed, and that must not pass for an empty one.
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

/** The policy kind that a feed lists, as the engine names it; undefined for other feeds. */
export function kindOfFeed(feed: string): string | undefined {
  return feed === FOREIGN_FEED ? feed : POLICY_KINDS.find(({ resource }) => resource === feed)?.kind;
}

type Foreign = Awaited<ReturnType<Connection['foreign']>>;

export type ForeignNews = {
  /** Everything found, first and after each change. */
  readonly found: (foreign: Foreign) => void;
  readonly state: (state: FeedState) => void;
};

/** Its name among the feeds. */
export const FOREIGN_FEED = 'policies that are not evaluated';

/** Interval between lists, and after a failure, ms. */
const TIMES = { again: 60_000, retry: 5_000 };

/**
 * Periodically lists the policies that are not evaluated, as one created later can make a verdict undecidable too.
 * Failures are retried and shown like any other stale list. Resolves when `signal` aborts.
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
