import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { at, listAt, textAt } from '../../src/core/common/json.ts';
import { responderRules } from '../../src/demo/api/access.ts';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import { withMetadata, withPart } from '../../src/demo/store/objects.ts';
import { type Api, apiOf, conditions, eventually, grant, lease, policy } from '../helpers/demo/demo.ts';

let demo: Demo;
let api: Api;
beforeEach(async () => {
  demo = await startDemo();
  api = apiOf(demo.kubeconfig);
});
afterEach(async () => {
  await demo.stop();
});

const JOBS = '/apis/batch/v1/namespaces/shop/jobs';
const POLICIES = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies';
const here = () => ({ api, jobs: JOBS, policies: POLICIES });

describe('watches that break', () => {
  it('end when they are dropped', async () => {
    const watching = await api.watch(`${POLICIES}?watch=1`);
    await watching.until(({ type }) => type === 'ADDED');
    demo.faults.dropWatches();
    await watching.ended;
  });

  it('respond with 410 Expired in a 200 stream once, then resume', async () => {
    const version = (await api.get(POLICIES)).text('metadata', 'resourceVersion');
    demo.faults.expireWatches();
    const path = `${POLICIES}?watch=1&resourceVersion=${version}`;
    const expired = await api.watch(path);
    await expired.ended;
    expect(expired.events).toHaveLength(1);
    expect(expired.events[0]).toMatchObject({
      type: 'ERROR',
      object: {
        kind: 'Status',
        reason: 'Expired',
        code: 410,
        message: expect.stringMatching(/^too old resource version: \d+ \(\d+\)$/),
      },
    });
    const again = await api.watch(path);
    await api.post(POLICIES, policy('after'));
    await again.until(({ type }) => type === 'ADDED');
    again.close();
  });

  it('expire old versions permanently, also for lists; a streaming list still starts over', async () => {
    const first = await api.get(`${POLICIES}?limit=2`);
    const version = first.text('metadata', 'resourceVersion');
    await api.post(POLICIES, policy('later'));
    demo.faults.compact();
    const expired = await api.watch(`${POLICIES}?watch=1&resourceVersion=${version}`);
    await expired.ended;
    expect(expired.events[0]?.type).toBe('ERROR');
    const next = await api.get(`${POLICIES}?limit=2&continue=${first.text('metadata', 'continue')}`);
    expect(next.code).toBe(410);
    expect(next.text('reason')).toBe('Expired');
    const rest = await api.get(`${POLICIES}?continue=${next.text('metadata', 'continue')}`);
    expect(rest.code).toBe(200);
    expect(listAt(rest.body, 'items').map((item) => textAt(item, 'metadata', 'name'))).toContain('later');
    const stream = await api.watch(
      `${POLICIES}?watch=1&resourceVersion=${version}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
    );
    expect((await stream.until(({ type }) => type === 'BOOKMARK')).type).toBe('BOOKMARK');
    stream.close();
  });
});

describe('calls that fail', () => {
  it('are forbidden by verb, resource and namespace, with the server’s own message', async () => {
    const undo = demo.faults.forbid({ verb: 'create', resource: 'networkpolicies', namespace: 'shop' });
    const refused = await api.post(POLICIES, policy('refused'));
    expect(refused.code).toBe(403);
    expect(refused.body).toMatchObject({
      reason: 'Forbidden',
      message:
        'networkpolicies.networking.k8s.io is forbidden: User "responder@demo" cannot create resource "networkpolicies" in API group "networking.k8s.io" in the namespace "shop"',
      details: { group: 'networking.k8s.io', kind: 'networkpolicies' },
    });
    const review = await api.post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      spec: {
        resourceAttributes: {
          verb: 'create',
          group: 'networking.k8s.io',
          resource: 'networkpolicies',
          namespace: 'shop',
        },
      },
    });
    expect(at(review.body, 'status', 'allowed')).toBe(false);
    expect((await api.get(POLICIES)).code).toBe(200);
    undo();
    expect((await api.post(POLICIES, policy('refused'))).code).toBe(201);
  });

  it('are 401 for a wrong token, or for everyone during the fault', async () => {
    const undo = demo.faults.unauthorized();
    expect(await api.get('/version')).toMatchObject({
      code: 401,
      body: { reason: 'Unauthorized', code: 401 },
    });
    undo();
    expect((await api.get('/version')).code).toBe(200);
    const stranger = await fetch(`${api.base}/version`, { headers: { Authorization: 'Bearer nonsense' } });
    expect(stranger.status).toBe(401);
  });

  it('hang while stalled, and complete when the fault is undone', async () => {
    const undo = demo.faults.stall({ method: 'GET', path: POLICIES });
    const pending = api.get(POLICIES);
    const first = await Promise.race([pending, api.get('/version').then(() => 'other')]);
    expect(first).toBe('other');
    undo();
    expect((await pending).code).toBe(200);
  });

  it('are reset, or refused while the port is closed', async () => {
    const undo = demo.faults.reset({ path: '/version' });
    await expect(api.get('/version')).rejects.toThrow();
    undo();
    const watching = await api.watch(`${POLICIES}?watch=1`);
    await demo.faults.shut();
    await watching.ended;
    await expect(api.get('/version')).rejects.toThrow();
    await demo.faults.reopen();
    expect((await api.get('/version')).code).toBe(200);
  });
});

describe('an API server that restarts', () => {
  it('ends its watches, briefly rejects authorized users, and then has all its data', async () => {
    await api.post(POLICIES, policy('kept'));
    const watching = await api.watch(`${POLICIES}?watch=1`);
    const back = demo.faults.restart(50, 300);
    await watching.ended;
    await back;
    expect((await api.get(POLICIES)).code).toBe(403);
    expect((await api.get('/readyz')).code).toBe(200);
    const found = await eventually(
      () => api.get(`${POLICIES}/kept`),
      ({ code }) => code !== 403,
    );
    expect(found.code).toBe(200);
  });
});

describe('objects that change in transit', () => {
  it('are changed by admission, also in a dry-run', async () => {
    const undo = demo.faults.admit((object) =>
      object.kind === 'Job'
        ? withPart(object, 'spec', { suspend: true, ttlSecondsAfterFinished: 300 })
        : object,
    );
    for (const query of ['?dryRun=All', '']) {
      const job = await api.post(`${JOBS}${query}`, lease('mutated', 60));
      expect(job.body).toMatchObject({ spec: { suspend: true, ttlSecondsAfterFinished: 300 } });
    }
    undo();
    expect((await api.post(JOBS, lease('plain', 60))).body).toMatchObject({ spec: { suspend: false } });
  });

  it('are denied by admission with 403, and warned about', async () => {
    const refuse = demo.faults.admit(() => ({ deny: 'exceeded quota: jobs' }));
    const refused = await api.post(JOBS, lease('over', 60));
    expect(refused.code).toBe(403);
    expect(refused.text('message')).toBe('jobs.batch "over" is forbidden: exceeded quota: jobs');
    refuse();
    demo.faults.warn('mind the gap');
    const warned = await api.post(JOBS, lease('warned', 60));
    expect(warned.headers.get('warning')).toBe('299 - "mind the gap"');
  });

  it('are suspended and orphaned as by another user', async () => {
    await grant(here(), 'meddled', 600);
    await eventually(
      () => api.get(`${JOBS}/meddled`),
      (job) => job.text('status', 'startTime') !== undefined,
    );
    demo.faults.suspend('shop', 'meddled');
    const suspended = await eventually(
      () => api.get(`${JOBS}/meddled`),
      ({ body }) => conditions(body).includes('Suspended'),
    );
    expect(suspended.text('status', 'startTime')).toBeUndefined();
    demo.faults.orphan('shop', 'meddled');
    await eventually(
      () => api.get(`${JOBS}/meddled`),
      ({ code }) => code === 404,
    );
    expect(at((await api.get(`${POLICIES}/meddled`)).body, 'metadata', 'ownerReferences')).toBeUndefined();
  });

  it('can be edited and read behind the API', async () => {
    const watching = await api.watch(`${POLICIES}?watch=1&fieldSelector=metadata.name%3Ddb-only-api`);
    await watching.until(({ type }) => type === 'ADDED');
    demo.faults.edit('networking.k8s.io/networkpolicies', 'shop', 'db-only-api', (object) =>
      withMetadata(object, { labels: { touched: 'yes' } }),
    );
    await watching.until(({ type }) => type === 'MODIFIED');
    expect(
      demo.faults.peek('networking.k8s.io/networkpolicies', 'shop', 'db-only-api')?.metadata.labels,
    ).toEqual({
      touched: 'yes',
    });
    demo.faults.edit('networking.k8s.io/networkpolicies', 'shop', 'db-only-api', () => undefined);
    await watching.until(({ type }) => type === 'DELETED');
    watching.close();
  });
});

describe('controllers that are down', () => {
  it('neither start nor end leases until they are back', async () => {
    await grant(here(), 'running', 1);
    await eventually(
      () => api.get(`${JOBS}/running`),
      (job) => job.text('status', 'startTime') !== undefined,
    );
    demo.faults.pauseControllers();
    await api.post(JOBS, lease('waiting', 600));
    const start = Date.parse((await api.get(`${JOBS}/running`)).text('status', 'startTime') ?? '');
    await eventually(
      async () => Date.now(),
      (now) => now > start + 1_500,
    );
    expect((await api.get(`${POLICIES}/running`)).code).toBe(200);
    expect((await api.get(`${JOBS}/waiting`)).text('status', 'startTime')).toBeUndefined();
    demo.faults.resumeControllers();
    await eventually(
      () => api.get(`${POLICIES}/running`),
      ({ code }) => code === 404,
    );
    await eventually(
      () => api.get(`${JOBS}/waiting`),
      (job) => job.text('status', 'startTime') !== undefined,
    );
  });
});

describe('users', () => {
  it('have exactly the permissions of an SRE', async () => {
    expect((await api.get('/api/v1/pods')).code).toBe(200);
    expect((await api.get('/api/v1/nodes')).code).toBe(200);
    const secrets = await api.get('/api/v1/secrets');
    expect(secrets.text('message')).toBe(
      'secrets is forbidden: User "responder@demo" cannot list resource "secrets" in API group "" at the cluster scope',
    );
    expect((await api.remove('/api/v1/namespaces/shop')).code).toBe(403);
    const pod = await api.remove('/api/v1/namespaces/shop/pods/db-0');
    expect(pod.text('message')).toBe(
      'pods "db-0" is forbidden: User "responder@demo" cannot delete resource "pods" in API group "" in the namespace "shop"',
    );
  });

  it('may be limited to one namespace', async () => {
    const config = demo.faults.addUser({
      username: 'intern@demo',
      rules: responderRules(['shop']),
      namespace: 'shop',
    });
    const intern = apiOf(config);
    expect((await intern.get('/api/v1/namespaces/shop/pods')).code).toBe(200);
    expect((await intern.get('/api/v1/namespaces/shop')).code).toBe(200);
    for (const path of [
      '/api/v1/pods',
      '/api/v1/namespaces',
      '/api/v1/nodes',
      '/api/v1/namespaces/monitoring/pods',
    ]) {
      expect((await intern.get(path)).code).toBe(403);
    }
    const self = await intern.post('/apis/authentication.k8s.io/v1/selfsubjectreviews', {});
    expect(self.text('status', 'userInfo', 'username')).toBe('intern@demo');
    const rules = await intern.post('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', {
      spec: { namespace: 'shop' },
    });
    expect(listAt(rules.body, 'status', 'resourceRules')).toContainEqual(
      expect.objectContaining({ apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'] }),
    );
  });

  it('impersonate only with permission', async () => {
    const headers = { 'Impersonate-User': 'alice' };
    const refused = await api.post('/apis/authentication.k8s.io/v1/selfsubjectreviews', {}, { headers });
    expect(refused.code).toBe(403);
    expect(refused.text('message')).toContain('cannot impersonate-on:user-info:create');
  });
});
