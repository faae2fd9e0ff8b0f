import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SluiceError } from '../../../src/core/common/errors.ts';
import type { ClusterApi } from '../../../src/core/ports/ports.ts';
import { findGrants } from '../../../src/session/grants/find-grants.ts';
import { createKeeper, type GrantKeeper } from '../../../src/session/grants/keeper.ts';
import { type GoodPlan, type GrantStep, makeGrant } from '../../../src/session/grants/make-grant.ts';
import type { GrantDeps } from '../../../src/session/grants/record.ts';
import { revokeFound } from '../../../src/session/grants/revoke-found.ts';
import { BOTH, type LiveDemo, STORY, startLiveDemo } from '../../helpers/demo/live-demo.ts';
import { eventually } from '../../helpers/eventually.ts';

let live: LiveDemo;
const { signal } = new AbortController();
const JOBS = { group: 'batch', version: 'v1', resource: 'jobs' };
const POLICIES = { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' };

beforeEach(async () => {
  live = await startLiveDemo();
});

afterEach(async () => {
  await live.dispose();
});

const left = async () => {
  const { api } = live.runtime.connection;
  const options = { labels: 'sluice.dev/grant' };
  return [...(await api.list(JOBS, options)), ...(await api.list(POLICIES, options))].map(
    ({ metadata }) => metadata.name,
  );
};
const types = async () => (await live.audited()).map(({ type }) => type);
/** The dependencies of a grant with some calls of the API gone wrong. */
const withApi = (change: (api: ClusterApi) => Partial<ClusterApi>): GrantDeps => {
  const { grantDeps } = live.runtime;
  const { api } = grantDeps;
  return { ...grantDeps, api: { ...api, clock: api.clock, ...change(api) } };
};
const planOf = async (request = { ...STORY, ...BOTH, seconds: 600 }): Promise<GoodPlan> => {
  const plan = await live.runtime.plan(request, signal);
  if (!plan.ok) throw new Error(plan.message);
  return plan;
};
const make = (deps: GrantDeps, plan: GoodPlan, onStep: (step: GrantStep) => void = () => {}, stop = signal) =>
  makeGrant(deps, plan, { ...STORY, ...BOTH, seconds: 600 }, onStep, stop);

describe('a call whose answer is lost', () => {
  test.each(['jobs', 'networkpolicies'])(
    'that creates %s: what it made is found by its name and removed',
    async (lost) => {
      const deps = withApi((api) => ({
        create: async (ref, object, options) => {
          const answer = await api.create(ref, object, options);
          if (ref.resource === lost && options?.dryRun !== true)
            throw new SluiceError('unreachable', 'The connection was lost.', '');
          return answer;
        },
      }));
      await expect(make(deps, await planOf())).rejects.toMatchObject({ code: 'unreachable' });
      await eventually(async () => expect(await left()).toEqual([]));
      expect((await live.audited()).at(-1)).toMatchObject({
        type: 'failed',
        outcome: expect.stringContaining('Everything created was removed'),
      });
    },
  );

  test('a name that is already taken is left alone', async () => {
    const plan = await planOf();
    const [half] = plan.halves;
    if (half === undefined) throw new Error('no half');
    const { api } = live.runtime.connection;
    await api.create({ ...JOBS, namespace: half.namespace }, half.lease);
    const made = await make(live.runtime.grantDeps, plan).catch((error: unknown) => error);
    expect(made).toMatchObject({ code: 'conflict' });
    expect(await left()).toEqual([half.lease.metadata.name]);
  });
});

describe('what it says', () => {
  const lostAnswer = (also: (api: ClusterApi) => Partial<ClusterApi> = () => ({})) =>
    withApi((api) => ({
      create: async (ref, object, options) => {
        const answer = await api.create(ref, object, options);
        if (ref.resource === 'networkpolicies' && options?.dryRun !== true)
          throw new SluiceError('unreachable', 'The connection was lost.', 'Check the network.');
        return answer;
      },
      ...also(api),
    }));

  test('after an answer was lost and all was taken back: that nothing is left', async () => {
    await expect(make(lostAnswer(), await planOf())).rejects.toMatchObject({
      code: 'unreachable',
      message: 'The connection was lost. Everything created was removed.',
      hint: expect.stringContaining('Nothing of the grant is left'),
    });
  });

  test('where it cannot be looked up what a lost call made: that it may be there', async () => {
    const blind = lostAnswer((api) => ({
      read: (ref, within) =>
        ref.resource === 'networkpolicies'
          ? Promise.reject(new SluiceError('unreachable', 'The connection was lost.', ''))
          : api.read(ref, within),
    }));
    await expect(make(blind, await planOf())).rejects.toMatchObject({
      code: 'left-open',
      message: expect.stringMatching(
        /Left behind: NetworkPolicy shop\/sluice-\w+-in may have been created: The connection was lost/,
      ),
    });
  });

  test.each([
    [0, /was removed as soon as it was made/, /Check what deletes Jobs and NetworkPolicies/],
    [3_600_000, /^The window of 10m was over before the grant shop\/.* was in force/, /grant for longer/],
  ])('where it is gone when it is read back, %d ms later', async (slow, message, hint) => {
    let made = false;
    const deps = withApi((api) => ({
      clock: { now: () => api.clock.now() + (made ? slow : 0), error: 0, offset: 0 },
      read: async (ref, within) => {
        made ||= ref.resource === 'networkpolicies';
        return made ? undefined : api.read(ref, within);
      },
    }));
    await expect(make(deps, await planOf())).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });

  test('where the name is taken: nothing of names, which nobody chooses', async () => {
    const plan = await planOf();
    const [half] = plan.halves;
    if (half === undefined) throw new Error('no half');
    await live.runtime.connection.api.create({ ...JOBS, namespace: half.namespace }, half.lease);
    await expect(make(live.runtime.grantDeps, plan)).rejects.toMatchObject({
      code: 'conflict',
      hint: expect.stringMatching(/Grant again.* a proxy may send requests twice/),
    });
  });
});

describe('interrupted', () => {
  test.each(['rights', 'dry-run', 'audit', 'lease', 'policy', 'read-back'] as const)(
    'at the step %s, nothing stays',
    async (at) => {
      const stop = new AbortController();
      const onStep = (step: GrantStep) => {
        if (step === at) stop.abort(new SluiceError('interrupted', 'Interrupted by SIGTERM.', ''));
      };
      const plan = await planOf();
      await expect(make(live.runtime.grantDeps, plan, onStep, stop.signal)).rejects.toMatchObject({
        code: 'interrupted',
      });
      await eventually(async () => expect(await left()).toEqual([]));
      expect((await types()).at(-1)).toMatch(/failed|refused/);
    },
  );

  test('where not all can be taken back, that is what is said', async () => {
    const deps = withApi(() => ({
      delete: () => Promise.reject(new SluiceError('forbidden', 'You may not delete it.', '')),
    }));
    const stop = new AbortController();
    const onStep = (step: GrantStep) => {
      if (step === 'read-back') stop.abort(new SluiceError('interrupted', 'Interrupted by SIGTERM.', ''));
    };
    await expect(make(deps, await planOf(), onStep, stop.signal)).rejects.toMatchObject({
      code: 'left-open',
      message: expect.stringMatching(/Left behind: NetworkPolicy shop\/sluice-.*You may not delete it/),
    });
  });
});

describe('ending', () => {
  const found = async () => {
    const [grant] = await findGrants(live.runtime.connection.api, 'shop', signal);
    if (grant === undefined) throw new Error('no grant');
    return grant;
  };

  test.each([
    ['500', new SluiceError('failed', 'HTTP 500', '')],
    ['429', new SluiceError('failed', 'HTTP 429', '')],
    ['a lost connection', new SluiceError('unreachable', 'lost', '')],
  ])('goes on after %s', async (_, error) => {
    await live.open({ seconds: 600 });
    let failures = 2;
    const deps = withApi((api) => ({
      delete: async (ref, options) => {
        failures -= 1;
        if (failures >= 0) throw error;
        return api.delete(ref, options);
      },
    }));
    expect(await revokeFound(deps, await found())).toMatchObject({ revoked: true });
    await eventually(async () => expect(await left()).toEqual([]));
  });

  const lost = new SluiceError('forbidden', 'You may not delete it.', '');

  test('that is refused is done all the same where the cluster has ended it', async () => {
    await live.open({ seconds: 600 });
    const grant = await found();
    const deps = withApi((api) => ({
      delete: async (ref, options) => {
        const done = await api.delete(ref, options);
        if (ref.resource === 'networkpolicies') throw lost;
        return done;
      },
    }));
    expect(await revokeFound(deps, grant)).toMatchObject({ revoked: true, unknown: false, leftovers: [] });
  });

  test('that is refused where nothing can be read either is unknown, and is told and recorded so', async () => {
    await live.open({ seconds: 600 });
    const grant = await found();
    const deps = withApi(() => ({
      delete: () => Promise.reject(lost),
      read: () => Promise.reject(new SluiceError('unauthenticated', 'The token has expired.', '')),
    }));
    const why = expect.stringMatching(/You may not delete it; whether it is gone is unknown$/);
    expect(await revokeFound(deps, grant)).toMatchObject({
      revoked: false,
      unknown: true,
      halves: [{ done: false, unknown: true, why }],
    });
    expect((await live.audited()).at(-1)).toMatchObject({
      type: 'failed',
      outcome: expect.stringMatching(/^not known to be revoked: NetworkPolicy shop/),
    });
  });

  test('by two at once is done once and reported as done to both', async () => {
    await live.open({ seconds: 600 });
    const grant = await found();
    const { grantDeps } = live.runtime;
    const ends = await Promise.all([revokeFound(grantDeps, grant), revokeFound(grantDeps, grant)]);
    expect(ends).toMatchObject([{ revoked: true }, { revoked: true }]);
    expect(await revokeFound(grantDeps, grant)).toMatchObject({ revoked: true });
  });

  test('leaves alone what another has made under the name', async () => {
    const made = await live.open({ seconds: 600 });
    const grant = await found();
    await live.runtime.keeper.dispose();
    const { name = '' } = made.halves[0]?.policy ?? {};
    const { api } = live.runtime.connection;
    const was = await api.read({ ...POLICIES, namespace: 'shop', name });
    await api.delete(
      { ...POLICIES, namespace: 'shop', name },
      {
        uid: was?.metadata.uid ?? '',
        propagation: 'Background',
      },
    );
    await api.create(
      { ...POLICIES, namespace: 'shop' },
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name },
        spec: { podSelector: { matchLabels: { app: 'mail' } } },
      },
    );
    expect(await revokeFound(live.runtime.grantDeps, grant)).toMatchObject({ revoked: true });
    expect((await api.read({ ...POLICIES, namespace: 'shop', name }))?.spec).toMatchObject({
      podSelector: { matchLabels: { app: 'mail' } },
    });
  });

  test('of one half goes on though the other can’t be ended', async () => {
    await live.open({ ...BOTH, seconds: 600 });
    const grant = await found();
    const deps = withApi((api) => ({
      delete: async (ref, options) => {
        if (ref.name.endsWith('-out')) throw new SluiceError('forbidden', 'You may not delete it.', '');
        return api.delete(ref, options);
      },
    }));
    const end = await revokeFound(deps, grant);
    expect(end).toMatchObject({ revoked: false });
    expect(end.halves.map(({ direction, done }) => [direction, done])).toEqual([
      ['egress', false],
      ['ingress', true],
    ]);
  });

  test('a lease that stays behind is named', async () => {
    await live.open({ seconds: 600 });
    const deps = withApi((api) => ({
      delete: async (ref, options) => {
        if (ref.resource === 'jobs') throw new SluiceError('forbidden', 'You may not delete it.', '');
        return api.delete(ref, options);
      },
    }));
    expect(await revokeFound(deps, await found())).toMatchObject({
      revoked: true,
      leftovers: [expect.stringContaining('You may not delete it')],
    });
    expect((await live.audited()).find(({ type }) => type === 'revoked')?.outcome).toContain(
      'lease left behind',
    );
  });
});

