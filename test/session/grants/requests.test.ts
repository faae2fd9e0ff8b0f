import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ApiObject } from '../../../src/core/cluster/objects.ts';
import { DEFAULT_LIMITS } from '../../../src/core/common/limits.ts';
import type { Grant, GrantRequest } from '../../../src/core/grants/grant.ts';
import { findLeftovers } from '../../../src/core/grants/leftovers.ts';
import { isPending } from '../../../src/core/grants/pending.ts';
import { responderRules } from '../../../src/demo/api/access.ts';
import { connect } from '../../../src/kube/kube.ts';
import { approve, refuse } from '../../../src/session/grants/answer-request.ts';
import { awaitAnswer } from '../../../src/session/grants/await-answer.ts';
import { extendGrant } from '../../../src/session/grants/extend-grant.ts';
import { findGrants, findObjects, findRequests } from '../../../src/session/grants/find-grants.ts';
import { opensAlone } from '../../../src/session/grants/make-request.ts';
import type { GrantDeps } from '../../../src/session/grants/record.ts';
import { reviewRequest } from '../../../src/session/grants/review-request.ts';
import { revokeFound } from '../../../src/session/grants/revoke-found.ts';
import {
  ACROSS,
  ask as askOn,
  BOTH,
  closeMonitoring,
  type LiveDemo,
  STORY,
  startLiveDemo,
} from '../../helpers/demo/live-demo.ts';
import { eventually } from '../../helpers/eventually.ts';

let live: LiveDemo;
let bob: GrantDeps;
const { signal } = new AbortController();
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  live = await startLiveDemo();
  bob = await depsOf('bob');
});

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await live.dispose();
});

/** The dependencies of another user of the same cluster. */
async function depsOf(username: string): Promise<GrantDeps> {
  const { api, dispose } = await connect({
    kubeconfig: { text: live.demo.faults.addUser({ username, rules: responderRules() }) },
  });
  closing.push(async () => dispose());
  return { ...live.runtime.grantDeps, api, identity: await api.identity() };
}

const WAITED: GrantRequest = { ...STORY, seconds: 600 };

const ask = (request: Partial<GrantRequest> = {}) => askOn(live, { ...WAITED, ...request });

const objectsOf = ({ halves }: Grant) =>
  halves.map(({ namespace, policy, lease }) => ({
    policy: live.demo.faults.peek('networking.k8s.io/networkpolicies', namespace, policy?.name ?? ''),
    lease: live.demo.faults.peek('batch/jobs', namespace, lease?.name ?? ''),
  }));
const found = async (id: string): Promise<Grant> => {
  const request = (await findRequests(bob.api, undefined, signal)).find((one) => one.id === id);
  if (request === undefined) throw new Error(`${id} does not wait`);
  return request;
};
const verdictOf = async () => {
  const plan = await live.runtime.plan(WAITED, signal);
  return plan.ok ? 'closed' : plan.reason;
};
const types = async () => (await live.audited()).map(({ type }) => type);

