import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at, listAt, textAt } from '../../src/core/common/json.ts';
import {
  conditions,
  eventually,
  grant,
  lease,
  ownedBy,
  policy,
  type Reply,
  type Seen,
  startTarget,
  type Target,
  type Watching,
} from '../helpers/demo/demo.ts';

let target: Target;
beforeAll(async () => {
  target = await startTarget();
});
afterAll(async () => {
  await target.stop();
});

const started = (path: string): Promise<Reply> =>
  eventually(
    () => target.api.get(path),
    (found) => found.text('status', 'startTime') !== undefined,
  );
const gone = (path: string): Promise<Reply> =>
  eventually(
    () => target.api.get(path),
    ({ code }) => code === 404,
  );

/** The events of a watch on one object: types with their changes. */
function story(watching: Watching, name: string): readonly string[] {
  return watching.events.filter(({ object }) => isNamed(object, name)).map(line);
}

function isNamed(object: unknown, name: string): boolean {
  return textAt(object, 'metadata', 'name') === name;
}

function line({ type, object }: Seen): string {
  const finalizers = listAt(object, 'metadata', 'finalizers').join();
  const owners = listAt(object, 'metadata', 'ownerReferences').length;
  const detail = [
    ...conditions(object),
    ...(textAt(object, 'kind') === 'Job' ? [] : [`${owners} owners`]),
    ...(finalizers === '' ? [] : [finalizers]),
  ];
  return [type, ...detail].join(' ');
}

async function watchBoth(): Promise<{
  readonly jobs: Watching;
  readonly policies: Watching;
  readonly close: () => void;
}> {
  const { api, jobs, policies } = target;
  const from = async (path: string): Promise<Watching> => {
    const version = (await api.get(path)).text('metadata', 'resourceVersion');
    return await api.watch(`${path}?watch=1&resourceVersion=${version}`);
  };
  const both = { jobs: await from(jobs), policies: await from(policies) };
  return {
    ...both,
    close: () => {
      both.jobs.close();
      both.policies.close();
    },
  };
}

