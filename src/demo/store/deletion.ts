import type { Store } from './object-store.ts';
import { keyOfObject, type Stored, timestamp, withMetadata } from './objects.ts';

export type Propagation = 'Foreground' | 'Background' | 'Orphan';

/** The options of a delete; without `propagation`, the default of the kind. */
export type Deletion = {
  readonly propagation?: Propagation;
  readonly dryRun?: boolean;
  /** Seconds that a pod has to terminate; 0 removes it at once. */
  readonly graceSeconds?: number;
};

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

/**
 * The default propagation of a kind: Jobs of batch/v1 orphan dependents, all others leave them to the garbage collector
 * (LEASE-6).
 */
export function defaultPropagation(storeName: string): Propagation {
  return storeName === 'batch/jobs' ? 'Orphan' : 'Background';
}

/**
 * Deletes an object as the API server does: explicit options determine the garbage collector's finalizers, else existing
 * ones, else the kind's default; objects with finalizers are only marked.
 *
 * @returns the object's last or new state, and whether it is gone
 */
export function deleteObject(
  store: Store,
  storeName: string,
  object: Stored,
  deletion: Deletion,
  now: number,
): { readonly object: Stored; readonly gone: boolean } {
  const finalizers = finalizersFor(storeName, object, deletion.propagation);
  const grace = storeName === '/pods' ? (deletion.graceSeconds ?? podGrace(object)) : 0;
  if (finalizers.length === 0 && grace === 0) {
    if (deletion.dryRun === true) return { object, gone: true };
    return { object: store.remove(storeName, keyOfObject(object)) ?? object, gone: true };
  }
  const already = object.metadata.deletionTimestamp !== undefined;
  const marked = withMetadata(object, {
    finalizers: finalizers.length === 0 ? undefined : finalizers,
    ...(already
      ? {}
      : {
          deletionTimestamp: timestamp(now + grace * 1_000),
          deletionGracePeriodSeconds: grace,
          generation: (object.metadata.generation ?? 0) + 1,
        }),
  });
  const same = already && sameList(finalizers, object.metadata.finalizers ?? []);
  if (deletion.dryRun === true || same) return { object: same ? object : marked, gone: false };
  return { object: store.put(storeName, marked), gone: false };
}

/** Stores a new state of an object, or removes it when that was the last finalizer of a deleted one. */
export function putOrFinish(store: Store, storeName: string, object: Stored): Stored {
  const { deletionTimestamp, finalizers = [], deletionGracePeriodSeconds } = object.metadata;
  if (
    deletionTimestamp === undefined ||
    finalizers.length > 0 ||
    Number(deletionGracePeriodSeconds ?? 0) > 0
  ) {
    return store.put(storeName, object);
  }
  return store.remove(storeName, keyOfObject(object)) ?? object;
}

/** Removes one finalizer of an object. */
export function dropFinalizer(store: Store, storeName: string, object: Stored, finalizer: string): void {
  const left = (object.metadata.finalizers ?? []).filter((name) => name !== finalizer);
  putOrFinish(store, storeName, withMetadata(object, { finalizers: left.length === 0 ? undefined : left }));
}

/** Whether an object is being deleted and waits for the garbage collector to handle its dependents. */
export function waitsFor(object: Stored, what: 'dependents' | 'orphaning'): boolean {
  const finalizer = what === 'dependents' ? FOREGROUND : ORPHAN;
  return (
    object.metadata.deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).includes(finalizer)
  );
}

export const finalizerOf = { dependents: FOREGROUND, orphaning: ORPHAN } as const;

function finalizersFor(
  storeName: string,
  object: Stored,
  propagation: Propagation | undefined,
): readonly string[] {
  const present = object.metadata.finalizers ?? [];
  const own = present.filter((name) => name !== ORPHAN && name !== FOREGROUND);
  const chosen =
    propagation ??
    (present.includes(ORPHAN)
      ? 'Orphan'
      : present.includes(FOREGROUND)
        ? 'Foreground'
        : defaultPropagation(storeName));
  switch (chosen) {
    case 'Orphan':
      return [...own, ORPHAN];
    case 'Foreground':
      return [...own, FOREGROUND];
    case 'Background':
      return own;
  }
}

function podGrace(pod: Stored): number {
  const spec = pod.spec;
  const bound = typeof spec === 'object' && spec !== null && Reflect.get(spec, 'nodeName') !== undefined;
  return bound ? 30 : 0;
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
