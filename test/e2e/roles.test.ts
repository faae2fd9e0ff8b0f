import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROLES, type Role } from '../../src/core/roles/roles.ts';
import { eventually } from '../helpers/eventually.ts';
import { createStillWorld, type Installed, manifestsOn, runAs } from '../helpers/manifests-cluster.ts';
import { MERGE_PATCH, openRawApi, type RawApi, type Somebody } from '../helpers/raw-api.ts';
import { findRealCluster, type RealCluster } from '../helpers/real-cluster.ts';

const found = await findRealCluster();

describe.skipIf(found === undefined)('the roles on a real control plane', () => {
  let cluster: RealCluster;
  let installed: Installed;
  let raw: RawApi;
  let namespace: string;
  let state: string;

  beforeAll(async () => {
    if (found === undefined) return;
    cluster = found;
    state = await mkdtemp(join(tmpdir(), 'sluice-roles-'));
    installed = manifestsOn(cluster);
    namespace = `sluice-e2e-roles-${installed.suffix}`;
    raw = await openRawApi(cluster);
    await createStillWorld(cluster, namespace);
    const binds = ROLES.flatMap(({ name }) => ['--bind', `${name}=${installed.groupOf(name)}`]);
    await installed.install(['rbac', ...binds, '-n', namespace, '--hubble-namespace', namespace]);
    // Viewers and auditors look at the whole cluster.
    const wide = ['viewer', 'auditor'].flatMap((name) => [
      '--bind',
      `${name}=${installed.groupOf(`wide-${name}`)}`,
    ]);
    await installed.install(['rbac', ...wide]);
    // A binding counts a moment after it was made.
    const rights = [...ROLES.map(({ name }) => name), 'wide-viewer', 'wide-auditor'];
    for (const role of rights) await eventually(() => inForce(installed.somebody('eve', role)));
  });

  afterAll(async () => {
    raw?.close();
    await installed?.dispose();
    await cluster?.kubectl('delete', 'namespace', namespace, '--wait=false');
    if (state !== undefined) await rm(state, { recursive: true, force: true });
  });

  async function inForce(who: Somebody): Promise<void> {
    const rules = await raw.call(who, 'POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectRulesReview',
      spec: { namespace },
    });
    expect(JSON.stringify(rules.body)).toMatch(/"(networkpolicies|pods\/\w+)"/);
  }

  const run = async (who: Somebody, ...args: readonly string[]) => {
    const program = runAs(cluster, who, state, [...args, '-n', namespace]);
    const code = await program.ended;
    return { code, text: program.lines.join('\n'), errors: program.errors() };
  };
  const grantArgs = [
    ...['grant', '--from', 'deploy/web', '--to', 'sts/db', '--port', '5432/tcp', '--for', '10m'],
    ...['--reason', 'test', '-o', 'json', '--source', 'probe'],
  ];

  test('a viewer sees verdicts, pairs, mistakes and grants, and is told nothing is out of sight', async () => {
    const viewer = installed.somebody('vera', 'wide-viewer');
    const explained = await run(
      viewer,
      'explain',
      'deploy/web',
      'sts/db',
      '--port',
      '5432/tcp',
      '-o',
      'json',
    );
    expect(explained).toMatchObject({ code: 3, errors: '' });
    expect(JSON.parse(explained.text)).toMatchObject({ verdict: 'deny' });
    expect(explained.text).not.toMatch(/not allowed to list|may not be listed|denied to list/);
    for (const verb of [['matrix'], ['lint'], ['grants']])
      expect(await run(viewer, ...verb)).toMatchObject({ code: 0, errors: '' });
  });

  test('a viewer who tries more is told which role has it', async () => {
    const viewer = installed.somebody('vera', 'viewer', 'wide-viewer');
    const granted = await run(viewer, ...grantArgs);
    expect(granted.code).toBe(1);
    expect(granted.errors).toContain('cannot create jobs');
    expect(granted.errors).toContain('sluice-operator');
    const described = await raw.call(viewer, 'GET', `/api/v1/namespaces/${namespace}/events`);
    expect(described.status).toBe(403);
  });

  test('an operator in one namespace grants, extends and revokes there; an event tells of it', async () => {
    const operator = installed.somebody('olga', 'viewer', 'operator');
    const granted = await run(operator, ...grantArgs);
    expect(granted, granted.errors).toMatchObject({ code: 0 });
    const [line = '{}'] = granted.text.split('\n').filter((each) => each.includes('"granted"'));
    const { id } = JSON.parse(line);
    expect(await cluster.kubectl('-n', namespace, 'get', 'events', '-o', 'json')).toContain(
      `"sluice.dev/grant": "${id}"`,
    );
    expect(await run(operator, 'extend', id, '--for', '5m')).toMatchObject({ code: 0, errors: '' });

    const auditor = installed.somebody('aki', 'auditor');
    const listed = await run(auditor, 'grants', '-o', 'json');
    expect(JSON.parse(listed.text)).toMatchObject([{ id, requester: operator.user, seconds: 900 }]);
    const verified = await run(auditor, 'audit', 'verify', '--against', 'cluster');
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.errors).not.toContain('WARNING');
    const revoked = await run(auditor, 'revoke', id);
    expect(revoked.code).toBe(1);
    expect(revoked.errors).toContain('cannot delete networkpolicies');

    const ended = await run(operator, 'revoke', id);
    expect(ended, ended.errors).toMatchObject({ code: 0 });
    expect(
      await cluster.kubectl(
        '-n',
        namespace,
        'get',
        'jobs,networkpolicies',
        '-l',
        'sluice.dev/grant',
        '-o',
        'name',
      ),
    ).toBe('');
  });

  describe('allow what they list and refuse all else, each verb tried', () => {
    let places: readonly Place[];
    let common: ReadonlySet<string>;

    beforeAll(async () => {
      if (found === undefined) return;
      places = await placesOf(raw);
      expect(places.length).toBeGreaterThan(80);
      common = await allowedTo({ user: `nobody-${installed.suffix}`, groups: [] });
    });

    /** `verb group/resource name` of every request that was not forbidden. */
    async function allowedTo(who: Somebody): Promise<ReadonlySet<string>> {
      const allowed = new Set<string>();
      const tries = places.flatMap((place) => requestsOn(place, namespace));
      const next = async (): Promise<void> => {
        for (let each = tries.pop(); each !== undefined; each = tries.pop()) {
          const { status, message } = await raw.call(who, each.method, each.path, each.body, each.type);
          if (status !== 403 || !message.includes('cannot')) allowed.add(each.what);
        }
      };
      await Promise.all([next(), next(), next(), next()]);
      return allowed;
    }

    test.each(ROLES)('$name', async (role) => {
      const who = installed.somebody('eve', role.name);
      const wanted = rightsOf(role).filter((what) => isInNamespace(what, places));
      const allowed = [...(await allowedTo(who))].filter((what) => !common.has(what));
      expect(allowed.sort()).toEqual([...wanted].sort());
    });

    test('viewer, in the whole cluster', async () => {
      const viewer = ROLES.find(({ name }) => name === 'viewer') as Role;
      const allowed = [...(await allowedTo(installed.somebody('eve', 'wide-viewer')))].filter(
        (what) => !common.has(what),
      );
      expect(allowed.sort()).toEqual([...rightsOf(viewer)].sort());
    });
  });
});

