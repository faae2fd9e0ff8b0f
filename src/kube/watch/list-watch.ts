import type { ApiObject } from '../../core/cluster/cluster.ts';
import type { FeedState } from '../../core/live/live.ts';
import { type BackOff, delayAfter, pause } from '../../wait.ts';
import {
  type ApiClient,
  ApiError,
  bytesOf,
  type Collection,
  NetworkError,
  networkError,
  watchError,
} from '../http/http.ts';
import { currentVersion, listPages } from './pages.ts';
import { jsonLines, readWatchEvent, type WatchEvent } from './watch-event.ts';

export type ListWatchOptions<T> = {
  readonly client: ApiClient;
  readonly collection: Collection;
  /** Converts to the slim object at once, so that nothing else is kept; undefined skips the object. */
  readonly map: (raw: ApiObject) => T | undefined;
  /** Whether the server supports streaming lists (since 1.34). */
  readonly streaming: boolean;
  /** Called with the full contents, which replace all earlier ones. */
  readonly reset: (objects: readonly T[]) => void;
  /** Called with subsequent changes, in order. */
  readonly changes: (steps: readonly Step<T>[]) => void;
  readonly state: (state: FeedState) => void;
  readonly times?: Partial<Times>;
};

/** All in ms. */
export type Times = {
  /** After this long without an event or bookmark, the watch is opened anew. */
  readonly silence: number;
  readonly backOff: BackOff;
  /** How often to list if watching is forbidden. */
  readonly poll: number;
  /** A watch that ends sooner than this, without an event, counts as a failure. */
  readonly brief: number;
};

const TIMES: Times = { silence: 90_000, backOff: { base: 500, cap: 30_000 }, poll: 30_000, brief: 1_000 };

/**
 * Keeps a collection up to date until `signal` aborts: a streaming list that continues as a watch, or a paged list and a
 * watch. After an interruption or silence it resumes from the last version; after a 410, or where the server has no such
 * version yet, it lists again (API-2). A single short interruption is not reported; from the second failure on the state
 * is `stale`.
 *
 * @throws ApiError 403 if listing is forbidden, 404 if the server does not have the collection; nothing else
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
        // Randomized, so that watches don't all end at the same time.
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

  /** What really ended a watch: `expired` if it can't resume, because a restored server may have gone back. */
  async function causeOf(error: unknown): Promise<{ readonly error: unknown; readonly expired: boolean }> {
    const watched = tally.version();
    if (!(error instanceof Silent) || watched === undefined) return { error, expired: isStatus(error, 410) };
    try {
      const now = await currentVersion(client, collection, signal);
      return { error, expired: !isNumber(watched) || !isNumber(now) || BigInt(now) < BigInt(watched) };
    } catch (unanswered) {
      return { error: unanswered, expired: false };
    }
  }

  while (!signal.aborted) {
    try {
      if (tally.version() === undefined && !streaming) await list();
      await watch();
      if (failures > 0) await pause(delayAfter(failures, times.backOff, Math.random()), signal);
    } catch (caught) {
      const { error, expired } = await causeOf(caught);
      if (signal.aborted) return;
      if (isStatus(error, 403)) {
        if (!streaming && tally.version() === undefined) throw error;
        if (justListed) {
          watchable = false;
          report.polled(`${messageOf(error)}; listing every ${times.poll / 1_000}s instead`);
          await pause(times.poll, signal).catch(() => undefined);
        }
        // The permission to watch is missing or was revoked; listing may still be allowed.
        streaming = false;
        tally.forget();
        continue;
      }
      if (isStatus(error, 404)) throw error;
      if (streaming && tally.version() === undefined && isStatus(error, 400, 422)) {
        streaming = false;
        continue;
      }
      if (expired) tally.forget();
      const isSilent = error instanceof Silent;
      failures = tally.heard() || (isSilent && !expired) ? 1 : failures + 1;
      const wait = failures === 1 && (isSilent || expired) ? 0 : waitAfter(error, failures, times.backOff);
      if (failures > 1 || !report.wasLive()) report.stale(messageOf(error), Date.now() + wait);
      await pause(wait, signal).catch(() => undefined);
    }
  }
}

function isStatus(error: unknown, ...codes: readonly number[]): boolean {
  return error instanceof ApiError && codes.includes(error.status);
}

function isNumber(version: string): boolean {
  return /^\d+$/.test(version);
}

function messageOf(error: unknown): string {
  if (error instanceof Silent) return 'the watch stopped responding';
  return error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
}

function waitAfter(error: unknown, failures: number, backOff: BackOff): number {
  if (error instanceof ApiError && error.retryAfter !== undefined) return error.retryAfter * 1_000;
  // A lost connection can be reopened at once.
  if (failures === 1 && error instanceof NetworkError && error.network === 'lost') return 0;
  return delayAfter(failures, backOff, Math.random());
}

/** Reports the state of one feed, each change once. */
type Report = {
  live(): void;
  stale(reason: string, retryAt: number): void;
  /** Stale because the collection can be listed but not watched; each call resets the time. */
  polled(reason: string): void;
  /** Whether the last reported state is `live`. */
  wasLive(): boolean;
};

