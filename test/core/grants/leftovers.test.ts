import { describe, expect, test } from 'vitest';
import type { ApiObject } from '../../../src/core/cluster/objects.ts';
import { type Finding, findLeftovers, livesOf } from '../../../src/core/grants/leftovers.ts';
import { MAKING_WITHIN } from '../../../src/core/grants/life.ts';
import { NOTE } from '../../../src/core/grants/names.ts';
import { pendingSpec } from '../../../src/core/grants/pending.ts';
import type { GrantObjects } from '../../../src/core/grants/read-grant.ts';
import { END, edited, grantObjects, type HalfObjects, noted, START } from '../../helpers/grant-objects.ts';

type Change = (object: ApiObject) => ApiObject | undefined;
const same: Change = (object) => object;
const none: Change = () => undefined;

const JOB = 'Job shop/sluice-tst2-in';
const POLICY = 'NetworkPolicy shop/sluice-tst2-in';
const SOON = START + 1_000;

function found(
  policies: readonly (ApiObject | undefined)[],
  jobs: readonly (ApiObject | undefined)[],
  known: Partial<GrantObjects> = {},
): GrantObjects {
  return {
    policies: policies.filter((one) => one !== undefined),
    jobs: jobs.filter((one) => one !== undefined),
    unread: new Map(),
    gone: new Set(),
    ...known,
  };
}

/** What the only grant is taken for; undefined if it is sound. */
function judged(policyChange: Change, leaseChange: Change = same, now = SOON): Finding | undefined {
  const { policy, lease } = grantObjects();
  const findings = findLeftovers(found([policyChange(policy)], [leaseChange(lease)]), now);
  expect(findings.length).toBeLessThanOrEqual(1);
  return findings[0];
}

const owners = (...references: readonly object[]): Change => {
  return (policy) => edited(policy, { ownerReferences: references });
};
const ended = (type: string, at = START): Change => {
  const condition = { type, status: 'True', lastTransitionTime: new Date(at).toISOString() };
  return (lease) => ({ ...lease, status: { ...(lease.status as object), conditions: [condition] } });
};
const exact = { apiVersion: 'batch/v1', kind: 'Job', name: 'sluice-tst2-in', uid: 'job-tst2-ingress' };
const keep = { apiVersion: 'v1', kind: 'ConfigMap', name: 'keep', uid: 'x' };

test('a sound grant is not found at all, until its window is over', () => {
  expect(judged(same)).toBeUndefined();
  expect(judged(same, same, END + 2_000)).toBeUndefined();
  expect(judged(same, same, END + 2_001)?.state).toBe('leftover');
});

