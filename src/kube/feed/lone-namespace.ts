import { mapNamespace } from '../../core/cluster/mapping/map.ts';
import type { Namespace } from '../../core/cluster/objects.ts';
import type { ApiClient } from '../http/client.ts';
import { apiPath } from '../list-watch/collection.ts';
import { isApiObject } from '../list-watch/watch-event.ts';

const NAMESPACES = { group: '', version: 'v1', resource: 'namespaces' };

/**
 * The one namespace of somebody who may not list them: as the server gives it, else made up from its name, with the
 * label that every namespace has (NP-20).
 */
export async function loneNamespace(
  client: ApiClient,
  name: string,
  signal: AbortSignal,
): Promise<Namespace> {
  try {
    const { value } = await client.call({
      about: { verb: 'get', group: '', resource: 'namespaces', name },
      path: apiPath(NAMESPACES, undefined, name),
      signal,
    });
    if (isApiObject(value)) return mapNamespace(value);
  } catch {
    signal.throwIfAborted();
  }
  return mapNamespace({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}
