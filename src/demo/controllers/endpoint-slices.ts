import { at, sameJson } from '../../core/common/common.ts';
import { objectKey, type Store, stringMap } from '../store/store.ts';
import { endpointsOf } from '../world/world.ts';
import type { Work } from './work.ts';

const SLICES = 'discovery.k8s.io/endpointslices';

/** Delay from a change of pods to an update of the slices, ms. */
const REACTION = 15;

/** Keeps the EndpointSlices of services with a selector in sync with their pods. */
export function startEndpointSlices(store: Store, work: Work): () => void {
  const refresh = (namespace: string): void => {
    for (const slice of store.list(SLICES, namespace)) {
      const service = slice.metadata.labels?.['kubernetes.io/service-name'] ?? '';
      const selector = at(store.get('/services', objectKey(namespace, service))?.spec, 'selector');
      if (selector === undefined) continue;
      const endpoints = endpointsOf(store, namespace, stringMap(selector));
      if (!sameJson(endpoints, slice.endpoints)) store.put(SLICES, { ...slice, endpoints });
    }
  };
  return store.subscribe(({ resource, object }) => {
    const { namespace } = object.metadata;
    if (resource !== '/pods' || namespace === undefined) return;
    work.after(REACTION, `slices ${namespace}`, () => refresh(namespace));
  });
}
