import { type Resource, resourceAt } from './resources.ts';

/** A parsed path. `resource` undefined: the path has the form of a resource that the server does not have. */
export type Route =
  | { readonly type: 'path'; readonly path: string }
  | {
      readonly type: 'resource';
      readonly group: string;
      readonly version: string;
      readonly plural: string;
      readonly resource?: Resource;
      readonly namespace?: string;
      readonly name?: string;
      readonly subresource?: string;
    };

/** Parses `/api/v1/…` and `/apis/GROUP/VERSION/…`; everything else is a plain path. */
export function routeOf(path: string): Route {
  const parts = path.split('/').filter((part) => part !== '');
  const core = parts[0] === 'api';
  const prefix = core ? 2 : 3;
  if ((!core && parts[0] !== 'apis') || parts.length <= prefix) return { type: 'path', path };
  const group = core ? '' : (parts[1] ?? '');
  const version = (core ? parts[1] : parts[2]) ?? '';
  const rest = parts.slice(prefix).map(decodeURIComponent);
  const inNamespace = rest[0] === 'namespaces' && rest.length > 2 && !isNamespacePart(rest);
  const namespace = inNamespace ? rest[1] : undefined;
  const [plural = '', name, subresource] = inNamespace ? rest.slice(2) : rest;
  const resource = resourceAt(group, version, plural);
  // A namespaced resource has names only in a namespace, a cluster-scoped one only outside.
  const fits =
    resource !== undefined &&
    (resource.namespaced ? namespace !== undefined || name === undefined : !inNamespace);
  return {
    type: 'resource',
    group,
    version,
    plural,
    ...(fits ? { resource } : {}),
    namespace,
    name,
    subresource,
  };
}

/** `/namespaces/NAME/status` is part of the Namespace itself, not a resource in it. */
function isNamespacePart(rest: readonly string[]): boolean {
  return rest.length === 3 && (rest[2] === 'status' || rest[2] === 'finalize');
}
