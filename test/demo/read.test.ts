import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { podStatus } from '../../src/core/cluster/pod-status.ts';
import { at, listAt, numberAt, rawOf, textAt } from '../../src/core/common/json.ts';
import { eventually, policy, startTarget, type Target } from '../helpers/demo/demo.ts';

let target: Target;
beforeAll(async () => {
  target = await startTarget();
  for (const name of ['a', 'b', 'c', 'd', 'e']) await target.api.post(target.policies, policy(name));
});
afterAll(async () => {
  await target.stop();
});

const names = (list: unknown): readonly (string | undefined)[] =>
  listAt(list, 'items').map((item) => textAt(item, 'metadata', 'name'));

describe('discovery', () => {
  it('lists groups, versions and resources in the legacy form', async () => {
    const { api } = target;
    const groups = await api.get('/apis');
    expect(listAt(groups.body, 'groups').map((group) => textAt(group, 'name'))).toEqual(
      expect.arrayContaining([
        'apps',
        'batch',
        'networking.k8s.io',
        'apiextensions.k8s.io',
        'discovery.k8s.io',
      ]),
    );
    const batch = await api.get('/apis/batch/v1');
    expect(listAt(batch.body, 'resources')).toContainEqual(
      expect.objectContaining({
        name: 'jobs',
        kind: 'Job',
        namespaced: true,
        verbs: expect.arrayContaining(['patch']),
      }),
    );
    expect((await api.get('/api')).body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
    expect((await api.get('/apis/no.such.group/v1')).code).toBe(404);
  });

  it('returns the aggregated form to clients that accept it', async () => {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
    const found = await target.api.get('/apis', { Accept: accept });
    expect(found.headers.get('content-type')).toContain('as=APIGroupDiscoveryList');
    const batch = listAt(found.body, 'items').find((item) => textAt(item, 'metadata', 'name') === 'batch');
    expect(listAt(batch, 'versions', 0, 'resources')).toContainEqual(
      expect.objectContaining({ resource: 'jobs', scope: 'Namespaced' }),
    );
  });

  it('shows support for fieldValidation in OpenAPI, as kubectl requires', async () => {
    const { api } = target;
    const index = await api.get('/openapi/v3');
    const path = textAt(index.body, 'paths', 'apis/networking.k8s.io/v1', 'serverRelativeURL');
    const found = await api.get(path ?? '', { Accept: 'application/json' });
    const patch = at(
      found.body,
      'paths',
      '/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies/{name}',
      'patch',
    );
    expect(listAt(patch, 'parameters')).toContainEqual(expect.objectContaining({ name: 'fieldValidation' }));
    expect(at(patch, 'x-kubernetes-group-version-kind')).toEqual({
      group: 'networking.k8s.io',
      kind: 'NetworkPolicy',
      version: 'v1',
    });
  });

  it('is a server of version 1.36 that is ready', async () => {
    const version = await target.api.get('/version');
    expect(version.body).toMatchObject({ major: '1', minor: '36' });
    expect(version.text('gitVersion')).toMatch(/^v1\.36\./);
    expect((await target.api.get('/readyz')).body).toBe('ok');
  });
});

describe('lists', () => {
  it('are complete, sorted by name, without kind and apiVersion in their items', async () => {
    const { api, policies } = target;
    const list = await api.get(policies);
    expect(list.body).toMatchObject({ kind: 'NetworkPolicyList', apiVersion: 'networking.k8s.io/v1' });
    expect(names(list.body)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(at(list.body, 'items', 0, 'kind')).toBeUndefined();
  });

  it('have pages of one version, regardless of changes in between', async () => {
    const { api, policies } = target;
    const first = await api.get(`${policies}?limit=2`);
    expect(names(first.body)).toEqual(['a', 'b']);
    expect(numberAt(first.body, 'metadata', 'remainingItemCount')).toBe(3);
    const version = first.text('metadata', 'resourceVersion');
    await api.remove(`${policies}/c`);
    const next = first.text('metadata', 'continue') ?? '';
    const second = await api.get(`${policies}?limit=2&continue=${next}`);
    expect(names(second.body)).toEqual(['c', 'd']);
    const third = await api.get(`${policies}?limit=2&continue=${second.text('metadata', 'continue')}`);
    expect(names(third.body)).toEqual(['e']);
    expect(third.text('metadata', 'resourceVersion')).toBe(version);
    expect(third.text('metadata', 'continue')).toBeUndefined();
    expect(names((await api.get(policies)).body)).toEqual(['a', 'b', 'd', 'e']);
    await api.post(policies, policy('c'));
  });

  it('ignore the limit at resourceVersion 0, and reject a version with a token', async () => {
    const { api, policies } = target;
    expect(names((await api.get(`${policies}?limit=2&resourceVersion=0`)).body)).toHaveLength(5);
    const token = (await api.get(`${policies}?limit=2`)).text('metadata', 'continue');
    expect((await api.get(`${policies}?continue=${token}&resourceVersion=5`)).code).toBe(400);
    expect((await api.get(`${policies}?continue=nonsense`)).code).toBe(400);
    expect((await api.get(`${policies}?resourceVersion=abc`)).code).toBe(400);
  });

  it('select by labels and by name', async () => {
    const { api, policies } = target;
    const select = async (query: string) => names((await api.get(`${policies}?${query}`)).body);
    expect(await select('labelSelector=sluice.dev/grant%3Da')).toEqual(['a']);
    expect(await select('labelSelector=sluice.dev/grant+in+(a,b),app.kubernetes.io/managed-by')).toEqual([
      'a',
      'b',
    ]);
    expect(await select('labelSelector=sluice.dev/grant!%3Da,!nope')).toEqual(['b', 'c', 'd', 'e']);
    expect(await select('fieldSelector=metadata.name%3Dd')).toEqual(['d']);
    const unread = await api.get(`${policies}?labelSelector=a+b+c`);
    expect([unread.code, unread.text('message')]).toEqual([
      400,
      "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
    ]);
    expect((await api.get(`${policies}?fieldSelector=spec.foo%3D1`)).code).toBe(400);
  });

  it('show a pod’s STATUS, READY and RESTARTS as the app does', async () => {
    const { api } = target;
    const table = await api.get('/api/v1/pods', {
      Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    });
    const pods = listAt((await api.get('/api/v1/pods')).body, 'items');
    const cells = listAt(table.body, 'rows').map((row) => listAt(row, 'cells').slice(0, 4));
    const shown = pods.map((pod) => {
      const { status, readyContainers, restarts } = podStatus(rawOf(pod));
      const containers = listAt(pod, 'spec', 'containers').length;
      return [at(pod, 'metadata', 'name'), `${readyContainers}/${containers}`, status, String(restarts)];
    });
    expect(cells).toEqual(shown);
    expect(new Set(shown.map(([, , status]) => status)).size).toBeGreaterThan(1);
  });

  it('require a version for resourceVersionMatch, and time out on a future one', async () => {
    const { api, policies } = target;
    expect((await api.get(`${policies}?resourceVersionMatch=Exact`)).code).toBe(422);
    expect((await api.get(`${policies}?sendInitialEvents=true`)).code).toBe(422);
    const future = await api.get(`${policies}?resourceVersion=999999999&resourceVersionMatch=NotOlderThan`);
    expect(future.code).toBe(504);
    expect(future.headers.get('retry-after')).toBe('1');
    expect(future.text('message')).toMatch(/^Timeout: Too large resource version: 999999999, current: \d+$/);
  });

  it('are tables or metadata on request', async () => {
    const { api, policies } = target;
    const table = await api.get(policies, {
      Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
    });
    expect(table.body).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
    expect(at(table.body, 'rows', 0, 'cells', 0)).toBe('a');
    const partial = await api.get(policies, {
      Accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
    });
    expect(partial.body).toMatchObject({ kind: 'PartialObjectMetadataList' });
    expect(at(partial.body, 'items', 0, 'spec')).toBeUndefined();
    expect((await api.get(policies, { Accept: 'text/html' })).code).toBe(406);
  });
});

describe('watches', () => {
  it('start with every object and a bookmark that marks the end, then continue', async () => {
    const { api, policies } = target;
    const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const watching = await api.watch(`${policies}?${query}`);
    const end = await watching.until(({ type }) => type === 'BOOKMARK');
    expect(watching.events.map(({ type }) => type)).toEqual([...Array(5).fill('ADDED'), 'BOOKMARK']);
    expect(textAt(end.object, 'metadata', 'annotations', 'k8s.io/initial-events-end')).toBe('true');
    expect(at(end.object, 'spec')).toEqual({ podSelector: {} });
    expect(watching.events[0]?.object).toMatchObject({
      kind: 'NetworkPolicy',
      apiVersion: 'networking.k8s.io/v1',
    });
    await api.post(policies, policy('z'));
    const added = await watching.until(({ object }) => textAt(object, 'metadata', 'name') === 'z');
    expect(added.type).toBe('ADDED');
    await api.remove(`${policies}/z`);
    await watching.until(({ type }) => type === 'DELETED');
    watching.close();
  });

  it('resume from a version, and end at their timeout without an error', async () => {
    const { api, policies } = target;
    const version = (await api.get(policies)).text('metadata', 'resourceVersion');
    await api.post(policies, policy('y'));
    await api.remove(`${policies}/y`);
    const watching = await api.watch(`${policies}?watch=1&resourceVersion=${version}&timeoutSeconds=1`);
    await watching.ended;
    expect(watching.events.map(({ type }) => type)).toEqual(['ADDED', 'DELETED']);
  });

  it('send bookmarks before they time out after changes, to clients that allow them', async () => {
    const { api, policies } = target;
    const version = (await api.get(policies)).text('metadata', 'resourceVersion');
    const path = `${policies}?watch=1&resourceVersion=${version}&timeoutSeconds=4`;
    const [allowed, plain] = await Promise.all([
      api.watch(`${path}&allowWatchBookmarks=true`),
      api.watch(path),
    ]);
    const made = await api.post(policies, policy('news'));
    await api.remove(`${policies}/news`);
    await Promise.all([allowed.ended, plain.ended]);
    const [, , bookmark] = allowed.events;
    expect(allowed.events.map(({ type }) => type).slice(0, 3)).toEqual(['ADDED', 'DELETED', 'BOOKMARK']);
    expect(Number(textAt(bookmark?.object, 'metadata', 'resourceVersion'))).toBeGreaterThan(
      Number(made.text('metadata', 'resourceVersion')),
    );
    expect(plain.events.map(({ type }) => type)).toEqual(['ADDED', 'DELETED']);
  });

  it('from version 0 mark the end of the initial objects for clients that allow bookmarks', async () => {
    const { api, policies } = target;
    const path = `${policies}?watch=1&resourceVersion=0&timeoutSeconds=1`;
    const [allowed, plain] = await Promise.all([
      api.watch(`${path}&allowWatchBookmarks=true`),
      api.watch(path),
    ]);
    await Promise.all([allowed.ended, plain.ended]);
    expect(allowed.events.map(({ type }) => type)).toEqual([...Array(5).fill('ADDED'), 'BOOKMARK']);
    expect(plain.events.map(({ type }) => type)).toEqual(Array(5).fill('ADDED'));
  });

  it('show an object that leaves a selector as DELETED, and as ADDED when it comes back', async () => {
    const { api, policies } = target;
    const version = (await api.get(policies)).text('metadata', 'resourceVersion');
    const watching = await api.watch(
      `${policies}?watch=1&resourceVersion=${version}&labelSelector=sluice.dev/grant%3Da`,
    );
    await api.mergePatch(`${policies}/a`, { metadata: { labels: { 'sluice.dev/grant': null } } });
    await watching.until(({ type }) => type === 'DELETED');
    await api.mergePatch(`${policies}/a`, { metadata: { labels: { 'sluice.dev/grant': 'a' } } });
    await watching.until(({ type }) => type === 'ADDED');
    watching.close();
    expect((await api.get(`${policies}/a`)).code).toBe(200);
  });

  it('are silent from a future version', async () => {
    const { api, policies } = target;
    const path = `${policies}?watch=1&resourceVersion=999999999&allowWatchBookmarks=true&timeoutSeconds=2`;
    const watching = await api.watch(path);
    await api.post(policies, policy('unseen'));
    await watching.ended;
    await api.remove(`${policies}/unseen`);
    expect(watching.events).toEqual([]);
  });

  it('reject bad parameters with a bare Status', async () => {
    const { api, policies } = target;
    expect((await api.get(`${policies}?watch=1&resourceVersion=abc`)).code).toBe(500);
    expect((await api.get(`${policies}?watch=1&sendInitialEvents=true`)).code).toBe(422);
  });
});

describe('reviews', () => {
  it('return the identity and permissions of the caller', async () => {
    const { api } = target;
    const self = await api.post('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      kind: 'SelfSubjectReview',
      apiVersion: 'authentication.k8s.io/v1',
    });
    expect(self.code).toBe(201);
    expect(self.text('status', 'userInfo', 'username')).toBe('admin');
    expect(at(self.body, 'status', 'userInfo', 'groups')).toEqual(['system:masters', 'system:authenticated']);
    const access = await api.post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      spec: {
        resourceAttributes: { verb: 'create', group: 'batch', resource: 'jobs', namespace: 'default' },
      },
    });
    expect(access.code).toBe(201);
    expect(at(access.body, 'status', 'allowed')).toBe(true);
    const empty = await api.post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { spec: {} });
    expect(empty.code).toBe(422);
    expect((await api.post('/apis/authentication.k8s.io/v1beta1/selfsubjectreviews', {})).code).toBe(404);
  });

  it('show the impersonated user, without the caller’s own', async () => {
    const { api } = target;
    const headers = { 'Impersonate-User': 'mallory', 'Impersonate-Group': 'ops' };
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const self = await eventually(
      () => api.post(path, {}, { headers }),
      ({ code }) => code === 201,
    );
    expect(self.body).toMatchObject({
      status: { userInfo: { username: 'mallory', groups: ['ops', 'system:authenticated'] } },
    });
  });
});
