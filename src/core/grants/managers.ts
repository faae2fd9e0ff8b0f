import type { ApiObject } from '../cluster/cluster.ts';
import { listAt, textAt } from '../common/common.ts';

/** What applies objects from Git, and the objects by which that is seen: `NetworkPolicy shop/db`. */
export type Manager = {
  readonly tool: 'Argo CD' | 'Flux';
  /** The object that applies them; without a name if only its tool is seen. */
  readonly kind: 'Application' | 'Kustomization' | 'HelmRelease';
  readonly namespace?: string;
  readonly name?: string;
  readonly objects: readonly string[];
};

type Applier = Omit<Manager, 'objects'>;

/** Field managers of server-side apply, by which an object shows its tool where it has no other mark. */
const FIELD_MANAGERS: Readonly<Record<string, Applier>> = {
  'argocd-controller': { tool: 'Argo CD', kind: 'Application' },
  'kustomize-controller': { tool: 'Flux', kind: 'Kustomization' },
  'helm-controller': { tool: 'Flux', kind: 'HelmRelease' },
};

/**
 * What manages some objects, by the marks that it leaves on them. Source: Argo CD documentation, "Resource Tracking";
 * Flux documentation, "Kustomization" and "HelmRelease", on labels; both tools' server-side apply field managers.
 */
export function managersOf(objects: readonly ApiObject[]): readonly Manager[] {
  const found = objects.flatMap((object) => {
    const applier = applierOf(object);
    return applier === undefined ? [] : [{ applier, object: nameOf(object) }];
  });
  const groups = Map.groupBy(found, ({ applier }) => JSON.stringify(applier));
  return [...groups.values()].flatMap((same) =>
    same
      .slice(0, 1)
      .map(({ applier }): Manager => ({ ...applier, objects: same.map(({ object }) => object) })),
  );
}

/** Where a file belongs, by what manages the objects around it; one sentence without a full stop. */
export function managerText({ tool, kind, namespace, name, objects }: Manager): string {
  const [first = '', ...others] = objects;
  const which = others.length === 0 ? `${first} is` : `${first} and ${others.length} more are`;
  if (name === undefined) return `${which} managed by ${tool}: it belongs where that is applied from`;
  const applier = `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
  return `${which} managed by ${tool}, ${applier}: it belongs into the source of that ${kind}`;
}

function applierOf(object: ApiObject): Applier | undefined {
  const { labels = {}, annotations = {} } = object.metadata;
  const tracked = trackedBy(object, annotations['argocd.argoproj.io/tracking-id']);
  if (tracked !== undefined) return tracked;
  const instance = labels['argocd.argoproj.io/instance'];
  if (instance !== undefined) return applicationNamed(instance);
  return (
    fluxBy(labels, 'kustomize.toolkit.fluxcd.io', 'Kustomization') ??
    fluxBy(labels, 'helm.toolkit.fluxcd.io', 'HelmRelease') ??
    byFieldManager(object)
  );
}

/**
 * The application of a tracking id `shop:networking.k8s.io/NetworkPolicy:shop/db`, if it is this object's own: copies of
 * an object have the id of the original, and Argo CD does not manage them.
 */
function trackedBy({ apiVersion, kind, metadata }: ApiObject, id: string | undefined): Applier | undefined {
  const [name, type, place] = id?.split(':') ?? [];
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  const isOwn = type === `${group}/${kind}` && place === `${metadata.namespace ?? ''}/${metadata.name}`;
  return name === undefined || !isOwn ? undefined : applicationNamed(name);
}

/** Applications outside Argo CD's own namespace are written `namespace_name`. */
function applicationNamed(text: string): Applier {
  const cut = text.indexOf('_');
  const where = cut < 0 ? { name: text } : { namespace: text.slice(0, cut), name: text.slice(cut + 1) };
  return { tool: 'Argo CD', kind: 'Application', ...where };
}

function fluxBy(
  labels: Readonly<Record<string, string>>,
  group: string,
  kind: 'Kustomization' | 'HelmRelease',
): Applier | undefined {
  const name = labels[`${group}/name`];
  const namespace = labels[`${group}/namespace`];
  if (name === undefined) return undefined;
  return { tool: 'Flux', kind, ...(namespace === undefined ? {} : { namespace }), name };
}

function byFieldManager({ metadata }: ApiObject): Applier | undefined {
  const names = listAt(metadata, 'managedFields').map((entry) => textAt(entry, 'manager') ?? '');
  const known = names.find((name) => Object.hasOwn(FIELD_MANAGERS, name));
  return known === undefined ? undefined : FIELD_MANAGERS[known];
}

function nameOf({ kind, metadata }: ApiObject): string {
  return `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;
}
