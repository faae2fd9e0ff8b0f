import { SluiceError, safeText } from '../../core/common/common.ts';
import type { ClusterEvent } from '../../core/live/live.ts';
import { manifestEvents } from '../../core/policy/kinds/kinds.ts';
import type { ForeignObject } from '../../core/policy/model/model.ts';
import { foreignPolicyOf, type ManifestObject, objectsOf } from './manifest-objects.ts';
import {
  duplicateKeyNotes,
  duplicateNotes,
  kustomizationNotes,
  leftOutNotes,
  type ManifestNote,
  makersAmong,
} from './notes.ts';
import { type ManifestDocument, parseManifestFile } from './parse.ts';
import { type ManifestFile, readManifestFiles } from './read-files.ts';
import { type RefusedObject, refusedObjects } from './refused.ts';

/** The contents of manifest files: the objects of a cluster, and notes about them. */
export type LoadedManifests = {
  readonly events: readonly ClusterEvent[];
  readonly foreign: readonly ForeignObject[];
  readonly notes: readonly ManifestNote[];
  /** Policies that a cluster would reject. */
  readonly refused: readonly RefusedObject[];
  /** Objects that may make pods which are not read. */
  readonly makers: readonly ManifestObject[];
  /** The objects as written. */
  readonly objects: readonly ManifestObject[];
};

export type LoadOptions = {
  /** The namespace for objects that don't set one. */
  readonly namespace: string;
  /** Whether an empty input is valid, as when comparing trees. */
  readonly mayBeEmpty?: boolean;
};

/**
 * Reads manifests from files, folders and stdin (`-`).
 *
 * @throws SluiceError `usage` for an unreadable path, `failed` for malformed YAML, `not-found` when there are no
 *   objects
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
    makers: makersAmong(objects, namespace),
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
      `Found only unrendered templates in ${where}.`,
      'Render them first: helm template … | sluice … --manifests -',
    );
  }
  return new SluiceError(
    'not-found',
    `No manifests found in ${where}.`,
    'Pass files with Kubernetes objects, or directories with .yaml, .yml or .json files.',
  );
}

type ParsedFiles = {
  readonly documents: readonly ManifestDocument[];
  /** Unrendered templates found in directories, such as those of Helm charts. */
  readonly templates: readonly string[];
};

/**
 * The documents of all files. A template found in a directory is skipped; one passed by name is malformed.
 *
 * @throws SluiceError `failed` for the first malformed file, with the names of the others
 */
function parseFiles(files: readonly ManifestFile[]): ParsedFiles {
  const documents: ManifestDocument[] = [];
  const templates: string[] = [];
  const malformed: { readonly name: string; readonly error: SluiceError }[] = [];
  for (const file of files) {
    const hasBraces = file.as !== 'named' && file.text.includes('{{');
    if (hasBraces && file.as === 'chart template') {
      templates.push(file.name);
      continue;
    }
    try {
      for (const document of parseManifestFile(file)) documents.push(document);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      if (hasBraces) templates.push(file.name);
      else malformed.push({ name: file.name, error });
    }
  }
  const [first, ...others] = malformed;
  if (first !== undefined)
    throw withOthers(
      first.error,
      others.map(({ name }) => name),
    );
  return { documents, templates };
}

function withOthers(error: SluiceError, names: readonly string[]): SluiceError {
  if (names.length === 0) return error;
  const shown = names.slice(0, 5).join(', ');
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  const sentence = `${error.message.replace(/\.$/, '')}; also malformed: ${safeText(shown, 2_000)}${more}.`;
  return new SluiceError('failed', sentence, error.hint, error);
}
