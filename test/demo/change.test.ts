import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at } from '../../src/core/common/json.ts';
import { eventually, grant, lease, policy, startTarget, type Target } from '../helpers/demo/demo.ts';

let target: Target;
beforeAll(async () => {
  target = await startTarget();
});
afterAll(async () => {
  await target.stop();
});

describe('patching', () => {
  it('extends a lease with resourceVersion and uid, and distinguishes a stale version from a foreign uid', async () => {
    const { api, jobs } = target;
    const job = await api.post(jobs, lease('extended', 600));
    const uid = job.text('metadata', 'uid');
    const path = `${jobs}/extended`;
    const running = await eventually(
      () => api.get(path),
      (found) => found.text('status', 'startTime') !== undefined,
    );
    const version = running.text('metadata', 'resourceVersion');
    const extended = await api.mergePatch(path, {
      metadata: { resourceVersion: version, uid },
      spec: { activeDeadlineSeconds: 900 },
    });
    expect(extended.code).toBe(200);
    expect(at(extended.body, 'spec', 'activeDeadlineSeconds')).toBe(900);
    expect(at(extended.body, 'metadata', 'generation')).toBe(2);
    const stale = await api.mergePatch(path, {
      metadata: { resourceVersion: version },
      spec: { activeDeadlineSeconds: 950 },
    });
    expect(stale.code).toBe(409);
    expect(stale.text('message')).toBe(
      'Operation cannot be fulfilled on jobs.batch "extended": the object has been modified; please apply your changes to the latest version and try again',
    );
    const foreign = await api.mergePatch(path, {
      metadata: { uid: 'somebody-else' },
      spec: { activeDeadlineSeconds: 950 },
    });
    expect(foreign.code).toBe(422);
    expect(foreign.text('message')).toContain(
      'metadata.uid: Invalid value: "somebody-else": field is immutable',
    );
  });

  it('rejects changes of template, selector and completions, but not of deadline, ttl, parallelism and suspend', async () => {
    const { api, jobs } = target;
    await api.post(jobs, lease('stiff', 600));
    const path = `${jobs}/stiff`;
    for (const spec of [{ template: { spec: { restartPolicy: 'OnFailure' } } }, { completions: 3 }]) {
      const refused = await api.mergePatch(path, { spec });
      expect(refused.code).toBe(422);
      expect(refused.text('message')).toContain('field is immutable');
    }
    const changed = await api.mergePatch(path, {
      spec: { ttlSecondsAfterFinished: 9, activeDeadlineSeconds: 700 },
    });
    expect(changed.code).toBe(200);
  });

  it('creates no new version for a patch without changes', async () => {
    const { api, policies } = target;
    const made = await api.post(policies, policy('calm'));
    const same = await api.mergePatch(`${policies}/calm`, {
      metadata: { labels: { 'sluice.dev/grant': 'calm' } },
    });
    expect(same.text('metadata', 'resourceVersion')).toBe(made.text('metadata', 'resourceVersion'));
  });

  it('applies JSON patches, and rejects one with a failed test', async () => {
    const { api, policies } = target;
    await api.post(policies, policy('json'));
    const type = 'application/json-patch+json';
    const path = `${policies}/json`;
    const added = await api.send('PATCH', path, [{ op: 'add', path: '/metadata/labels/a~1b', value: 'c' }], {
      type,
    });
    expect(at(added.body, 'metadata', 'labels', 'a/b')).toBe('c');
    const failed = await api.send('PATCH', path, [{ op: 'test', path: '/metadata/name', value: 'x' }], {
      type,
    });
    expect(failed.code).toBe(422);
    expect((await api.send('PATCH', path, {}, { type: 'application/json' })).code).toBe(415);
  });

  it('rejects changes of a lease’s start', async () => {
    const { api, jobs } = target;
    await api.post(jobs, lease('fixed', 600));
    const path = `${jobs}/fixed`;
    await eventually(
      () => api.get(path),
      (found) => found.text('status', 'startTime') !== undefined,
    );
    const moved = await api.mergePatch(`${path}/status`, { status: { startTime: '2030-01-01T00:00:00Z' } });
    expect(moved.code).toBe(422);
    expect(moved.text('message')).toContain('field is immutable for unsuspended job once set');
    const ignored = await api.mergePatch(path, { status: { startTime: '2030-01-01T00:00:00Z' } });
    expect(ignored.text('status', 'startTime')).not.toBe('2030-01-01T00:00:00Z');
  });
});

