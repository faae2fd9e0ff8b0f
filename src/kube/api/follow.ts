import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiObject, ClusterApi, ObjectEvent } from '../../core/ports.ts';
import { safeDeep } from '../../core/safe-text.ts';
import { ApiError } from '../errors.ts';
import type { ApiClient } from '../http/client.ts';
import { collectionOf } from '../list-watch/collection.ts';
import { listWatch } from '../list-watch/list-watch.ts';
import { streamsLists, type VersionSource } from '../version.ts';

/** How often something that left the watch without being gone is looked at again, ms. */
const RECHECK = 2_000;
/** How long before a follow goes on after its right to list was taken away, ms. */
const REGAIN = 5_000;

/**
 * Follows objects by label; see `ClusterApi.follow`. An object whose label was taken off leaves the watch as if it were
 * deleted, so each disappearance is confirmed by a GET, and what is still there is looked at until it is not (API-2).
 *
 * @throws ApiError when it may not list at the start
 */
export function followCall(
  client: ApiClient,
  version: VersionSource,
  read: ClusterApi['read'],
): ClusterApi['follow'] {
  return async (resource, labels, onEvent, signal) => {
    const collection = collectionOf(resource, { namespace: resource.namespace, labels });
    const seen = new Map<string, ApiObject>();
    const checks = new Map<string, Promise<void>>();
    let listed = false;

    const show = (object: ApiObject) => {
      const uid = object.metadata.uid ?? '';
      seen.set(uid, object);
      onEvent(eventOf(object));
    };
    const doubt = (object: ApiObject) => {
      const uid = object.metadata.uid ?? '';
      // The event that takes an object out of the selection carries its new version, which was not shown yet.
      const shown = seen.get(uid)?.metadata.resourceVersion;
      seen.delete(uid);
      if (checks.has(uid)) return;
      const check = confirm(object, shown)
        .catch(() => undefined)
        .finally(() => checks.delete(uid));
      checks.set(uid, check);
    };
    const confirm = async (object: ApiObject, shown: string | undefined) => {
      const { name, uid = '' } = object.metadata;
      let last = shown;
      while (!signal.aborted && !seen.has(uid)) {
        const now = await read({ ...resource, name }, signal).catch(() => 'unknown' as const);
        if (seen.has(uid) || signal.aborted) return;
        if (now === undefined || (now !== 'unknown' && now.metadata.uid !== uid)) {
          onEvent({ name, uid });
          return;
        }
        if (now !== 'unknown' && now.metadata.resourceVersion !== last) {
          last = now.metadata.resourceVersion;
          onEvent(eventOf(now));
        }
        await sleep(RECHECK, undefined, { signal });
      }
    };

    while (!signal.aborted) {
      try {
        const known = await version.get(signal).catch(() => undefined);
        await listWatch<ApiObject>(
          {
            client,
            collection,
            map: (raw) => safeDeep(raw),
            streaming: known !== undefined && streamsLists(known),
            reset: (objects) => {
              listed = true;
              const uids = new Set(objects.map(({ metadata }) => metadata.uid));
              for (const [uid, object] of [...seen]) if (!uids.has(uid)) doubt(object);
              for (const object of objects) show(object);
            },
            changes: (steps) => {
              for (const { type, object } of steps) (type === 'set' ? show : doubt)(object);
            },
            state: () => undefined,
          },
          signal,
        );
      } catch (error) {
        if (!listed || !(error instanceof ApiError)) throw error;
        await sleep(REGAIN, undefined, { signal }).catch(() => undefined);
      }
    }
    await Promise.all(checks.values());
  };
}

function eventOf(object: ApiObject): ObjectEvent {
  return { name: object.metadata.name, uid: object.metadata.uid ?? '', state: object };
}
