import type { ClusterEvent } from '../../../core/cluster/events.ts';
import { manifestEvents } from '../../../core/cluster/mapping/manifests.ts';
import { SluiceError } from '../../../core/errors.ts';
import type { ForeignObject } from '../../../core/policy/model/policy.ts';
import { safeText } from '../../../core/safe-text.ts';
import { foreignPolicyOf } from './foreign.ts';
import {
  duplicateKeyNotes,
  duplicateNotes,
  kustomizationNotes,
  leftOutNotes,
  type ManifestNote,
} from './notes.ts';
import { type ManifestObject, objectsOf } from './objects.ts';
import { parseFiles } from './parse-files.ts';
import { readManifestFiles } from './read-files.ts';
import { type RefusedObject, refusedObjects } from './refused.ts';

/** What files of manifests hold: the contents of a cluster, and what is to be said of them. */
export type LoadedManifests = {
  readonly events: readonly ClusterEvent[];
  readonly foreign: readonly ForeignObject[];
  readonly notes: readonly ManifestNote[];
  /** Policies that nobody would take. */
  readonly refused: readonly RefusedObject[];
  /** As written, for whoever needs more than the contents of a cluster. */
  readonly objects: readonly ManifestObject[];
};

export type LoadOptions = {
  /** The namespace of objects that name none. */
  readonly namespace: string;
  /** Whether nothing at all is an answer, as for a tree that is compared. */
  readonly mayBeEmpty?: boolean;
};

/**
 * Reads manifests from files, folders and stdin (`-`).
 *
 * @throws SluiceError `usage` for a path that can't be read, `failed` for malformed YAML, `not-found` when there is
 *   no object at all
 */
export async function loadManifests(
  paths: readonly string[],
  { namespace, mayBeEmpty = false }: LoadOptions,
): Promise<LoadedManifests> {
  const { files, dangling } = await readManifestFiles(paths);
  const { documents, templates } = parseFiles(files);
  const { objects, others } = objectsOf(documents);
  if (objects.length === 0 && !mayBeEmpty) throw nothingIn(paths, templates);
  const foreign = objects.flatMap((object) => foreignPolicyOf(object, namespace) ?? []);
  const refused = refusedObjects(objects);
  return {
    events: manifestEvents(
      objects.map(({ raw }) => raw),
      namespace,
    ),
    foreign,
    refused,
    notes: [
      ...(templates.length === 0 ? [] : [{ type: 'templates', files: templates } as const]),
      ...(dangling.length === 0 ? [] : [{ type: 'dangling', files: dangling } as const]),
      ...refused.map((item) => ({ type: 'refused', ...item }) as const),
      ...duplicateKeyNotes(documents),
      ...duplicateNotes(objects, namespace),
      ...kustomizationNotes(documents),
      ...leftOutNotes(objects, others, namespace),
    ],
    objects,
  };
}

function nothingIn(paths: readonly string[], templates: readonly string[]): SluiceError {
  const where = safeText(paths.join(', '), 1_000);
  if (templates.length > 0) {
    return new SluiceError(
      'not-found',
      `There is nothing in ${where} but templates that are not filled in.`,
      'Pipe them filled in: helm template … | sluice … --manifests -',
    );
  }
  return new SluiceError(
    'not-found',
    `There are no manifests in ${where}.`,
    'Name files of Kubernetes objects, or folders with .yaml, .yml or .json files.',
  );
}