describe('a request', () => {
  test('is the objects of a grant, which open nothing and end by themselves', async () => {
    const { grant } = await ask();
    const [{ policy, lease } = {}] = objectsOf(grant);
    expect(policy?.spec).toMatchObject({
      podSelector: {
        matchLabels: { app: 'db', 'sluice.dev/pending': 'true' },
        matchExpressions: [{ key: 'sluice.dev/pending', operator: 'DoesNotExist' }],
      },
    });
    expect(lease?.spec).toMatchObject({ activeDeadlineSeconds: 3_600 });
    expect(lease?.metadata.annotations).toMatchObject({
      'sluice.dev/asked': '10m',
      'sluice.dev/window': `1h of at most 9h, by ${grant.requester}`,
    });
    expect(await verdictOf()).toBe('closed');
    expect(await types()).toEqual(['intent', 'requested']);
  });

  test('selects no pod, even one that was given its label', async () => {
    const { grant } = await ask();
    const db =
      live.runtime.model.podsOf({ kind: 'StatefulSet', namespace: 'shop', name: 'db' })[0]?.name ?? '';
    live.demo.faults.edit('/pods', 'shop', db, (pod) => ({
      ...pod,
      metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, 'sluice.dev/pending': 'true' } },
    }));
    await eventually(() =>
      expect(live.runtime.model.pod('shop', db)?.labels).toHaveProperty('sluice.dev/pending'),
    );
    await eventually(() =>
      expect(
        live.runtime.model.policy('NetworkPolicy', 'shop', grant.halves[0]?.policy?.name ?? ''),
      ).toBeDefined(),
    );
    expect(await verdictOf()).toBe('closed');
  });

  test('is no grant, and no leftover while it waits', async () => {
    const { grant } = await ask();
    expect(await findGrants(bob.api, undefined, signal)).toEqual([]);
    expect(await found(grant.id)).toMatchObject({ drift: [], waiting: { seconds: 600 } });
    const objects = await findObjects(bob.api, undefined, signal);
    expect(findLeftovers(objects, bob.api.clock.now())).toEqual([]);
    const late = bob.api.clock.now() + 3_700_000;
    expect(findLeftovers(objects, late)).toMatchObject([
      { name: grant.id, state: 'leftover', why: [expect.stringContaining('the request is still there')] },
    ]);
  });

  test('is planned again to the same facts', async () => {
    const { grant } = await ask();
    const review = await reviewRequest(bob, live.runtime, await found(grant.id), signal);
    expect(review).toMatchObject({ isSame: true, troubles: [], hash: grant.waiting?.plan });
    expect(review.facts).toContain('opens Deployment/shop/web → StatefulSet/shop/db 5432/tcp');
    expect(
      review.facts.some((fact) => /^rests on NetworkPolicy\/shop\/db-only-api [0-9a-f]{32}$/.test(fact)),
    ).toBe(true);
  });

  test('is withdrawn by whoever made it', async () => {
    const { grant } = await ask();
    expect(await revokeFound(live.runtime.grantDeps, await found(grant.id))).toMatchObject({ revoked: true });
    expect(objectsOf(grant)).toEqual([{ policy: undefined, lease: undefined }]);
    expect((await types()).at(-1)).toBe('withdrawn');
  });
});

