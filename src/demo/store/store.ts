/* The embedded cluster's objects, with resource versions, history and deletion. */

export {
  type Deletion,
  deleteObject,
  dropFinalizer,
  finalizerOf,
  type Propagation,
  putOrFinish,
  waitsFor,
} from './deletion.ts';
export { type Change, createStore, type Store } from './object-store.ts';
export {
  createRandom,
  hash,
  keyOfObject,
  objectKey,
  type Random,
  type Stored,
  stringMap,
  timestamp,
  withMetadata,
  withPart,
} from './objects.ts';
