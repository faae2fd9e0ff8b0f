import type { ClusterEvent } from '../../../core/cluster/events.ts';
import { manifestEvents } from '../../../core/cluster/manifests.ts';
import { SluiceError } from '../../../core/errors.ts';
import type { ForeignObject } from '../../../core/policy/foreign.ts';
import { policyKindOf } from '../../../core/policy/kinds.ts';
import { foreignPolicyOf } from './foreign.ts';
import { duplicateNotes, type ManifestNote, refusedNotes } from './notes.ts';
import { type ManifestObject, objectsOf } from './objects.ts';
import { parseManifestFile } from './parse.ts';
import { readManifestFiles } from './read-files.ts';

/** What files of manifests hold: the contents of a cluster, and what is to be said of them. */
export type LoadedManifests = {
  readonly events: readonly ClusterEvent[];
  readonly foreign: readonly ForeignObject[];
  readonly notes: readonly ManifestNote[];
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
  const files = await readManifestFiles(paths);
  const { objects, others } = objectsOf(files.flatMap(parseManifestFile));
  if (objects.length === 0 && !mayBeEmpty) {
    throw new SluiceError(
      'not-found',
      `There are no manifests in ${paths.join(', ')}.`,
      'Name files of Kubernetes objects, or folders with .yaml, .yml or .json files.',
    );
  }
  const leftOut = leftOutOf(objects, namespace);
  const isForeign = (object: ManifestObject) => foreignPolicyOf(object, namespace) !== undefined;
  return {
    events: manifestEvents(
      objects.map(({ raw }) => raw),
      namespace,
    ),
    foreign: objects.flatMap((object) => foreignPolicyOf(object, namespace) ?? []),
    notes: [
      ...refusedNotes(objects.filter((object) => !isForeign(object))),
      ...duplicateNotes(objects, namespace),
      ...(others.length === 0 ? [] : [{ type: 'not-objects', places: others } as const]),
      ...(leftOut.size === 0 ? [] : [{ type: 'left-out', counts: leftOut } as const]),
    ],
    objects,
  };
}

/** Kinds that are read; workloads by any group, as their pod templates are alike. */
const READ = [
  'Namespace',
  'Pod',
  'Service',
  'Node',
  'EndpointSlice',
  'CiliumCIDRGroup',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Job',
  'CronJob',
];

function leftOutOf(objects: readonly ManifestObject[], namespace: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const object of objects) {
    const { apiVersion, kind } = object;
    if (READ.includes(kind) || policyKindOf(apiVersion, kind) !== undefined) continue;
    if (foreignPolicyOf(object, namespace) !== undefined) continue;
    const key = `${kind} (${apiVersion})`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