describe('a machine that slept past the end', () => {
  let keeper: GrantKeeper | undefined;
  afterEach(() => keeper?.dispose());

  test('does not claim to have ended what the cluster ended', async () => {
    let slept = 0;
    const deps = withApi((api) => ({
      clock: { now: () => api.clock.now() + slept, error: 0, offset: 0 },
      follow: async () => undefined,
    }));
    keeper = createKeeper(
      deps,
      live.runtime.engine,
      { attempts: () => [], onFlows: () => () => undefined, keepsEstablished: () => 'no' },
      () => undefined,
    );
    const made = await keeper.make(
      await planOf(),
      { ...STORY, ...BOTH, seconds: 600 },
      () => undefined,
      signal,
    );
    for (const { namespace, policy, lease } of made.halves) {
      live.demo.faults.edit(
        'networking.k8s.io/networkpolicies',
        namespace,
        policy?.name ?? '',
        () => undefined,
      );
      live.demo.faults.edit('batch/jobs', namespace, lease?.name ?? '', () => undefined);
    }
    slept = 3_600_000;
    expect((await keeper.ended(made.id)).state).toMatchObject({ by: 'lease', name: 'unproven' });
    const ended = (await live.audited()).find(({ type }) => type === 'expired');
    expect(ended?.outcome).toBe('ended by the cluster at the deadline; use not known');
  });
});