describe('a leftover', () => {
  test.each<[string, Change, Change, readonly string[]]>([
    [
      'a policy without its lease, and without an owner',
      owners(),
      none,
      [`${POLICY}: its lease is gone, so nothing will end it`, `${POLICY}: it has no owner`],
    ],
    [
      'a policy whose owner is dead',
      owners(exact),
      none,
      [
        `${POLICY}: its lease is gone, so nothing will end it`,
        `${POLICY}: it is owned by batch/v1 Job sluice-tst2-in`,
      ],
    ],
    [
      'a policy without its lease that a finalizer holds',
      (policy) => edited(policy, { ownerReferences: [], finalizers: ['x.dev/keep'] }),
      none,
      [
        `${POLICY}: its lease is gone, so nothing will end it`,
        `${POLICY}: it has no owner`,
        `${POLICY}: the finalizer x.dev/keep keeps it in force`,
      ],
    ],
    [
      'a policy that its lease does not own',
      owners(),
      same,
      [`${POLICY}: it has no owner, so nothing would delete it`],
    ],
    [
      'a policy whose owner is spelled oddly',
      owners({ ...exact, apiVersion: 'batch/v9' }),
      same,
      [`${POLICY}: its owner is batch/v9 Job sluice-tst2-in, not its lease`],
    ],
    [
      'a policy whose owner is of another kind',
      owners({ ...exact, kind: 'CronJob' }),
      same,
      [`${POLICY}: its owner is batch/v1 CronJob sluice-tst2-in, not its lease`],
    ],
    [
      'a policy with a foreign owner',
      owners(keep),
      same,
      [`${POLICY}: its owner is v1 ConfigMap keep, not its lease`],
    ],
    [
      'a policy with a second owner',
      owners(exact, keep),
      same,
      [`${POLICY}: it has 2 owners, and any of them keeps it alive`],
    ],
    [
      'a policy with a foreign finalizer',
      (policy) => edited(policy, { finalizers: ['x.dev/keep'] }),
      same,
      [`${POLICY}: the finalizer x.dev/keep would keep it in force after the grant ends`],
    ],
    [
      'a suspended lease',
      same,
      (lease) => ({ ...edited(lease, {}, { suspend: true }), status: {} }),
      [`${JOB}: it is suspended, which resets its clock`],
    ],
    [
      'a lease without ttl',
      same,
      (lease) => edited(lease, {}, { ttlSecondsAfterFinished: undefined }),
      [`${JOB}: its ttlSecondsAfterFinished is unset instead of 0`],
    ],
    [
      'a lease without a deadline',
      same,
      (lease) => edited(lease, {}, { activeDeadlineSeconds: undefined }),
      [`${JOB}: it has no deadline`],
    ],
    [
      'a lease that another controller manages',
      same,
      (lease) => edited(lease, {}, { managedBy: 'x.dev/queue' }),
      [`${JOB}: it is managed by x.dev/queue`],
    ],
    [
      'a lease with completions',
      same,
      (lease) => edited(lease, {}, { completions: 1 }),
      [`${JOB}: its completions is 1 instead of unset`],
    ],
    [
      'a lease that failed, with its policy',
      same,
      ended('Failed', START - 10_000),
      [`${JOB}: its Job is Failed, and its policy is still there`],
    ],
    [
      'a lease that is complete, without a policy',
      none,
      ended('Complete', START - 10_000),
      [`${JOB}: its Job is Complete, and still there without a policy`],
    ],
    [
      'a lease that is being deleted, and held',
      none,
      (lease) => edited(lease, { deletionTimestamp: '2026-11-22T11:59:50Z', finalizers: ['x.dev/keep'] }),
      [
        `${JOB}: it is being deleted, and still there without a policy`,
        `${JOB}: it has the finalizer x.dev/keep`,
      ],
    ],
  ])('is %s', (_, policyChange, leaseChange, why) => {
    expect(judged(policyChange, leaseChange)).toMatchObject({ state: 'leftover', name: 'tst2', why });
  });

  test('is a policy past its window', () => {
    expect(judged(same, same, END + 5_000)).toMatchObject({
      state: 'leftover',
      why: ['overdue: its window ended at 2026-11-22T12:01:00Z, and it is still in force'],
    });
  });

  test('is not what ended only just', () => {
    expect(judged(none, ended('Failed', SOON - 2_000))).toBeUndefined();
    expect(judged(same, ended('Failed', SOON - 2_000))).toBeUndefined();
  });

  test('is not a policy whose lease may not be read', () => {
    const { policy } = grantObjects();
    const unread = new Map([['Job/shop/sluice-tst2-in', 'forbidden']]);
    expect(findLeftovers(found([policy], [], { unread }), SOON)).toMatchObject([{ state: 'drifted' }]);
  });
});

describe('a lease without a policy', () => {
  // A window that is longer than the making of a grant.
  const long: Change = (lease) => edited(lease, {}, { activeDeadlineSeconds: 3_600 });
  const made = START + MAKING_WITHIN;

  test('may be of a grant in the making, as long as making one may take by the times of the server', () => {
    expect(judged(none, long, made)?.state).toBe('making');
    expect(judged(none, long, made + 1)).toMatchObject({
      state: 'leftover',
      why: [`${JOB}: it has no policy`],
    });
  });

  test('may be in the making where the time of the server is not known', () => {
    expect(judged(none, long, Number.NEGATIVE_INFINITY)?.state).toBe('making');
  });

  test.each<[string, Change]>([
    ['suspended by admission', (lease) => ({ ...edited(lease, {}, { suspend: true }), status: {} })],
    ['with a window that is over already', same],
    ['that did not start', (lease) => ({ ...lease, status: {} })],
  ])('is in the making even where it is %s', (_, change) => {
    expect(judged(none, change, made)?.state).toBe('making');
    expect(judged(none, change, made + 1)?.state).toBe('leftover');
  });
});

