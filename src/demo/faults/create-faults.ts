import { setTimeout as delay } from 'node:timers/promises';
import type { ApiServer } from '../api/http/server.ts';
import type { Controllers } from '../controllers/controllers.ts';
import type { Observer } from '../observer/observer.ts';
import { deleteObject } from '../store/deletion.ts';
import { objectKey, withPart } from '../store/objects.ts';
import type { Store } from '../store/store.ts';
import type { FaultBoard } from './board.ts';
import type { Faults } from './faults.ts';

/** What the faults act on. */
export type FaultParts = {
  readonly board: FaultBoard;
  readonly store: Store;
  readonly api: ApiServer;
  readonly observer: Observer;
  readonly controllers: Controllers;
  readonly addUser: Faults['addUser'];
};

/** The faults of a running demo. */
export function createFaults({ board, store, api, observer, controllers, addUser }: FaultParts): Faults {
  const edit: Faults['edit'] = (resource, namespace, name, change) => {
    const object = store.get(resource, objectKey(namespace, name));
    if (object === undefined)
      throw new Error(`The embedded cluster has no ${resource} ${namespace ?? ''}/${name}.`);
    const next = change(object);
    if (next === undefined) store.remove(resource, objectKey(namespace, name));
    else store.put(resource, next);
  };
  return {
    dropWatches: api.dropWatches,
    expireWatches: board.expireWatches,
    compact: store.forget,
    forbid: board.forbid,
    unauthorized: board.unauthorized,
    stall: board.stall,
    reset: board.reset,
    shut: api.shut,
    reopen: api.reopen,
    refuse: async (milliseconds, signal) => {
      await api.shut();
      try {
        await delay(milliseconds, undefined, { signal });
      } finally {
        await api.reopen();
      }
    },
    restart: async (down, blind = 1_000) => {
      await api.shut();
      await delay(down);
      const undo = board.forbid({});
      void delay(blind, undefined, { ref: false }).then(undo);
      await api.reopen();
    },
    loseHubble: observer.shut,
    restoreHubble: observer.reopen,
    loseEvents: observer.loseEvents,
    setNode: observer.setNode,
    rejectMasks: observer.rejectMasks,
    suspend: (namespace, job, suspend = true) =>
      edit('batch/jobs', namespace, job, (object) => withPart(object, 'spec', { suspend })),
    orphan: (namespace, job) => {
      const object = store.get('batch/jobs', objectKey(namespace, job));
      if (object === undefined) throw new Error(`The embedded cluster has no Job ${namespace}/${job}.`);
      deleteObject(store, 'batch/jobs', object, { propagation: 'Orphan' }, Date.now());
    },
    edit,
    peek: (resource, namespace, name) => store.get(resource, objectKey(namespace, name)),
    admit: board.admit,
    warn: board.warn,
    pauseControllers: controllers.pause,
    resumeControllers: controllers.resume,
    addUser,
  };
}