/** Starts as `connecting`, which is reported at once. `stale` keeps the time when it began. */
function createReport(tell: (state: FeedState) => void): Report {
  let state: FeedState = { state: 'connecting' };
  tell(state);
  return {
    live: () => {
      if (state.state === 'live') return;
      state = { state: 'live' };
      tell(state);
    },
    stale: (reason, retryAt) => {
      state = { state: 'stale', since: state.state === 'stale' ? state.since : Date.now(), reason, retryAt };
      tell(state);
    },
    polled: (reason) => {
      state = { state: 'stale', since: Date.now(), reason };
      tell(state);
    },
    wasLive: () => state.state === 'live',
  };
}

/** A watch without events for too long, which also happens if its version is in the future. */
class Silent extends Error {
  override readonly name = 'Silent';
}

type WatchOptions = {
  readonly query: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly signal: AbortSignal;
  /** The longest time without an event or bookmark, ms; idle watches get a bookmark every 60 s. */
  readonly silence: number;
  /** Called once the server has accepted the watch. */
  readonly onOpen: () => void;
  /** Called with the events that each chunk completes, in order; never with `ERROR`. */
  readonly onEvents: (events: readonly WatchEvent[]) => void;
};

/**
 * Opens one watch and emits its events until it ends; resolves on a normal end.
 *
 * @throws ApiError for an HTTP error or an `ERROR` event (410 comes as either), NetworkError for a broken
 *   connection, Silent
 */
async function watchStream(client: ApiClient, collection: Collection, options: WatchOptions): Promise<void> {
  const about = { ...collection.about, verb: 'watch' };
  const quiet = new AbortController();
  const signal = AbortSignal.any([options.signal, quiet.signal]);
  const timer = setTimeout(
    () => quiet.abort(new Silent(`nothing in ${options.silence} ms`)),
    options.silence,
  );
  try {
    const { body } = await client.open({
      about,
      path: collection.path,
      query: {
        watch: true,
        allowWatchBookmarks: true,
        labelSelector: collection.labels,
        fieldSelector: collection.fields,
        ...options.query,
      },
      signal,
    });
    options.onOpen();
    const lines = jsonLines();
    for await (const chunk of body) {
      const events = lines(bytesOf(chunk)).flatMap((value) => readWatchEvent(value) ?? []);
      if (events.length > 0) timer.refresh();
      const end = events.findIndex((event) => event.type === 'ERROR');
      options.onEvents(end === -1 ? events : events.slice(0, end));
      const error = events[end];
      if (error?.type === 'ERROR') throw watchError(client.origin, about, error.status);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw isOwn(error) ? error : networkError(client.origin, error);
  } finally {
    clearTimeout(timer);
    quiet.abort();
  }
}

function isOwn(error: unknown): boolean {
  return error instanceof Error && error.name === 'SluiceError';
}

/** One change; a `delete` carries the last state of the object. */
export type Step<T> = { readonly type: 'set' | 'delete'; readonly object: T };

/** Converts pages and events to resets and steps, and tracks the version to resume from. */
export type Tally = {
  /** The version to watch from; undefined if everything must be listed (again). */
  version(): string | undefined;
  forget(): void;
  /** The start of a list, or of a streaming list. */
  begin(): void;
  page(objects: readonly ApiObject[]): void;
  /** The end of a paged list; a streaming list ends with its bookmark. */
  complete(version: string): void;
  take(events: readonly WatchEvent[]): void;
  /** Whether events arrived since the last call. */
  heard(): boolean;
};

/**
 * See `Tally`. Objects are mapped as they arrive, and the raw ones dropped. The initial events of a streaming list may
 * already include changes and deletions, so they are collected by name.
 */
export function createTally<T>(
  map: (raw: ApiObject) => T | undefined,
  reset: (objects: readonly T[]) => void,
  changes: (steps: readonly Step<T>[]) => void,
): Tally {
  let version: string | undefined;
  let gathered = new Map<string, T>();
  let heard = false;

  const gather = (raw: ApiObject, deleted: boolean) => {
    const key = `${raw.metadata.namespace ?? ''}/${raw.metadata.name}`;
    const object = deleted ? undefined : map(raw);
    if (object === undefined) gathered.delete(key);
    else gathered.set(key, object);
  };
  const complete = (at: string) => {
    const all = [...gathered.values()];
    gathered = new Map();
    version = at;
    reset(all);
  };
  const stepOf = (event: WatchEvent): readonly Step<T>[] => {
    if (event.type === 'ERROR') return [];
    if (event.type === 'BOOKMARK') {
      if (version !== undefined) version = event.resourceVersion || version;
      else if (event.initialEnd) complete(event.resourceVersion);
      return [];
    }
    const deleted = event.type === 'DELETED';
    if (version === undefined) {
      gather(event.object, deleted);
      return [];
    }
    version = event.object.metadata.resourceVersion ?? version;
    const object = map(event.object);
    return object === undefined ? [] : [{ type: deleted ? 'delete' : 'set', object }];
  };

  return {
    version: () => version,
    forget: () => {
      version = undefined;
    },
    begin: () => {
      gathered = new Map();
    },
    page: (objects) => {
      for (const raw of objects) gather(raw, false);
    },
    complete,
    take: (events) => {
      heard ||= events.length > 0;
      const steps = events.flatMap(stepOf);
      if (steps.length > 0) changes(steps);
    },
    heard: () => {
      const was = heard;
      heard = false;
      return was;
    },
  };
}