describe.concurrent('a lease', () => {
  it('starts at a whole second and deletes its policy at startTime + activeDeadlineSeconds', async () => {
    const { api, policies } = target;
    const watching = await watchBoth();
    await grant(target, 'expiring', 2);
    const job = await watching.jobs.until(
      ({ object }) => isNamed(object, 'expiring') && textAt(object, 'status', 'startTime') !== undefined,
    );
    const start = textAt(job.object, 'status', 'startTime') ?? '';
    expect(start).toMatch(/:\d\dZ$/);
    const deleted = await watching.policies.until(
      ({ type, object }) => type === 'DELETED' && isNamed(object, 'expiring'),
    );
    expect(Date.now()).toBeGreaterThan(Date.parse(start) + 1_950);
    await watching.jobs.until(({ type, object }) => type === 'DELETED' && isNamed(object, 'expiring'));
    watching.close();
    expect(story(watching.jobs, 'expiring')).toEqual([
      'ADDED',
      'MODIFIED',
      'MODIFIED FailureTarget',
      'MODIFIED FailureTarget Failed',
      'MODIFIED FailureTarget Failed foregroundDeletion',
      'DELETED FailureTarget Failed foregroundDeletion',
    ]);
    expect(story(watching.policies, 'expiring')).toEqual(['ADDED 1 owners', 'DELETED 1 owners']);
    expect(textAt(deleted.object, 'metadata', 'name')).toBe('expiring');
    expect((await api.get(`${policies}/expiring`)).code).toBe(404);
  });

  it.each([
    ['Background', ['ADDED', 'MODIFIED', 'DELETED'], ['ADDED 1 owners', 'DELETED 1 owners']],
    [
      'Foreground',
      ['ADDED', 'MODIFIED', 'MODIFIED foregroundDeletion', 'DELETED foregroundDeletion'],
      ['ADDED 1 owners', 'DELETED 1 owners'],
    ],
    [
      'Orphan',
      ['ADDED', 'MODIFIED', 'MODIFIED orphan', 'DELETED orphan'],
      ['ADDED 1 owners', 'MODIFIED 0 owners'],
    ],
  ])('deleted %s shows in a watch as on a real cluster', async (propagationPolicy, job, owned) => {
    const { api, jobs } = target;
    const name = `shown-${propagationPolicy.toLowerCase()}`;
    const watching = await watchBoth();
    await grant(target, name, 600);
    await started(`${jobs}/${name}`);
    await api.remove(`${jobs}/${name}`, { propagationPolicy });
    await watching.jobs.until(({ type, object }) => type === 'DELETED' && isNamed(object, name));
    await watching.policies.until(({ type, object }) => type !== 'ADDED' && isNamed(object, name));
    watching.close();
    expect(story(watching.jobs, name)).toEqual(job);
    expect(story(watching.policies, name)).toEqual(owned);
  });

  it('can be extended, and then ends at the new deadline', async () => {
    const { api, jobs, policies } = target;
    await grant(target, 'longer', 2);
    const job = await started(`${jobs}/longer`);
    await api.mergePatch(`${jobs}/longer`, { spec: { activeDeadlineSeconds: 4 } });
    await gone(`${policies}/longer`);
    const lived = Date.now() - Date.parse(job.text('status', 'startTime') ?? '');
    expect(lived).toBeGreaterThan(3_900);
  });

  it('ends at once when its deadline is moved to the past', async () => {
    const { api, jobs, policies } = target;
    await grant(target, 'shorter', 600);
    await started(`${jobs}/shorter`);
    await api.mergePatch(`${jobs}/shorter`, { spec: { activeDeadlineSeconds: 0 } });
    await gone(`${policies}/shorter`);
  });

  it('responds with 200 to an extension after its end, which has no effect', async () => {
    const { api, jobs, policies } = target;
    await grant(target, 'failed', 1, { ttlSecondsAfterFinished: undefined });
    await eventually(
      () => api.get(`${jobs}/failed`),
      ({ body }) => conditions(body).includes('Failed'),
    );
    const extended = await api.mergePatch(`${jobs}/failed`, { spec: { activeDeadlineSeconds: 600 } });
    expect(extended.code).toBe(200);
    expect(at(extended.body, 'spec', 'activeDeadlineSeconds')).toBe(600);
    expect(conditions(extended.body)).toEqual(['FailureTarget', 'Failed']);
    expect((await api.get(`${policies}/failed`)).code).toBe(200);
    await api.mergePatch(`${jobs}/failed`, { spec: { ttlSecondsAfterFinished: 0 } });
    await gone(`${policies}/failed`);
  });

  it('loses its start when suspended, and starts over when resumed', async () => {
    const { api, jobs } = target;
    await grant(target, 'paused', 600);
    const before = await started(`${jobs}/paused`);
    await api.mergePatch(`${jobs}/paused`, { spec: { suspend: true } });
    const paused = await eventually(
      () => api.get(`${jobs}/paused`),
      ({ body }) => conditions(body).includes('Suspended'),
    );
    expect(paused.text('status', 'startTime')).toBeUndefined();
    await eventually(
      async () => Date.now(),
      (now) => now > Date.parse(before.text('status', 'startTime') ?? '') + 2_000,
    );
    await api.mergePatch(`${jobs}/paused`, { spec: { suspend: false } });
    const resumed = await started(`${jobs}/paused`);
    expect(resumed.text('status', 'startTime')).not.toBe(before.text('status', 'startTime'));
    expect(listAt(resumed.body, 'status', 'conditions')).toMatchObject([
      { type: 'Suspended', status: 'False', reason: 'JobResumed' },
    ]);
  });

  it('never starts if it is created suspended or with another manager', async () => {
    const { api, jobs } = target;
    await api.post(jobs, lease('asleep', 1, { suspend: true }));
    await api.post(jobs, lease('foreign', 1, { managedBy: 'kueue.x-k8s.io/multikueue' }));
    await api.post(jobs, lease('sane', 1));
    await gone(`${jobs}/sane`);
    for (const name of ['asleep', 'foreign']) {
      expect((await api.get(`${jobs}/${name}`)).text('status', 'startTime')).toBeUndefined();
    }
  });

  it('completes at once with completions: 0', async () => {
    const { api, jobs } = target;
    await api.post(jobs, lease('complete', 600, { completions: 0, ttlSecondsAfterFinished: 600 }));
    const job = await eventually(
      () => api.get(`${jobs}/complete`),
      ({ body }) => conditions(body).includes('Complete'),
    );
    expect(conditions(job.body)).toEqual(['SuccessCriteriaMet', 'Complete']);
    expect(job.text('status', 'completionTime')).toBeDefined();
  });

  it('with a pod ends about a second late', async () => {
    const { api, jobs, policies } = target;
    await grant(target, 'with-pod', 2, { parallelism: 1 });
    const job = await started(`${jobs}/with-pod`);
    const pods = await eventually(
      () => api.get(`/api/v1/namespaces/${api.namespace}/pods?labelSelector=job-name%3Dwith-pod`),
      ({ body }) => listAt(body, 'items').length === 1,
    );
    expect(textAt(pods.body, 'items', 0, 'status', 'phase')).toBe('Pending');
    await gone(`${policies}/with-pod`);
    const late = Date.now() - Date.parse(job.text('status', 'startTime') ?? '') - 2_000;
    expect(late).toBeGreaterThan(900);
  });
});

