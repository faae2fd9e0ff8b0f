import { assertNever } from '../../../core/assert-never.ts';
import { kindOf, policyKindOf, validateNetworkPolicy } from '../../../core/policy/kinds.ts';
import { safeText } from '../../../core/safe-text.ts';
import type { ManifestObject } from './objects.ts';
import type { Place } from './parse.ts';

/** What a reader must know of manifests that were read all the same. */
export type ManifestNote =
  | { readonly type: 'left-out'; readonly counts: ReadonlyMap<string, number> }
  | { readonly type: 'not-objects'; readonly places: readonly Place[] }
  | { readonly type: 'not-served'; readonly object: ManifestObject }
  | { readonly type: 'refused'; readonly object: ManifestObject; readonly problems: readonly string[] }
  | { readonly type: 'twice'; readonly object: ManifestObject; readonly before: Place };

/** At most so many notes of one sort are told, and so many places. */
const TOLD = 10;

/** Policies that the API server would not take, and why, as it would say it. */
export function refusedNotes(objects: readonly ManifestObject[]): readonly ManifestNote[] {
  return objects.flatMap((object): readonly ManifestNote[] => {
    const kind = policyKindOf(object.apiVersion, object.kind);
    if (kind === undefined) return kindOf(object.kind) === undefined ? [] : [{ type: 'not-served', object }];
    const problems =
      kind.kind === 'NetworkPolicy' ? validateNetworkPolicy(object.raw) : kind.parse(object.raw).problems;
    return problems.length === 0 ? [] : [{ type: 'refused', object, problems }];
  });
}

/** Objects whose name another one of their kind has; the last one counts, as when they are applied in order. */
export function duplicateNotes(
  objects: readonly ManifestObject[],
  defaultNamespace: string,
): readonly ManifestNote[] {
  const seen = new Map<string, Place>();
  return objects.flatMap((object): readonly ManifestNote[] => {
    const { apiVersion, kind, namespace, name, place } = object;
    if (name === '') return [];
    const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
    const key = [group, kind, namespace ?? defaultNamespace, name].join('\n');
    const before = seen.get(key);
    seen.set(key, place);
    return before === undefined ? [] : [{ type: 'twice', object, before }];
  });
}

/** The notes as sentences, each sort cut where it grows long. */
export function noteTexts(notes: readonly ManifestNote[]): readonly string[] {
  return [...Map.groupBy(notes, ({ type }) => type).values()].flatMap((list) => {
    const rest = list.length - TOLD;
    const texts = list.slice(0, TOLD).map(textOfNote);
    return rest > 0 ? [...texts, `And ${rest} more like this.`] : texts;
  });
}

function textOfNote(note: ManifestNote): string {
  switch (note.type) {
    case 'left-out': {
      const total = [...note.counts.values()].reduce((sum, count) => sum + count, 0);
      const kinds = [...note.counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, n]) => `${n} ${kind}`);
      const shown = kinds.slice(0, TOLD).join(', ');
      const more = kinds.length > TOLD ? ` and ${kinds.length - TOLD} more kinds` : '';
      return `${plural(total, 'object')} left out, of kinds that say nothing about paths: ${safeText(shown, 2_000)}${more}.`;
    }
    case 'not-objects': {
      const shown = note.places.slice(0, 3).map(placeText).join('; ');
      const more = note.places.length > 3 ? ` and ${note.places.length - 3} more` : '';
      return `${plural(note.places.length, 'document')} left out, as no Kubernetes object: ${shown}${more}.`;
    }
    case 'not-served':
      return `${placeText(note.object.place)}: ${objectText(note.object)} is of ${safeText(
        note.object.apiVersion,
      )}, which no policy is: it is left out.`;
    case 'refused': {
      const problems = note.problems.slice(0, 3).join('; ');
      const more = note.problems.length > 3 ? `; and ${note.problems.length - 3} more` : '';
      return `${placeText(note.object.place)}: the API server would refuse ${objectText(note.object)}: ${safeText(
        problems,
        2_000,
      )}${more}. It counts as far as it can be read.`;
    }
    case 'twice':
      return `${objectText(note.object)} is there twice: ${placeText(note.before)}; ${placeText(
        note.object.place,
      )}. The last one counts.`;
    default:
      return assertNever(note);
  }
}

/** `shop.yaml, document 2, line 14`. */
export function placeText({ file, document, line }: Place): string {
  return `${safeText(file)}, document ${document}, line ${line}`;
}

function objectText({ kind, namespace, name }: ManifestObject): string {
  return safeText(
    `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name === '' ? '(no name)' : name}`,
  );
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