describe('a grant that lives, edited by somebody', () => {
  test.each<[string, Change, Change]>([
    ['its policy widened', (policy) => edited(policy, {}, { podSelector: {} }), same],
    ['its policy emptied', (policy) => edited(policy, {}, { ingress: [] }), same],
    ['another requester', (policy) => noted(policy, { [NOTE.requester]: 'mallory' }), same],
    ['its deadline moved', same, (lease) => edited(lease, {}, { activeDeadlineSeconds: 3_000 })],
    ['a lease that makes pods', same, (lease) => edited(lease, {}, { parallelism: 1 })],
    [
      'a finalizer on its lease, which keeps no policy',
      same,
      (lease) => edited(lease, { finalizers: ['x/y'] }),
    ],
  ])('%s: is told, and is no leftover', (_, policyChange, leaseChange) => {
    expect(judged(policyChange, leaseChange)).toMatchObject({
      state: 'drifted',
      why: [expect.any(String)],
    });
  });
});

describe('the halves of a grant in two namespaces', () => {
  const places = [
    { direction: 'ingress', namespace: 'shop' },
    { direction: 'egress', namespace: 'front' },
  ] as const;
  const into = grantObjects({ halves: places });
  const out = grantObjects({ halves: places, direction: 'egress' });
  const all = (halves: readonly Partial<HalfObjects>[], known: Partial<GrantObjects> = {}, now = SOON) =>
    findLeftovers(
      found(
        halves.map(({ policy }) => policy),
        halves.map(({ lease }) => lease),
        known,
      ),
      now,
    );
  const gone = new Set(['NetworkPolicy/front/sluice-tst2-out']);

  test('both standing are sound', () => {
    expect(all([into, out])).toEqual([]);
  });

  test('one of them alone opens no path, and is left', () => {
    expect(all([into], { gone })).toMatchObject([
      { state: 'leftover', why: ['its egress half in front is gone, and it opens no path alone'] },
    ]);
  });

  test('one alone, as its objects do not agree that there was another, is drift', () => {
    const policy = noted(into.policy, { [NOTE.halves]: 'ingress=shop' });
    expect(all([{ ...into, policy }], { gone })).toMatchObject([{ state: 'drifted' }]);
  });

  test('one alone is not told where the other is out of view', () => {
    const unread = new Map([['NetworkPolicy/front/sluice-tst2-out', 'forbidden']]);
    expect(all([into], { unread })).toEqual([]);
  });

  test('one whose lease is broken takes the other along', () => {
    const lease = edited(out.lease, {}, { managedBy: 'x.dev/queue' });
    const [finding] = all([into, { ...out, lease }]);
    expect(finding).toMatchObject({
      state: 'leftover',
      why: ['Job front/sluice-tst2-out: it is managed by x.dev/queue'],
    });
    expect(finding?.grant.halves.map(({ namespace }) => namespace).sort()).toEqual(['front', 'shop']);
  });

  test('are in the making at every step of it', () => {
    const steps = [
      [{ lease: into.lease }],
      [{ lease: into.lease }, { lease: out.lease }],
      [into, { lease: out.lease }],
    ];
    for (const step of steps) expect(all(step, { gone })).toMatchObject([{ state: 'making' }]);
    expect(all([into, out])).toEqual([]);
    for (const step of steps)
      expect(all(step, { gone }, START + MAKING_WITHIN + 1)).toMatchObject([{ state: 'leftover' }]);
  });
});

