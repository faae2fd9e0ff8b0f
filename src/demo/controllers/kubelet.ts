import { deleteObject } from '../store/deletion.ts';
import { keyOfObject, type Stored, withMetadata } from '../store/objects.ts';
import type { Store } from '../store/store.ts';
import type { Work } from './work.ts';

/** ms that a pod takes to start, and to end when it is asked to. */
const START = 700;
const END = 900;

/** Lets a new pod run a while after it was made: until then it has no address. */
export function startPod(store: Store, work: Work, pod: Stored, status: unknown): void {
  work.after(START, `start ${pod.metadata.uid}`, () => {
    const fresh = store.get('/pods', keyOfObject(pod));
    if (fresh?.metadata.uid === pod.metadata.uid) store.put('/pods', { ...fresh, status });
  });
}

/** Ends pods that are being deleted, as their nodes do within the grace period. */
export function startKubelets(store: Store, work: Work): () => void {
  return store.subscribe(({ resource, type, object }) => {
    if (resource !== '/pods' || type !== 'MODIFIED') return;
    if (object.metadata.deletionTimestamp === undefined) return;
    work.after(END, `end ${object.metadata.uid}`, () => {
      const fresh = store.get('/pods', keyOfObject(object));
      if (fresh?.metadata.uid !== object.metadata.uid) return;
      const ended = withMetadata(fresh, { deletionGracePeriodSeconds: 0 });
      deleteObject(store, '/pods', ended, { graceSeconds: 0 }, Date.now());
    });
  });
}
