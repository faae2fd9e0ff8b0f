import { basename } from 'node:path';
import { podTemplatesOf } from '../../core/cluster/cluster.ts';
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
  | { readonly type: 'left-out' | 'makers'; readonly counts: ReadonlyMap<string, number> };

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

/** Kinds that are read, besides workloads and policies. */
const READ = [
  'Namespace',
  'Pod',
  'Service',
  'Node',
  'EndpointSlice',
  'CiliumCIDRGroup',
  'HorizontalPodAutoscaler',
];

/** Groups of custom kinds that make no pods, or only say how those of others behave. */
const INERT =
  /(?:^|\.)(?:k8s\.io|cert-manager\.io|monitoring\.coreos\.com|external-secrets\.io|bitnami\.com|traefik\.io|traefik\.containo\.us|networking\.istio\.io|security\.istio\.io|telemetry\.istio\.io|kyverno\.io|gatekeeper\.sh|cilium\.io|projectcalico\.org|antrea\.io|keda\.sh|fluxcd\.io|openshift\.io|metallb\.io|cncf\.io)$/;

/** Groups of Kubernetes itself without a dot of their own. */
const BUILT_IN = ['', 'apps', 'batch', 'autoscaling', 'policy', 'extensions'];

/** Kinds of inert groups that make pods all the same. */
const MAKERS = ['HelmRelease', 'Kustomization', 'DeploymentConfig', 'Build'];

/** Kinds of other groups that make none. */
const NO_MAKERS = ['AppProject', 'AnalysisTemplate', 'ClusterAnalysisTemplate'];

/** Whether an object that is not read may make pods: a custom kind of an operator, or of a deployment tool. */
function mayMakePods({ apiVersion, kind }: ManifestObject): boolean {
  if (kind === 'CustomResourceDefinition' || kind.endsWith('List')) return false;
  if (MAKERS.includes(kind)) return groupOf(apiVersion) !== 'kustomize.config.k8s.io';
  const group = groupOf(apiVersion);
  return !BUILT_IN.includes(group) && !INERT.test(group) && !NO_MAKERS.includes(kind);
}

/** The objects that may make pods which are not read. */
export function makersAmong(
  objects: readonly ManifestObject[],
  namespace: string,
): readonly ManifestObject[] {
  return unread(objects, namespace).filter(
    (object) => kindOf(object.kind) === undefined && mayMakePods(object),
  );
}

function unread(objects: readonly ManifestObject[], namespace: string): readonly ManifestObject[] {
  return objects.filter(
    (object) =>
      !READ.includes(object.kind) &&
      !hasPods(object) &&
      policyKindOf(object.apiVersion, object.kind) === undefined &&
      foreignPolicyOf(object, namespace) === undefined &&
      refusedObjects([object]).length === 0 &&
      !isKustomization(object.place.file),
  );
}

function hasPods({ raw, apiVersion, kind, name }: ManifestObject): boolean {
  return podTemplatesOf({ ...raw, apiVersion, kind, metadata: { name } }).length > 0;
}

/** What was skipped: documents that are not objects, and kinds that don't affect paths. */
export function leftOutNotes(
  objects: readonly ManifestObject[],
  others: readonly Place[],
  namespace: string,
): readonly ManifestNote[] {
  const rest = unread(objects, namespace);
  const [policies, plain] = [
    rest.filter(({ kind }) => kindOf(kind)),
    rest.filter(({ kind }) => !kindOf(kind)),
  ];
  const counts = countsOf(plain.filter((object) => !mayMakePods(object)));
  const makers = countsOf(plain.filter(mayMakePods));
  const places = others.filter(({ file }) => !isKustomization(file));
  return [
    ...policies.map((object) => ({ type: 'unknown-policy', object }) as const),
    ...(places.length === 0 ? [] : [{ type: 'not-objects', places } as const]),
    ...(counts.size === 0 ? [] : [{ type: 'left-out', counts } as const]),
    ...(makers.size === 0 ? [] : [{ type: 'makers', counts: makers } as const]),
  ];
}

function countsOf(objects: readonly ManifestObject[]): ReadonlyMap<string, number> {
  const kinds = Map.groupBy(objects, ({ apiVersion, kind }) => `${kind} (${apiVersion})`);
  return new Map(Array.from(kinds, ([kind, list]) => [kind, list.length]));
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
    case 'left-out':
      return `Skipped ${countsText(note.counts, "of kinds that don't affect paths")}.`;
    case 'makers':
      return `Skipped ${countsText(note.counts, 'that may make pods')}. Such pods are missing here: add them, or what makes them once rendered.`;
    default:
      return assertNever(note);
  }
}

/** `3 objects of such kinds: 2 ConfigMap (v1), 1 Secret (v1)`. */
function countsText(counts: ReadonlyMap<string, number>, which: string): string {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const kinds = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, n]) => `${n} ${kind}`);
  const shown = kinds.slice(0, TOLD).join(', ');
  const more = kinds.length > TOLD ? ` and ${kinds.length - TOLD} more kinds` : '';
  return `${plural(total, 'object')} ${which}: ${safeText(shown, 2_000)}${more}`;
}

/** `shop.yaml, document 2, line 14`. */
export function placeText({ file, document, line }: Place): string {
  return `${safeText(file)}, document ${document}, line ${line}`;
}

function cut(items: readonly string[], separator = ', '): string {
  const shown = safeText(items.slice(0, 3).join(separator), 2_000);
  return items.length > 3 ? `${shown} and ${items.length - 3} more` : shown;
}
