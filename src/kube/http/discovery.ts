import { listAt, safeText, textAt } from '../../core/common/common.ts';
import type { ApiClient } from './client.ts';
import type { Resource } from './collection.ts';
import { ApiError } from './errors.ts';

/** The API groups and resources of the server. */
export type Discovery = {
  /** API groups and their versions, preferred first, without the core group. */
  groups(signal?: AbortSignal): Promise<ReadonlyMap<string, readonly string[]>>;
  /** Plural names in a group version; undefined if the server does not have it. */
  resources(group: string, version: string, signal?: AbortSignal): Promise<readonly string[] | undefined>;
  /** Whether a kind is served; `unknown` if the request fails. */
  has(resource: Resource, signal?: AbortSignal): Promise<'yes' | 'no' | 'unknown'>;
};

/** How long a response is cached, ms: CustomResourceDefinitions rarely change. */
const FRESH = 60_000;

/** Reads and caches `/apis` and `/apis/<group>/<version>`, which every authenticated user can read. */
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

/** The version of a server. */
export type ServerVersion = {
  readonly major: number;
  readonly minor: number;
  /** `v1.36.3`, `v1.30.1+k3s1`, `v1.31.2-gke.100`. */
  readonly gitVersion: string;
};

export type VersionSource = { get(signal?: AbortSignal): Promise<ServerVersion> };

/** Reads `/version`, which needs no permissions, once, and again only after a failure. */
export function createVersionSource(client: ApiClient): VersionSource {
  let held: Promise<ServerVersion> | undefined;
  return {
    get: () => {
      held ??= ask(client).catch((error: unknown) => {
        held = undefined;
        throw error;
      });
      return held;
    },
  };
}

async function ask(client: ApiClient): Promise<ServerVersion> {
  const { value } = await client.call({
    about: { verb: 'get', group: '', resource: 'version' },
    path: '/version',
  });
  const gitVersion = safeText(textAt(value, 'gitVersion') ?? '');
  const [, major = '0', minor = '0'] = /^v?(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  return { major: Number(major), minor: Number(minor), gitVersion };
}

/** Whether the server supports streaming lists: on by default since 1.34 (API-3). */
export function streamsLists({ major, minor }: ServerVersion): boolean {
  return major > 1 || minor >= 34;
}
