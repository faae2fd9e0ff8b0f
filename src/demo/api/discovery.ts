import { apiVersionOf, RESOURCES, REVIEWS, type Resource, STORED_VERBS } from './resources.ts';

/** The response of `/version`. */
export const VERSION = {
  major: '1',
  minor: '36',
  emulationMajor: '1',
  emulationMinor: '36',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '35',
  gitVersion: 'v1.36.3-sluice-demo',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: `node${process.versions.node}`,
  compiler: 'node',
  platform: `${process.platform}/${process.arch}`,
} as const;

const ALL: readonly Resource[] = [...RESOURCES, ...REVIEWS];

/** API groups of the server, sorted by name. */
const GROUPS: readonly string[] = [...new Set(ALL.map(({ group }) => group))]
  .filter((group) => group !== '')
  .sort();

/** The response for a discovery path, aggregated if the client accepts it; undefined for other paths. */
export function discovery(path: string, aggregated: boolean): unknown {
  const clean = path.replace(/\/$/, '');
  if (clean === '/api') return aggregated ? aggregate(['']) : coreVersions();
  if (clean === '/apis') return aggregated ? aggregate(GROUPS) : groupList();
  const parts = clean.split('/').slice(1);
  if (parts[0] === 'api' && parts.length === 2) return resourceList('', parts[1] ?? '');
  if (parts[0] !== 'apis') return undefined;
  if (parts.length === 2 && GROUPS.includes(parts[1] ?? '')) {
    return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(parts[1] ?? '') };
  }
  return parts.length === 3 ? resourceList(parts[1] ?? '', parts[2] ?? '') : undefined;
}

function coreVersions(): unknown {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '127.0.0.1' }],
  };
}

function groupList(): unknown {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: GROUPS.map(groupOf) };
}

function groupOf(group: string): Readonly<Record<string, unknown>> {
  const versions = versionsOf(group).map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions, preferredVersion: versions[0] };
}

function versionsOf(group: string): readonly string[] {
  return [...new Set(ALL.filter((resource) => resource.group === group).map(({ version }) => version))];
}

function resourceList(group: string, version: string): unknown {
  const resources = ALL.filter((resource) => resource.group === group && resource.version === version);
  const [first] = resources;
  if (first === undefined) return undefined;
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: apiVersionOf(first),
    resources: resources.flatMap((resource) => [
      {
        name: resource.plural,
        singularName: resource.singular,
        namespaced: resource.namespaced,
        kind: resource.kind,
        verbs: verbsOf(resource),
        ...(resource.shortNames.length > 0 ? { shortNames: resource.shortNames } : {}),
        ...(resource.categories.length > 0 ? { categories: resource.categories } : {}),
      },
      ...resource.subresources.map((subresource) => ({
        name: `${resource.plural}/${subresource}`,
        singularName: '',
        namespaced: resource.namespaced,
        kind: resource.kind,
        verbs: subresourceVerbs(subresource),
      })),
    ]),
  };
}

function aggregate(groups: readonly string[]): unknown {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map((group) => ({
      metadata: group === '' ? {} : { name: group },
      versions: versionsOf(group).map((version) => ({
        version,
        resources: ALL.filter((resource) => resource.group === group && resource.version === version).map(
          aggregateResource,
        ),
        freshness: 'Current',
      })),
    })),
  };
}

function aggregateResource(resource: Resource): unknown {
  const responseKind = { group: '', version: '', kind: resource.kind };
  return {
    resource: resource.plural,
    responseKind,
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: verbsOf(resource),
    ...(resource.shortNames.length > 0 ? { shortNames: resource.shortNames } : {}),
    ...(resource.categories.length > 0 ? { categories: resource.categories } : {}),
    ...(resource.subresources.length > 0
      ? {
          subresources: resource.subresources.map((subresource) => ({
            subresource,
            responseKind,
            verbs: subresourceVerbs(subresource),
          })),
        }
      : {}),
  };
}

function verbsOf(resource: Resource): readonly string[] {
  return REVIEWS.includes(resource) ? ['create'] : STORED_VERBS;
}

function subresourceVerbs(subresource: string): readonly string[] {
  return subresource === 'portforward' ? ['create', 'get'] : ['get', 'patch', 'update'];
}
