import type { OwnerReference } from '../../core/cluster/cluster.ts';
import { RESOURCES, resourceOfKind, storeName } from '../api/api.ts';
import {
  deleteObject,
  dropFinalizer,
  finalizerOf,
  keyOfObject,
  objectKey,
  putOrFinish,
  type Store,
  type Stored,
  waitsFor,
  withMetadata,
} from '../store/store.ts';
import { createBucket, type Work } from './work.ts';

/** Delay from a change to the collector's own call, ms. */
const REACTION = 7;

/** API calls of the collector per deleted dependent (API-14). */
const CALLS = 6.6;

type Place = { readonly resource: string; readonly key: string };

/**
 * The garbage collector, like the real one as far as leases need (LEASE-1, LEASE-9): an object whose owners are all gone
 * is deleted within milliseconds; one with a live owner stays, without the dead references; an owner of an unknown
 * `apiVersion` or kind is never processed; Foreground deletes dependents and waits only for blocking ones; Orphan removes
 * the reference.
 */
export function startGarbageCollector(store: Store, work: Work): () => void {
  const dependents = new Map<string, Map<string, Place>>();
  const bucket = createBucket(40, 30);
  /** Objects with a scheduled removal, which are not processed again. */
  const claimed = new Set<string>();

  const remember = (resource: string, object: Stored): void => {
    const place = { resource, key: keyOfObject(object) };
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      const known = dependents.get(uid) ?? new Map<string, Place>();
      known.set(`${resource} ${place.key}`, place);
      dependents.set(uid, known);
    }
  };
  const placesOf = (owner: Stored): readonly Place[] => [
    ...(dependents.get(owner.metadata.uid)?.values() ?? []),
  ];
  const dependentsOf = (owner: Stored): readonly (Place & { readonly object: Stored })[] =>
    placesOf(owner).flatMap((place) => {
      const object = store.get(place.resource, place.key);
      const refers = object?.metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) ?? false;
      return object !== undefined && refers ? [{ ...place, object }] : [];
    });
  const judgeSoon = ({ resource, key }: Place, delay: number = REACTION): void => {
    work.after(delay, `gc ${resource} ${key}`, () => judge({ resource, key }));
  };

  const judge = ({ resource, key }: Place): void => {
    const object = store.get(resource, key);
    if (object === undefined) return;
    const owners = object.metadata.ownerReferences ?? [];
    if (waitsFor(object, 'dependents')) {
      finishForeground(resource, object);
      return;
    }
    if (object.metadata.deletionTimestamp !== undefined || owners.length === 0) return;
    const judged = owners.map((owner) => ({ owner, state: stateOf(store, object, owner) }));
    // One owner that can't be looked up fails the whole item, repeatedly.
    if (judged.some(({ state }) => state === 'unknown')) return;
    const solid = judged.filter(({ state }) => state === 'solid').map(({ owner }) => owner);
    if (solid.length === owners.length) return;
    if (solid.length > 0) {
      store.put(resource, withMetadata(object, { ownerReferences: solid }));
      return;
    }
    const claim = `${resource} ${key} ${object.metadata.uid}`;
    if (claimed.has(claim)) return;
    claimed.add(claim);
    const remove = (): void => {
      claimed.delete(claim);
      const fresh = store.get(resource, key);
      if (fresh === undefined || fresh.metadata.uid !== object.metadata.uid) return;
      const cascade = judged.some(({ state }) => state === 'waiting') && dependentsOf(fresh).length > 0;
      const propagation = waitsFor(fresh, 'orphaning') ? 'Orphan' : cascade ? 'Foreground' : 'Background';
      deleteObject(store, resource, fresh, { propagation, graceSeconds: 0 }, Date.now());
    };
    const wait = bucket.reserve(CALLS);
    if (wait === 0) remove();
    else work.after(wait, `gc delete ${resource} ${key}`, remove);
  };

  /** Removes the owner once there are no blocking dependents. */
  const finishForeground = (resource: string, owner: Stored): void => {
    const blocking = dependentsOf(owner).some(({ object }) =>
      (object.metadata.ownerReferences ?? []).some(
        ({ uid, blockOwnerDeletion }) => uid === owner.metadata.uid && blockOwnerDeletion === true,
      ),
    );
    if (!blocking) dropFinalizer(store, resource, owner, finalizerOf.dependents);
  };

  const orphan = (resource: string, key: string): void => {
    const owner = store.get(resource, key);
    if (owner === undefined || !waitsFor(owner, 'orphaning')) return;
    for (const dependent of dependentsOf(owner)) {
      const left = (dependent.object.metadata.ownerReferences ?? []).filter(
        ({ uid }) => uid !== owner.metadata.uid,
      );
      putOrFinish(
        store,
        dependent.resource,
        withMetadata(dependent.object, { ownerReferences: left.length === 0 ? undefined : left }) as Stored,
      );
    }
    dropFinalizer(store, resource, owner, finalizerOf.orphaning);
  };

  for (const resource of STORES) {
    for (const object of store.list(resource)) remember(resource, object);
  }
  return store.subscribe(({ resource, type, object }) => {
    const place = { resource, key: keyOfObject(object) };
    if (type === 'DELETED') {
      for (const dependent of placesOf(object)) judgeSoon(dependent);
      for (const owner of object.metadata.ownerReferences ?? []) {
        const at = placeOfOwner(object, owner);
        if (at !== undefined) judgeSoon(at);
      }
      return;
    }
    remember(resource, object);
    if ((object.metadata.ownerReferences ?? []).length > 0) judgeSoon(place);
    if (waitsFor(object, 'dependents')) {
      for (const dependent of dependentsOf(object)) judgeSoon(dependent);
      judgeSoon(place, REACTION + 1);
    }
    if (waitsFor(object, 'orphaning')) {
      work.after(REACTION, `gc orphan ${resource} ${place.key}`, () => orphan(resource, place.key));
    }
  });
}

const STORES = RESOURCES.map(storeName);

function placeOfOwner(object: Stored, owner: OwnerReference): Place | undefined {
  const resource = resourceOfKind(owner.apiVersion, owner.kind);
  if (resource === undefined) return undefined;
  const namespace = resource.namespaced ? object.metadata.namespace : undefined;
  return { resource: storeName(resource), key: objectKey(namespace, owner.name) };
}

/** `waiting`: the owner is being deleted Foreground and waits for its dependents. */
function stateOf(
  store: Store,
  object: Stored,
  owner: OwnerReference,
): 'solid' | 'absent' | 'waiting' | 'unknown' {
  const place = placeOfOwner(object, owner);
  if (place === undefined) return 'unknown';
  const found = store.get(place.resource, place.key);
  if (found === undefined || found.metadata.uid !== owner.uid) return 'absent';
  return waitsFor(found, 'dependents') ? 'waiting' : 'solid';
}
