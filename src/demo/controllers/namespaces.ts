import { RESOURCES, storeName } from '../api/api.ts';
import { deleteObject, keyOfObject, type Store } from '../store/store.ts';
import type { Work } from './work.ts';

/** How long a namespace is Terminating before its contents are deleted, ms: ordered deletion (LEASE-14). */
const ORDERED = 5_000;

const NAMESPACED = RESOURCES.filter(({ namespaced }) => namespaced).map(storeName);

/** The namespace controller: empties namespaces that are being deleted, then removes them. */
export function startNamespaceController(store: Store, work: Work): () => void {
  const empty = (name: string): void => {
    for (const resource of NAMESPACED) {
      for (const object of store.list(resource, name)) {
        deleteObject(store, resource, object, { propagation: 'Background', graceSeconds: 0 }, Date.now());
      }
    }
    finish(name);
  };
  const finish = (name: string): void => {
    if (NAMESPACED.every((resource) => store.list(resource, name).length === 0))
      store.remove('/namespaces', name);
  };
  return store.subscribe(({ resource, type, object }) => {
    const { namespace, deletionTimestamp } = object.metadata;
    if (resource === '/namespaces' && type === 'MODIFIED' && deletionTimestamp !== undefined) {
      work.after(ORDERED, `namespace ${keyOfObject(object)}`, () => empty(object.metadata.name));
    }
    if (type !== 'DELETED' || namespace === undefined) return;
    const owner = store.get('/namespaces', namespace);
    if (owner?.metadata.deletionTimestamp !== undefined) {
      work.after(20, `namespace end ${namespace}`, () => finish(namespace));
    }
  });
}
