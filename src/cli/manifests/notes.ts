import { basename } from 'node:path';
import { assertNever, isRecord, plural, safeText } from '../../core/common/common.ts';
import { groupOf, kindOf, policyKindOf } from '../../core/policy/kinds/kinds.ts';
import { foreignPolicyOf, type ManifestObject, objectText } from './manifest-objects.ts';
import type { ManifestDocument, Place } from './parse.ts';
import { type RefusedObject, refusalText, refusedObjects } from './refused.ts';

/** Warnings about manifests that were still read. */
export type ManifestNote =
  | ({ readonly type: 'refused' } & RefusedObject)
  | { readonly type: 'key-twice'; readonly place: Place; readonly key: string; readonly line: number }
  | { readonly type: 'twice'; readonly object: ManifestObject; readonly before: Place }
  | { readonly type: 'templates' | 'dangling'; readonly files: readonly string[] }
  | { readonly type: 'kustomization'; readonly file: string; readonly fields: readonly string[] }
  | { readonly type: 'unknown-policy'; readonly object: ManifestObject }
  | { readonly type: 'not-objects'; readonly places: readonly Place[] }
  | { readonly type: 'left-out'; readonly counts: ReadonlyMap<string, number> };

/** The most notes printed of one type, and the most kinds listed in one. */
const TOLD = 10;

/** Objects defined more than once; the last one wins, as when they are applied in order. */
export function duplicateNotes(
  objects: readonly ManifestObject[],
  defaultNamespace: string,
): readonly ManifestNote[] {
  const seen = new Map<string, Place>();
  return objects.flatMap((object): readonly ManifestNote[] => {
    const { apiVersion, kind, namespace, name, place } = object;
    if (name === '') return [];
    const group = groupOf(apiVersion);
    const key = [group, kind, namespace ?? defaultNamespace, name].join('\n');
    const before = seen.get(key);
    seen.set(key, place);
    return before === undefined ? [] : [{ type: 'twice', object, before }];
  });
}

/** Duplicate mapping keys, as left by scripts that append. */
export function duplicateKeyNotes(documents: readonly ManifestDocument[]): readonly ManifestNote[] {
  return documents.flatMap(({ place, duplicates }) =>
    duplicates.map(({ key, line }) => ({ type: 'key-twice', place, key, line }) as const),
  );
}

/** Kustomizations that transform the files that they list. */
export function kustomizationNotes(documents: readonly ManifestDocument[]): readonly ManifestNote[] {
  return documents.flatMap(({ place: { file }, value }): readonly ManifestNote[] => {
    if (!isKustomization(file) || !isRecord(value)) return [];
    const fields = Object.keys(value).filter((key) => !PLAIN.includes(key));
    return fields.length === 0 ? [] : [{ type: 'kustomization', file, fields }];
  });
}

const PLAIN = ['apiVersion', 'kind', 'metadata', 'resources', 'bases'];

function isKustomization(file: string): boolean {
  return /^kustomization\.ya?ml$/.test(basename(file));
}

/** Kinds that are read; workloads of any API group, because their pod templates are alike. */
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
  'HorizontalPodAutoscaler',
];

/** What was skipped: documents that are not objects, and kinds that don't affect paths. */
export function leftOutNotes(
  objects: readonly ManifestObject[],
  others: readonly Place[],
  namespace: string,
): readonly ManifestNote[] {
  const rest = objects.filter(
    (object) =>
      !READ.includes(object.kind) &&
      policyKindOf(object.apiVersion, object.kind) === undefined &&
      foreignPolicyOf(object, namespace) === undefined &&
      refusedObjects([object]).length === 0 &&
      !isKustomization(object.place.file),
  );
  const [policies, plain] = [
    rest.filter(({ kind }) => kindOf(kind)),
    rest.filter(({ kind }) => !kindOf(kind)),
  ];
  const counts = new Map<string, number>();
  for (const { apiVersion, kind } of plain) {
    const key = `${kind} (${apiVersion})`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const places = others.filter(({ file }) => !isKustomization(file));
  return [
    ...policies.map((object) => ({ type: 'unknown-policy', object }) as const),
    ...(places.length === 0 ? [] : [{ type: 'not-objects', places } as const]),
    ...(counts.size === 0 ? [] : [{ type: 'left-out', counts } as const]),
  ];
}

/** The notes as sentences, with long lists of one type truncated. */
export function noteTexts(notes: readonly ManifestNote[]): readonly string[] {
  return [...Map.groupBy(notes, ({ type }) => type).values()].flatMap((list) => {
    const rest = list.length - TOLD;
    const texts = list.slice(0, TOLD).map(textOfNote);
    return rest > 0 ? [...texts, `And ${rest} more like this.`] : texts;
  });
}

function textOfNote(note: ManifestNote): string {
  switch (note.type) {
    case 'refused':
      return `${placeText(note.object.place)}: ${refusalText(note)}. ${note.fate}`;
    case 'twice':
      return `${objectText(note.object)} is defined twice: ${placeText(note.before)}; ${placeText(
        note.object.place,
      )}. The last one wins.`;
    case 'key-twice':
      return `${placeText({ ...note.place, line: note.line })}: duplicate key ${safeText(note.key)}. The last one wins.`;
    case 'templates':
      return `Skipped ${plural(note.files.length, 'unrendered template')}: ${cut(
        note.files,
      )}. Render them first: helm template … | sluice … --manifests -`;
    case 'dangling':
      return `Skipped ${plural(note.files.length, 'broken link')}: ${cut(note.files)}.`;
    case 'kustomization':
      return `${safeText(note.file)} transforms its files (${cut(
        note.fields,
      )}), but they are read without that. Build them first: kubectl kustomize … | sluice … --manifests -`;
    case 'unknown-policy':
      return `${placeText(note.object.place)}: skipped ${objectText(note.object)}: unknown apiVersion ${safeText(
        note.object.apiVersion,
      )}.`;
    case 'not-objects':
      return `Skipped ${plural(note.places.length, 'non-Kubernetes document')}: ${cut(
        note.places.map(placeText),
        '; ',
      )}.`;
    case 'left-out': {
      const total = [...note.counts.values()].reduce((sum, count) => sum + count, 0);
      const kinds = [...note.counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, n]) => `${n} ${kind}`);
      const shown = kinds.slice(0, TOLD).join(', ');
      const more = kinds.length > TOLD ? ` and ${kinds.length - TOLD} more kinds` : '';
      return `Skipped ${plural(total, 'object')} of kinds that don't affect paths: ${safeText(shown, 2_000)}${more}.`;
    }
    default:
      return assertNever(note);
  }
}

/** `shop.yaml, document 2, line 14`. */
export function placeText({ file, document, line }: Place): string {
  return `${safeText(file)}, document ${document}, line ${line}`;
}

function cut(items: readonly string[], separator = ', '): string {
  const shown = safeText(items.slice(0, 3).join(separator), 2_000);
  return items.length > 3 ? `${shown} and ${items.length - 3} more` : shown;
}