/** A resource, or a subresource with its parent's path. */
type Place = {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespaced: boolean;
};

/** Kinds that the roles name and that a bare control plane lacks; rights are judged before the kind is looked up. */
const CLUSTER_SCOPED = /^(cilium(clusterwide|cidr)|admin|baseline|cluster|global)/;

async function placesOf(raw: RawApi): Promise<readonly Place[]> {
  const groups = (await raw.call(undefined, 'GET', '/apis')).body as {
    groups: { preferredVersion: { groupVersion: string } }[];
  };
  const versions = ['v1', ...groups.groups.map(({ preferredVersion }) => preferredVersion.groupVersion)];
  const served = await Promise.all(
    versions.map(async (groupVersion): Promise<readonly Place[]> => {
      const path = groupVersion === 'v1' ? '/api/v1' : `/apis/${groupVersion}`;
      const { resources } = (await raw.call(undefined, 'GET', path)).body as {
        resources: { name: string; namespaced: boolean }[];
      };
      const [group = '', version = groupVersion] =
        groupVersion === 'v1' ? ['', 'v1'] : groupVersion.split('/');
      return resources.map(({ name, namespaced }) => {
        const [resource = name, subresource] = name.split('/');
        return {
          group,
          version,
          resource,
          namespaced,
          ...(subresource === undefined ? {} : { subresource }),
        };
      });
    }),
  );
  const known = served.flat();
  const absent = ROLES.flatMap(({ rights }) =>
    rights.flatMap(({ group, resources }) =>
      resources.flatMap((resource): Place[] =>
        resource.includes('/') || known.some((place) => place.group === group && place.resource === resource)
          ? []
          : [{ group, version: 'v1', resource, namespaced: !CLUSTER_SCOPED.test(resource) }],
      ),
    ),
  );
  const unique = new Map(absent.map((place) => [`${place.group}/${place.resource}`, place]));
  return [...known, ...unique.values()];
}

