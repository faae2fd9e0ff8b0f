import type { FeedState } from '../../core/cluster/events.ts';
import type { ApiObject } from '../../core/ports.ts';
import { type BackOff, delayAfter, pause } from '../../wait.ts';
import { ApiError } from '../errors.ts';
import type { ApiClient } from '../http/client.ts';
import { NetworkError } from '../http/network-error.ts';
import type { Collection } from './collection.ts';
import { listPages } from './pages.ts';
import { createReport } from './report.ts';
import { createTally, type Step } from './tally.ts';
import { Silent, watchStream } from './watch-stream.ts';

export type ListWatchOptions<T> = {
  readonly client: ApiClient;
  readonly collection: Collection;
  /** Makes the slim object at once, so that nothing else is kept; undefined leaves it out. */
  readonly map: (raw: ApiObject) => T | undefined;
  /** Whether the server may be asked for a streaming list (1.34 on). */
  readonly streaming: boolean;
  /** Everything there is, in place of all before. */
  readonly reset: (objects: readonly T[]) => void;
  /** What has changed since, in order. */
  readonly changes: (steps: readonly Step<T>[]) => void;
  readonly state: (state: FeedState) => void;
  readonly times?: Partial<Times>;
};

/** All in ms. */
export type Times = {
  /** Without event and bookmark for so long, a watch is given up and everything listed again. */
  readonly silence: number;
  readonly backOff: BackOff;
  /** How often to list where watching is not allowed. */
  readonly poll: number;
  /** A watch that ends sooner than this, without an event, counts as a failure. */
  readonly brief: number;
};

const TIMES: Times = { silence: 90_000, backOff: { base: 500, cap: 30_000 }, poll: 30_000, brief: 1_000 };

/**
 * Keeps a collection up to date until `signal` aborts: one streaming list that goes on as a watch, or a paged list and
 * a watch; after a break it resumes from the last version, after a 410 it lists again (API-2). One short break is not
 * shown; from the second failure on the state is `stale`.
 *
 * @throws ApiError 403 when the collection may not be listed, 404 when the server does not have it; nothing else
 */
export async function listWatch<T>(options: ListWatchOptions<T>, signal: AbortSignal): Promise<void> {
  const { client, collection } = options;
  const times = { ...TIMES, ...options.times };
  const report = createReport(options.state);
  const tally = createTally(options.map, options.reset, options.changes);
  let streaming = options.streaming;
  let failures = 0;
  let justListed = false;
  let watchable = true;

  async function list(): Promise<void> {
    const version = await listPages(client, collection, signal, (objects, first) => {
      if (first) tally.begin();
      tally.page(objects);
    });
    tally.complete(version);
    justListed = true;
    if (watchable) report.live();
  }

  async function watch(): Promise<void> {
    const version = tally.version();
    const opened = performance.now();
    let heard = false;
    await watchStream(client, collection, {
      query: {
        ...(version === undefined
          ? { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }
          : { resourceVersion: version }),
        // Spread, so that not all watches of all clients end together.
        timeoutSeconds: 300 + Math.floor(Math.random() * 120),
      },
      signal,
      silence: times.silence,
      onOpen: () => {
        justListed = false;
        watchable = true;
        if (version === undefined) tally.begin();
        else report.live();
      },
      onEvents: (events) => {
        heard ||= events.length > 0;
        tally.take(events);
        if (tally.version() !== undefined) report.live();
      },
    });
    const brief = !heard && performance.now() - opened < times.brief;
    failures = brief ? failures + 1 : 0;
  }

  while (!signal.aborted) {
    try {
      if (tally.version() === undefined && !streaming) await list();
      await watch();
      if (failures > 0) await pause(delayAfter(failures, times.backOff, Math.random()), signal);
    } catch (error) {
      if (signal.aborted) return;
      if (isStatus(error, 403)) {
        if (!streaming && tally.version() === undefined) throw error;
        if (justListed) {
          watchable = false;
          report.polled(`${messageOf(error)}; listed every ${times.poll / 1_000} s`);
          await pause(times.poll, signal).catch(() => undefined);
        }
        // The right to watch is missing, or was taken away; perhaps there is one to list.
        streaming = false;
        tally.forget();
        continue;
      }
      if (isStatus(error, 404)) throw error;
      if (streaming && tally.version() === undefined && isStatus(error, 400, 422)) {
        streaming = false;
        continue;
      }
      const expired = error instanceof Silent || isStatus(error, 410);
      if (expired) tally.forget();
      failures = tally.heard() ? 1 : failures + 1;
      if (failures > 1 || !report.wasLive()) report.stale(messageOf(error));
      const wait = failures === 1 && expired ? 0 : waitAfter(error, failures, times.backOff);
      await pause(wait, signal).catch(() => undefined);
    }
  }
}

function isStatus(error: unknown, ...codes: readonly number[]): boolean {
  return error instanceof ApiError && codes.includes(error.status);
}

function messageOf(error: unknown): string {
  if (error instanceof Silent) return 'the watch went silent';
  return error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
}

function waitAfter(error: unknown, failures: number, backOff: BackOff): number {
  if (error instanceof ApiError && error.retryAfter !== undefined) return error.retryAfter * 1_000;
  // A broken connection can be made anew at once.
  if (failures === 1 && error instanceof NetworkError && error.network === 'lost') return 0;
  return delayAfter(failures, backOff, Math.random());
}