describe('deleting', () => {
  it('removes a policy at once and returns its uid; afterward it is 404', async () => {
    const { api, policies } = target;
    const made = await api.post(policies, policy('gone'));
    const uid = made.text('metadata', 'uid');
    const removed = await api.remove(`${policies}/gone`, { preconditions: { uid } });
    expect(removed.code).toBe(200);
    expect(removed.body).toMatchObject({
      kind: 'Status',
      status: 'Success',
      details: { name: 'gone', group: 'networking.k8s.io', kind: 'networkpolicies', uid },
    });
    expect((await api.remove(`${policies}/gone`)).code).toBe(404);
  });

  it('rejects a wrong uid or version with 409, only in the body', async () => {
    const { api, policies } = target;
    await api.post(policies, policy('guarded'));
    const path = `${policies}/guarded`;
    const uid = await api.remove(path, { preconditions: { uid: 'somebody-else' } });
    expect(uid.code).toBe(409);
    expect(uid.text('message')).toMatch(
      /^Operation cannot be fulfilled on NetworkPolicy.networking.k8s.io "guarded": the UID in the precondition \(somebody-else\) does not match/,
    );
    expect((await api.remove(path, { preconditions: { resourceVersion: '1' } })).code).toBe(409);
    const rehearsed = await api.remove(path, { dryRun: ['All'] });
    expect(rehearsed.code).toBe(200);
    expect((await api.get(path)).code).toBe(200);
    expect((await api.send('DELETE', `${path}?preconditions.uid=nobody`)).code).toBe(200);
  });

  it.each([
    ['no options', undefined, ''],
    ['an empty body', {}, ''],
    ['preconditions alone', 'uid', ''],
    ['an empty body against a query that says Background', {}, '?propagationPolicy=Background'],
    ['Orphan', { propagationPolicy: 'Orphan' }, ''],
  ])('orphans the policy of a lease deleted with %s', async (what, options, query) => {
    const { api, jobs, policies } = target;
    const name = what.toLowerCase().replace(/[^a-z]+/g, '-');
    const { job } = await grant(target, name, 600);
    const body = options === 'uid' ? { preconditions: { uid: job.text('metadata', 'uid') } } : options;
    const removed = await api.send('DELETE', `${jobs}/${name}${query}`, body);
    expect(removed.code).toBe(200);
    expect(removed.text('kind')).toBe('Job');
    expect(removed.headers.get('warning') !== null).toBe(what !== 'Orphan');
    await eventually(
      () => api.get(`${jobs}/${name}`),
      ({ code }) => code === 404,
    );
    const left = await eventually(
      () => api.get(`${policies}/${name}`),
      ({ body: found }) => at(found, 'metadata', 'ownerReferences') === undefined,
    );
    expect(left.code).toBe(200);
  });

  it.each([
    ['Background', { propagationPolicy: 'Background' }, ''],
    ['Foreground', { propagationPolicy: 'Foreground' }, ''],
    ['a query that says Foreground and no body', undefined, '?propagationPolicy=Foreground'],
    ['orphanDependents: false', { orphanDependents: false }, ''],
  ])('deletes the policy of a lease deleted with %s', async (what, body, query) => {
    const { api, jobs, policies } = target;
    const name = `along-${what.toLowerCase().replace(/[^a-z]+/g, '-')}`;
    await grant(target, name, 600);
    expect((await api.send('DELETE', `${jobs}/${name}${query}`, body)).code).toBe(200);
    await eventually(
      () => api.get(`${policies}/${name}`),
      ({ code }) => code === 404,
    );
    await eventually(
      () => api.get(`${jobs}/${name}`),
      ({ code }) => code === 404,
    );
  });

  it('rejects conflicting options', async () => {
    const { api, jobs } = target;
    await api.post(jobs, lease('contrary', 600));
    const both = await api.remove(`${jobs}/contrary`, {
      propagationPolicy: 'Foreground',
      orphanDependents: false,
    });
    expect(both.code).toBe(422);
    expect((await api.remove(`${jobs}/contrary`, { propagationPolicy: 'Sideways' })).code).toBe(422);
  });

  it('only marks objects with a finalizer, and removes them with the finalizer', async () => {
    const { api, policies } = target;
    await api.post(policies, {
      ...policy('held'),
      metadata: { name: 'held', finalizers: ['example.com/hold'] },
    });
    const path = `${policies}/held`;
    const marked = await api.remove(path);
    expect(marked.text('kind')).toBe('NetworkPolicy');
    expect(marked.text('metadata', 'deletionTimestamp')).toBeDefined();
    expect((await api.get(path)).code).toBe(200);
    expect((await api.mergePatch(path, { metadata: { finalizers: null } })).code).toBe(200);
    expect((await api.get(path)).code).toBe(404);
  });
});