type Try = {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly type?: string;
};

const NAMES = ['none', ...new Set(ROLES.flatMap(({ rights }) => rights.flatMap(({ names = [] }) => names)))];

/** A request for each verb, which changes nothing if it is allowed. */
function requestsOn(place: Place, namespace: string): readonly Try[] {
  const { group, version, resource, subresource, namespaced } = place;
  const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const collection = `${base}${namespaced ? `/namespaces/${namespace}` : ''}/${resource}`;
  const full = subresource === undefined ? resource : `${resource}/${subresource}`;
  const called = (verb: string, name = '') => `${verb} ${group}/${full} ${name}`.trim();
  const dry = { dryRun: ['All'] };
  const named = NAMES.flatMap((name): readonly Try[] => {
    const path = `${collection}/${name}${subresource === undefined ? '' : `/${subresource}`}`;
    return [
      { what: called('get', name), method: 'GET', path },
      { what: called('update', name), method: 'PUT', path: `${path}?dryRun=All`, body: {} },
      {
        what: called('patch', name),
        method: 'PATCH',
        path: `${path}?dryRun=All`,
        body: {},
        type: MERGE_PATCH,
      },
      { what: called('delete', name), method: 'DELETE', path, body: dry },
      ...(subresource === undefined
        ? []
        : [{ what: called('create', name), method: 'POST', path: `${path}?dryRun=All`, body: {} }]),
    ];
  });
  if (subresource !== undefined) return named;
  return [
    ...named,
    { what: called('list'), method: 'GET', path: `${collection}?limit=1` },
    { what: called('watch'), method: 'GET', path: `${collection}?watch=1&resourceVersion=none` },
    { what: called('create'), method: 'POST', path: `${collection}?dryRun=All`, body: {} },
    { what: called('deletecollection'), method: 'DELETE', path: collection, body: dry },
  ];
}

/** What a role allows, in the words of the requests. */
function rightsOf({ rights }: Role): readonly string[] {
  return rights.flatMap(({ group, resources, verbs, names }) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) => {
        const isNamed = ['get', 'update', 'patch', 'delete'].includes(verb) || resource.includes('/');
        return (isNamed ? (names ?? NAMES) : ['']).map((name) =>
          `${verb} ${group}/${resource} ${name}`.trim(),
        );
      }),
    ),
  );
}

/** A RoleBinding gives no rights on what is in no namespace. */
function isInNamespace(what: string, places: readonly Place[]): boolean {
  const [, place = ''] = what.split(' ');
  return places.some(
    ({ group, resource, subresource, namespaced }) =>
      namespaced && place === `${group}/${resource}${subresource === undefined ? '' : `/${subresource}`}`,
  );
}