describe('an approval', () => {
  const reviewed = async (id: string) => reviewRequest(bob, live.runtime, await found(id), signal);
  const approved = async (id: string, deps = bob) => {
    const review = await reviewed(id);
    return approve(deps, live.runtime, review.request, review.hash, signal);
  };

  test('by another opens both halves in two namespaces, from now on', async () => {
    await closeMonitoring(live);
    const { grant } = await ask(ACROSS);
    const before = bob.api.clock.now();
    const { grant: open } = await approved(grant.id);
    const objects = objectsOf(grant);
    expect(objects).toHaveLength(2);
    for (const { policy, lease } of objects) {
      expect(policy !== undefined && isPending(policy)).toBe(false);
      expect(JSON.stringify(policy?.spec)).not.toContain('pending');
      expect(JSON.parse(lease?.metadata.annotations?.['sluice.dev/policy'] ?? '')).toEqual(policy?.spec);
      for (const object of [policy, lease])
        expect(object?.metadata.annotations).toMatchObject({
          'sluice.dev/approved-by': 'bob',
          'sluice.dev/approved-plan': grant.waiting?.plan,
        });
    }
    // The server's time is known to a second.
    expect(open.window?.end).toBeGreaterThan(before + 598_000);
    expect(open.window?.end).toBeLessThan(bob.api.clock.now() + 603_000);
    expect(await findGrants(bob.api, undefined, signal)).toMatchObject([
      { id: grant.id, drift: [], approval: { by: 'bob' }, announced: { by: 'bob' } },
    ]);
    expect((await types()).slice(-2)).toEqual(['intent', 'approved']);
  });

  test('by the requester is refused, and nothing changes', async () => {
    const { grant } = await ask();
    const before = objectsOf(grant);
    await expect(approved(grant.id, live.runtime.grantDeps)).rejects.toMatchObject({ code: 'refused' });
    expect(objectsOf(grant)).toEqual(before);
  });

  test('of a plan that rests on another policy by now is refused, with what is different', async () => {
    const { grant } = await ask();
    const before = objectsOf(grant);
    live.demo.faults.edit('networking.k8s.io/networkpolicies', 'shop', 'db-only-api', (policy) =>
      edit(policy, { ingress: [] }),
    );
    await eventually(async () => expect((await reviewed(grant.id)).isSame).toBe(false));
    await expect(
      approve(bob, live.runtime, await found(grant.id), grant.waiting?.plan ?? '', signal),
    ).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('- was: rests on NetworkPolicy/shop/db-only-api'),
    });
    expect(objectsOf(grant)).toEqual(before);
    // What was reviewed anew is approved.
    expect(await approved(grant.id)).toMatchObject({ grant: { approval: { by: 'bob' } } });
  });

  test('of objects that were edited is refused', async () => {
    const { grant } = await ask();
    const { namespace = '', policy } = grant.halves[0] ?? {};
    live.demo.faults.edit('networking.k8s.io/networkpolicies', namespace, policy?.name ?? '', (object) =>
      edit(object, { ingress: [{}] }),
    );
    await expect(approved(grant.id)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('not as it would be made now'),
    });
  });

  test('of a lease that announces another copy than its policy is refused', async () => {
    const { grant } = await ask();
    const { namespace = '', policy, lease } = grant.halves[0] ?? {};
    const wide = (object: ApiObject) => edit(object, { ingress: [{}] });
    live.demo.faults.edit('networking.k8s.io/networkpolicies', namespace, policy?.name ?? '', wide);
    live.demo.faults.edit('batch/jobs', namespace, lease?.name ?? '', (job) => {
      const copy = JSON.parse(job.metadata.annotations?.['sluice.dev/policy'] ?? '');
      const annotations = {
        ...job.metadata.annotations,
        'sluice.dev/policy': JSON.stringify({ ...copy, ingress: [{}] }),
      };
      return { ...job, metadata: { ...job.metadata, annotations } };
    });
    await expect(approved(grant.id)).rejects.toMatchObject({
      message: expect.stringContaining('is not as it would be written now'),
    });
  });

  test('of a policy that is not what would be made now is refused', async () => {
    const { grant } = await ask();
    const { namespace = '', policy } = grant.halves[0] ?? {};
    live.demo.faults.edit('networking.k8s.io/networkpolicies', namespace, policy?.name ?? '', (object) =>
      edit(object, { ingress: [{ from: [{ podSelector: {} }] }] }),
    );
    const review = await reviewed(grant.id);
    expect(review.troubles.some((text) => text.includes('is not what would be made now'))).toBe(true);
  });

  test('whose second half fails takes back the first', async () => {
    await closeMonitoring(live);
    const { grant } = await ask(ACROSS);
    const review = await reviewed(grant.id);
    const egress = grant.halves.find(({ direction }) => direction === 'egress');
    const refusing = {
      ...bob,
      api: {
        ...bob.api,
        patch: async (...args: Parameters<typeof bob.api.patch>) => {
          if (args[0].resource === 'networkpolicies' && args[0].namespace === egress?.namespace)
            throw Object.assign(new Error('no'), { name: 'Error' });
          return bob.api.patch(...args);
        },
      },
    };
    await expect(approve(refusing, live.runtime, review.request, review.hash, signal)).rejects.toThrow();
    await eventually(() =>
      expect(objectsOf(grant)).toEqual([
        { policy: undefined, lease: undefined },
        { policy: undefined, lease: undefined },
      ]),
    );
    expect((await types()).at(-1)).toBe('failed');
  });

  test('killed after the leases leaves a request, which the same approver can finish', async () => {
    const { grant } = await ask();
    const review = await reviewed(grant.id);
    const killed = {
      ...bob,
      api: {
        ...bob.api,
        patch: async (...args: Parameters<typeof bob.api.patch>) =>
          args[0].resource === 'networkpolicies'
            ? new Promise<never>(() => undefined)
            : bob.api.patch(...args),
      },
    };
    void approve(killed, live.runtime, review.request, review.hash, signal).catch(() => undefined);
    await eventually(() =>
      expect(objectsOf(grant)[0]?.lease?.metadata.annotations).toHaveProperty('sluice.dev/approved-by'),
    );
    expect(await verdictOf()).toBe('closed');
    expect(await found(grant.id)).toMatchObject({ waiting: { approvedBy: 'bob' } });
    const carol = await depsOf('carol');
    await expect(approved(grant.id, carol)).rejects.toMatchObject({
      message: expect.stringContaining('bob began to approve'),
    });
    expect(await approved(grant.id)).toMatchObject({ grant: { approval: { by: 'bob' } } });
  });

  test('by two at once is that of one', async () => {
    const carol = await depsOf('carol');
    const { grant } = await ask(BOTH);
    const { request, hash } = await reviewed(grant.id);
    const ends = await Promise.allSettled(
      [bob, carol].map((deps) => approve(deps, live.runtime, request, hash, signal)),
    );
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const signed = objectsOf(grant).flatMap(({ policy, lease }) =>
      [policy, lease].map((object) => object?.metadata.annotations?.['sluice.dev/approved-by']),
    );
    expect(new Set(signed).size).toBe(1);
  });

  test('is extended by others than the requester, where approvals are required', async () => {
    const { grant } = await ask();
    await approved(grant.id);
    const [open] = await findGrants(bob.api, undefined, signal);
    if (open === undefined) throw new Error('not open');
    const approvals = { namespaces: ['sh*'], contexts: [], pendingSeconds: 3_600, breakGlass: false };
    const limits = { ...DEFAULT_LIMITS, approvals };
    await expect(extendGrant({ ...live.runtime.grantDeps, limits }, open, 60, signal)).rejects.toMatchObject({
      code: 'refused',
      hint: expect.stringContaining('Let bob run sluice extend'),
    });
    expect((await extendGrant({ ...bob, limits }, open, 60, signal)).window?.end).toBe(
      (open.window?.end ?? 0) + 60_000,
    );
  });
});