describe.concurrent('the garbage collector', () => {
  it('removes a policy with a missing owner, whichever part of the reference is wrong', async () => {
    const { api, jobs, policies } = target;
    const job = await api.post(jobs, lease('owner', 600));
    const wrong = {
      'no-such-uid': { uid: '00000000-0000-4000-8000-000000000000' },
      'another-name': { name: 'somebody-else' },
      'nobody-at-all': { name: 'nobody', uid: '00000000-0000-4000-8000-000000000001' },
    };
    for (const [name, change] of Object.entries(wrong)) {
      expect((await api.post(policies, policy(name, ownedBy(job, change)))).code).toBe(201);
      await gone(`${policies}/${name}`);
    }
  });

  it('never processes an owner of an apiVersion or group without the kind', async () => {
    const { api, jobs, policies } = target;
    const job = await api.post(jobs, lease('misspelt', 600));
    for (const apiVersion of ['batch/v9', 'apps/v1']) {
      const name = `misspelt-${apiVersion.replace('/', '-')}`;
      expect((await api.post(policies, policy(name, ownedBy(job, { apiVersion })))).code).toBe(201);
    }
    await api.post(policies, policy('spelt', ownedBy(job)));
    await api.remove(`${jobs}/misspelt`, { propagationPolicy: 'Background' });
    await gone(`${policies}/spelt`);
    expect((await api.get(`${policies}/misspelt-batch-v9`)).code).toBe(200);
    expect((await api.get(`${policies}/misspelt-apps-v1`)).code).toBe(200);
  });

  it('keeps a policy with a second live owner, reduced to that one, and removes it afterward', async () => {
    const { api, jobs, policies } = target;
    const first = await api.post(jobs, lease('first', 600));
    const second = await api.post(jobs, lease('second', 600));
    const both = {
      ...policy('shared'),
      metadata: { name: 'shared', ownerReferences: [ownedBy(first), ownedBy(second)] },
    };
    await api.post(policies, both);
    await api.remove(`${jobs}/first`, { propagationPolicy: 'Foreground' });
    const kept = await eventually(
      () => api.get(`${policies}/shared`),
      ({ body }) => listAt(body, 'metadata', 'ownerReferences').length === 1,
    );
    expect(textAt(kept.body, 'metadata', 'ownerReferences', 0, 'name')).toBe('second');
    await api.remove(`${jobs}/second`, { propagationPolicy: 'Background' });
    await gone(`${policies}/shared`);
  });

  it('marks a policy with a finalizer, which then stays', async () => {
    const { api, jobs, policies } = target;
    const job = await api.post(jobs, lease('held-lease', 600));
    const held = policy('held', ownedBy(job));
    await api.post(policies, { ...held, metadata: { ...held.metadata, finalizers: ['example.com/hold'] } });
    await api.remove(`${jobs}/held-lease`, { propagationPolicy: 'Foreground' });
    const marked = await eventually(
      () => api.get(`${policies}/held`),
      (found) => found.text('metadata', 'deletionTimestamp') !== undefined,
    );
    expect(marked.code).toBe(200);
    await gone(`${jobs}/held-lease`);
    await api.mergePatch(`${policies}/held`, { metadata: { finalizers: null } });
    await gone(`${policies}/held`);
  });

  it('keeps the policy of a lease with a finalizer deleted Background, and removes it for Foreground', async () => {
    const { api, jobs, policies } = target;
    for (const propagationPolicy of ['Background', 'Foreground']) {
      const name = `finalized-${propagationPolicy.toLowerCase()}`;
      const held = lease(name, 600);
      const job = await api.post(jobs, {
        ...held,
        metadata: { ...held.metadata, finalizers: ['example.com/hold'] },
      });
      await api.post(policies, policy(name, ownedBy(job)));
      await api.remove(`${jobs}/${name}`, { propagationPolicy });
    }
    await gone(`${policies}/finalized-foreground`);
    expect((await api.get(`${policies}/finalized-background`)).code).toBe(200);
    for (const name of ['finalized-background', 'finalized-foreground']) {
      await api.mergePatch(`${jobs}/${name}`, { metadata: { finalizers: null } });
    }
    await gone(`${policies}/finalized-background`);
  });

  it('prefers an explicit option over an orphan finalizer in the Job', async () => {
    const { api, jobs, policies } = target;
    const odd = lease('odd', 600);
    const job = await api.post(jobs, { ...odd, metadata: { ...odd.metadata, finalizers: ['orphan'] } });
    await api.post(policies, policy('odd', ownedBy(job)));
    await api.remove(`${jobs}/odd`, { propagationPolicy: 'Foreground' });
    await gone(`${policies}/odd`);
  });
});
