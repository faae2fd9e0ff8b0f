import { watchError } from '../errors.ts';
import type { ApiClient } from '../http/client.ts';
import { bytesOf } from '../http/exchange.ts';
import { networkError } from '../http/network-error.ts';
import type { Collection } from './collection.ts';
import { jsonLines } from './json-lines.ts';
import { readWatchEvent, type WatchEvent } from './watch-event.ts';

/** A watch on which nothing came for too long: the version may be from the future, which shows as silence. */
export class Silent extends Error {
  override readonly name = 'Silent';
}

export type WatchOptions = {
  readonly query: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly signal: AbortSignal;
  /** How long without any event or bookmark, ms; idle watches get a bookmark every 60 s. */
  readonly silence: number;
  /** Called once the server has accepted the watch. */
  readonly onOpen: () => void;
  /** Called with what each chunk completes, in order; never with `ERROR`. */
  readonly onEvents: (events: readonly WatchEvent[]) => void;
};

/**
 * Opens one watch and delivers its events until it ends; a normal end resolves.
 *
 * @throws ApiError for an HTTP error or an `ERROR` event (410 comes as either), NetworkError for a broken
 *   connection, Silent
 */
export async function watchStream(
  client: ApiClient,
  collection: Collection,
  options: WatchOptions,
): Promise<void> {
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
