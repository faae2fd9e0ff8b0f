/* The embedded controllers: sets, jobs, endpoint slices, namespaces, garbage collection. */

import type { Random, Store } from '../store/store.ts';
import type { Addresses } from '../world/world.ts';
import { startEndpointSlices } from './endpoint-slices.ts';
import { startGarbageCollector } from './garbage.ts';
import { startJobController, startTtlController } from './jobs.ts';
import { startNamespaceController } from './namespaces.ts';
import { startKubelets, startPodSets } from './pod-sets.ts';
import { createWork } from './work.ts';

/** The controllers of kube-controller-manager, and kubelets. */
export type Controllers = {
  /** Stops all controllers until `resume`. */
  readonly pause: () => void;
  readonly resume: () => void;
  readonly stop: () => void;
};

export function startControllers(store: Store, random: Random, addresses: Addresses): Controllers {
  const work = createWork();
  const stops = [
    startJobController(store, work, random),
    startTtlController(store, work),
    startGarbageCollector(store, work),
    startNamespaceController(store, work),
    startPodSets(store, work, { random, addresses }),
    startKubelets(store, work),
    startEndpointSlices(store, work),
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