describe('whoever waits for the answer', () => {
  test('gets the grant, and keeps it to its end', async () => {
    const made = await ask();
    const answer = awaitAnswer(live.runtime.grantDeps, made, signal);
    const review = await reviewRequest(bob, live.runtime, await found(made.grant.id), signal);
    await approve(bob, live.runtime, review.request, review.hash, signal);
    const said = await answer;
    if (said.type !== 'approved') throw new Error(said.type);
    const kept = live.runtime.keeper.take(said.made, []);
    expect(kept).toMatchObject({ mine: true, approval: { by: 'bob' } });
    await live.runtime.keeper.revoke([kept.id]);
    expect(objectsOf(made.grant)[0]?.policy).toBeUndefined();
  });

  test('hears that it ran out', async () => {
    const { grant, sent } = await ask();
    const over = { ...grant, window: { start: 0, end: 0, seconds: 0 } };
    const answer = awaitAnswer(live.runtime.grantDeps, { grant: over, sent }, signal);
    await revokeFound(bob, await found(grant.id));
    expect(await answer).toEqual({ type: 'expired' });
  });

  test('hears who refused it and why', async () => {
    const made = await ask();
    const answer = awaitAnswer(live.runtime.grantDeps, made, signal);
    expect(await refuse(bob, await found(made.grant.id), 'use the replica', signal)).toMatchObject({
      revoked: true,
    });
    expect(await answer).toEqual({ type: 'refused', why: 'bob: use the replica' });
    expect((await types()).at(-1)).toBe('rejected');
  });

  test('hears that it was removed', async () => {
    const made = await ask();
    const answer = awaitAnswer(live.runtime.grantDeps, made, signal);
    await revokeFound(bob, { ...(await found(made.grant.id)) });
    expect(await answer).toEqual({ type: 'removed' });
  });
});

test('without admission policies, whoever asks could open the path alone', async () => {
  const plan = await live.runtime.plan(WAITED, signal);
  if (!plan.ok) throw new Error(plan.message);
  expect(await opensAlone(live.runtime.grantDeps, plan, signal)).toBe(true);
});

const edit = (object: ApiObject, spec: object): ApiObject => ({
  ...object,
  spec: { ...(object.spec as object), ...spec },
});
