import type { Random } from '../random.ts';
import type { Store } from '../store/store.ts';
import { startGarbageCollector } from './garbage.ts';
import { startJobController, startTtlController } from './jobs.ts';
import { startNamespaceController } from './namespaces.ts';
import { createWork } from './work.ts';

/** The controllers of the cluster, as kube-controller-manager runs them. */
export type Controllers = {
  /** They see nothing and do nothing until `resume`. */
  readonly pause: () => void;
  readonly resume: () => void;
  readonly stop: () => void;
};

export function startControllers(store: Store, random: Random): Controllers {
  const work = createWork();
  const stops = [
    startJobController(store, work, random),
    startTtlController(store, work),
    startGarbageCollector(store, work),
    startNamespaceController(store, work),
  ];
  return {
    pause: work.pause,
    resume: work.resume,
    stop: () => {
      for (const stop of stops) stop();
      work.stop();
    },
  };
}