describe('an object that only carries the label', () => {
  const { policy, lease } = grantObjects();
  const runs = { template: { spec: { containers: [{ name: 'main', image: 'app:1' }] } } };
  const renamed = (object: ApiObject, name: string) => edited(object, { name, uid: 'other' });

  test.each<[string, readonly ApiObject[], readonly ApiObject[], string, string]>([
    [
      'an ordinary policy',
      [edited(policy, { name: 'default-deny', uid: 'other', ownerReferences: [] })],
      [],
      'NetworkPolicy/shop/default-deny',
      'NetworkPolicy shop/default-deny: its name is not that of an object of grant tst2',
    ],
    [
      'a policy by the name of a grant that admits nothing',
      [edited(policy, { ownerReferences: [] }, { ingress: [] })],
      [],
      'NetworkPolicy/shop/sluice-tst2-in',
      `${POLICY}: it admits nothing in the direction of its name`,
    ],
    [
      'a policy by the name of a grant in the other direction',
      [edited(policy, { ownerReferences: [] }, { policyTypes: ['Egress'] })],
      [],
      'NetworkPolicy/shop/sluice-tst2-in',
      `${POLICY}: it admits nothing in the direction of its name`,
    ],
    [
      'an ordinary Job',
      [],
      [renamed(lease, 'backup')],
      'Job/shop/backup',
      'Job shop/backup: its name is not that of an object of grant tst2',
    ],
    [
      'a Job by the name of a grant that may run pods',
      [],
      [edited(lease, {}, runs)],
      'Job/shop/sluice-tst2-in',
      `${JOB}: its pods may run, and those of a lease never do`,
    ],
  ])('is foreign: %s', (_, policies, jobs, name, why) => {
    const late = START + MAKING_WITHIN + 1;
    expect(findLeftovers(found(policies, jobs), late)).toMatchObject([
      { state: 'foreign', name, why: [why] },
    ]);
  });

  test('does not make a sound grant with that label look unsound', () => {
    const copy = renamed(policy, 'copy');
    expect(
      findLeftovers(found([policy, copy], [lease]), SOON).map(({ state, name }) => [state, name]),
    ).toEqual([['foreign', 'NetworkPolicy/shop/copy']]);
  });

  test('is no lease for a policy by the name of a grant', () => {
    const findings = findLeftovers(found([policy], [edited(lease, {}, runs)]), SOON);
    expect(findings.map(({ state }) => state)).toEqual(['leftover', 'foreign']);
    expect(findings[0]?.grant.halves).toMatchObject([{ policy: { uid: 'np-tst2-ingress' } }]);
    expect(findings[0]?.grant.halves[0]?.lease).toBeUndefined();
  });
});

describe('the life of a grant, by one name', () => {
  const stage = (policyChange: Change, leaseChange: Change = same, now = SOON) => {
    const { policy, lease } = grantObjects();
    return livesOf(found([policyChange(policy)], [leaseChange(lease)]), now).get('tst2')?.stage;
  };
  const deleted: Change = (object) => edited(object, { deletionTimestamp: new Date(SOON).toISOString() });
  const pending: Change = (policy) => ({ ...policy, spec: pendingSpec(policy.spec) });

  test.each<[string, string | undefined, Change, Change, number]>([
    ['that may be in the making', 'making', none, same, SOON],
    ['in force as granted', 'applied', same, same, SOON],
    ['that waits for approval', 'requested', pending, same, SOON],
    ['whose marks were edited', 'drifted', (policy) => noted(policy, { [NOTE.reason]: 'other' }), same, SOON],
    ['whose window is just over', 'ending', same, same, END],
    ['whose lease is being deleted', 'ending', same, deleted, SOON],
    ['whose lease just failed', 'ending', same, ended('FailureTarget', SOON), SOON],
    ['whose policy is being deleted', 'ending', deleted, same, SOON],
    ['past its window', 'leftover', same, same, END + 2_001],
    ['without its lease', 'leftover', same, none, SOON],
    ['of which nothing is there', undefined, none, none, SOON],
  ])('one %s is %s', (_, expected, policyChange, leaseChange, now) => {
    expect(stage(policyChange, leaseChange, now)).toBe(expected);
  });

  test('what only has its label has none', () => {
    const { policy } = grantObjects();
    expect(livesOf(found([edited(policy, { name: 'another' })], []), SOON).size).toBe(0);
  });

  test('one with a policy past its window is left, though the other half looks as in the making', () => {
    const halves = [
      { direction: 'ingress', namespace: 'shop' },
      { direction: 'egress', namespace: 'shop' },
    ] as const;
    const [one, other] = [grantObjects({ halves }), grantObjects({ halves, direction: 'egress' })];
    const at = (now: number) =>
      livesOf(found([one.policy], [one.lease, other.lease]), now).get('tst2')?.stage;
    expect(at(END)).toBe('making');
    expect(at(END + 2_001)).toBe('leftover');
    expect(livesOf(found([one.policy], [other.lease]), SOON).get('tst2')?.stage).toBe('leftover');
  });
});
