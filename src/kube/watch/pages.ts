import type { ApiObject } from '../../core/cluster/cluster.ts';
import { listAt, textAt } from '../../core/common/common.ts';
import { type ApiClient, ApiError, type Collection, continueToken } from '../http/http.ts';
import { listItem } from './watch-event.ts';

const PAGE = 500;
/** How often a list with an expired continue token is restarted before it is requested without paging. */
const RESTARTS = 2;

/**
 * Lists a collection page by page. An expired token (410) restarts the list, because the server would continue with
 * another version (API-1).
 *
 * @param each called with each page's objects; `first` marks the first page, also after a restart
 * @returns the resourceVersion to watch from
 */
export async function listPages(
  client: ApiClient,
  collection: Collection,
  signal: AbortSignal | undefined,
  each: (objects: readonly ApiObject[], first: boolean) => void,
): Promise<string> {
  for (let restarts = 0; ; restarts += 1) {
    try {
      return await listOnce(client, collection, signal, each, restarts < RESTARTS ? PAGE : undefined);
    } catch (error) {
      const expired = error instanceof ApiError && error.status === 410;
      if (!expired || restarts >= RESTARTS) throw error;
    }
  }
}

async function listOnce(
  client: ApiClient,
  collection: Collection,
  signal: AbortSignal | undefined,
  each: (objects: readonly ApiObject[], first: boolean) => void,
  limit: number | undefined,
): Promise<string> {
  let token: string | undefined;
  let version = '';
  let first = true;
  do {
    const value = await page(client, collection, signal, { limit, token });
    const apiVersion = textAt(value, 'apiVersion') ?? '';
    const kind = (textAt(value, 'kind') ?? '').replace(/List$/, '');
    each(
      listAt(value, 'items').flatMap((item) => listItem(item, apiVersion, kind) ?? []),
      first,
    );
    first = false;
    token = continueToken(value);
    version = versionOf(value);
  } while (token !== undefined);
  return version;
}

/** The collection's version now, without its objects. */
export async function currentVersion(
  client: ApiClient,
  collection: Collection,
  signal: AbortSignal | undefined,
): Promise<string> {
  return versionOf(await page(client, collection, signal, { limit: 1 }));
}

async function page(
  client: ApiClient,
  collection: Collection,
  signal: AbortSignal | undefined,
  { limit, token }: { readonly limit?: number; readonly token?: string },
): Promise<unknown> {
  const { value } = await client.call({
    about: { ...collection.about, verb: 'list' },
    path: collection.path,
    query: { limit, continue: token, labelSelector: collection.labels, fieldSelector: collection.fields },
    signal,
  });
  return value;
}

function versionOf(list: unknown): string {
  return textAt(list, 'metadata', 'resourceVersion') ?? '';
}
