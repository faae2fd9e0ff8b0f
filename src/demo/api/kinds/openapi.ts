import { apiVersionOf, RESOURCES, type Resource } from './resources.ts';

const PREFIX = '/openapi/v3';

/**
 * The part of OpenAPI v3 that kubectl asks for before it creates or applies: which kinds take `fieldValidation`. It
 * holds no schemas, so `kubectl explain` has nothing to show. Undefined for other paths.
 */
export function openApi(path: string): unknown {
  if (path === PREFIX) {
    return {
      paths: Object.fromEntries(
        GROUP_VERSIONS.map((groupVersion) => [
          groupVersion,
          { serverRelativeURL: `${PREFIX}/${groupVersion}` },
        ]),
      ),
    };
  }
  if (!path.startsWith(`${PREFIX}/`)) return undefined;
  const resources = RESOURCES.filter((resource) => `${PREFIX}/${pathOf(resource)}` === path);
  if (resources.length === 0) return undefined;
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.36.3' },
    paths: Object.fromEntries(
      resources.map((resource) => [`/${pathOf(resource)}/${objectPath(resource)}`, operations(resource)]),
    ),
  };
}

/** `api/v1`, `apis/batch/v1`. */
function pathOf(resource: Resource): string {
  return `${resource.group === '' ? 'api' : 'apis'}/${apiVersionOf(resource)}`;
}

const GROUP_VERSIONS: readonly string[] = [...new Set(RESOURCES.map(pathOf))];

function objectPath({ namespaced, plural }: Resource): string {
  return namespaced ? `namespaces/{namespace}/${plural}/{name}` : `${plural}/{name}`;
}

function operations({ group, version, kind }: Resource): unknown {
  const parameter = (name: string) => ({ name, in: 'query', schema: { type: 'string' } });
  return {
    patch: {
      operationId: `patch${kind}`,
      parameters: ['dryRun', 'fieldManager', 'fieldValidation'].map(parameter),
      responses: { '200': { description: 'OK' } },
      'x-kubernetes-action': 'patch',
      'x-kubernetes-group-version-kind': { group, kind, version },
    },
  };
}
