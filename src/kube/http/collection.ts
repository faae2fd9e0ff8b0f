import type { About } from './errors.ts';

/** A collection of objects on the server, optionally filtered by selectors. */
export type Collection = {
  readonly about: Omit<About, 'verb'>;
  readonly path: string;
  readonly labels?: string;
  readonly fields?: string;
};

/** Group, version and plural name of a kind. */
export type Resource = { readonly group: string; readonly version: string; readonly resource: string };

/** The path of a collection or of one object in it: `/apis/batch/v1/namespaces/a/jobs/b`. */
export function apiPath(
  { group, version, resource }: Resource,
  namespace?: string,
  name?: string,
  subresource?: string,
): string {
  const parts = [
    ...(group === '' ? ['api', version] : ['apis', group, version]),
    ...(namespace === undefined ? [] : ['namespaces', namespace]),
    resource,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return `/${parts.map(encodeURIComponent).join('/')}`;
}

/** The collection of a kind, in all namespaces or in one. */
export function collectionOf(
  resource: Resource,
  options: { readonly namespace?: string; readonly labels?: string; readonly fields?: string } = {},
): Collection {
  const { namespace, labels, fields } = options;
  return {
    about: {
      group: resource.group,
      resource: resource.resource,
      namespace,
    },
    path: apiPath(resource, namespace),
    labels,
    fields,
  };
}
