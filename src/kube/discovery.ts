import { listAt, textAt } from '../core/json.ts';
import { ApiError } from './errors.ts';
import type { ApiClient } from './http/client.ts';
import type { Resource } from './list-watch/collection.ts';

/** What the server can serve. */
export type Discovery = {
  /** API groups and their versions, preferred first; the core group is not among them. */
  groups(signal?: AbortSignal): Promise<ReadonlyMap<string, readonly string[]>>;
  /** Plurals of a group's version; undefined when the server does not have it. */
  resources(group: string, version: string, signal?: AbortSignal): Promise<readonly string[] | undefined>;
  /** Whether a kind is served; `unknown` when the server does not say. */
  has(resource: Resource, signal?: AbortSignal): Promise<'yes' | 'no' | 'unknown'>;
};

/** How long an answer is kept, ms: CustomResourceDefinitions come and go seldom. */
const FRESH = 60_000;

/** Asks `/apis` and `/apis/<group>/<version>`, which every authenticated user may read, and keeps the answers. */
export function createDiscovery(client: ApiClient): Discovery {
  const held = new Map<string, { readonly value: unknown; readonly at: number }>();

  async function get(path: string, resource: string, signal?: AbortSignal): Promise<unknown> {
    const known = held.get(path);
    if (known !== undefined && performance.now() - known.at < FRESH) return known.value;
    const { value } = await client.call({
      about: { verb: 'get', group: '', resource },
      path,
      signal,
    });
    held.set(path, { value, at: performance.now() });
    return value;
  }

  const discovery: Discovery = {
    groups: async (signal) => {
      const groups = listAt(await get('/apis', 'API groups', signal), 'groups');
      return new Map(
        groups.map((group) => {
          const preferred = textAt(group, 'preferredVersion', 'version');
          const versions = listAt(group, 'versions').flatMap((item) => textAt(item, 'version') ?? []);
          return [
            textAt(group, 'name') ?? '',
            versions.toSorted((a, b) => Number(b === preferred) - Number(a === preferred)),
          ];
        }),
      );
    },
    resources: async (group, version, signal) => {
      const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
      try {
        const value = await get(path, 'API resources', signal);
        return listAt(value, 'resources').flatMap((item) => textAt(item, 'name') ?? []);
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return undefined;
        throw error;
      }
    },
    has: async ({ group, version, resource }, signal) => {
      try {
        const plurals = await discovery.resources(group, version, signal);
        return plurals?.includes(resource) === true ? 'yes' : 'no';
      } catch (error) {
        if (error instanceof ApiError) return 'unknown';
        throw error;
      }
    },
  };
  return discovery;
}
