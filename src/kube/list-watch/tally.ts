import type { ApiObject } from '../../core/ports.ts';
import type { WatchEvent } from './watch-event.ts';

/** One change; a `delete` carries the object as it was last. */
export type Step<T> = { readonly type: 'set' | 'delete'; readonly object: T };

/** Turns pages and events into resets and steps, and keeps the version to resume from. */
export type Tally = {
  /** The version to watch from; undefined: everything must be listed (again). */
  version(): string | undefined;
  forget(): void;
  /** The start of a list, or of a streaming list. */
  begin(): void;
  page(objects: readonly ApiObject[]): void;
  /** The end of a paged list; a streaming list ends with its bookmark. */
  complete(version: string): void;
  take(events: readonly WatchEvent[]): void;
  /** Whether events came since this was last asked. */
  heard(): boolean;
};

/**
 * See `Tally`. Objects are mapped as they come, and the raw ones dropped. The initial events of a streaming list
 * may already hold changes and deletions, so they are gathered by name.
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
