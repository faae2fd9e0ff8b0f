/* Policies, pods and namespaces read from files, directories and stdin instead of a cluster. */

export { loadManifests } from './load.ts';
export { type ManifestObject, objectText } from './manifest-objects.ts';
export { type ManifestNote, noteTexts } from './notes.ts';
export type { Place } from './parse.ts';
export { type ManifestFile, readNamedFile } from './read-files.ts';
export { type RefusedObject, refusalJson, refusalText } from './refused.ts';
