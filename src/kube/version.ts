import { textAt } from '../core/json.ts';
import { safeText } from '../core/safe-text.ts';
import type { ApiClient } from './http/client.ts';

/** The version that a server says it has. */
export type ServerVersion = {
  readonly major: number;
  readonly minor: number;
  /** `v1.36.3`, `v1.30.1+k3s1`, `v1.31.2-gke.100`. */
  readonly gitVersion: string;
};

export type VersionSource = { get(signal?: AbortSignal): Promise<ServerVersion> };

/** Asks `/version` once, which needs no rights, and again only after a failure. */
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

/** Whether a watch may begin with a marked list: on by default from 1.34 (API-3). */
export function streamsLists({ major, minor }: ServerVersion): boolean {
  return major > 1 || minor >= 34;
}
