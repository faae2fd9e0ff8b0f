import { describe, expect, test } from 'vitest';
import type { ApiObject } from '../../../src/core/cluster/objects.ts';
import { isOverdue, troublesOf } from '../../../src/core/grants/judge.ts';
import { NOTE } from '../../../src/core/grants/names.ts';
import { readGrants } from '../../../src/core/grants/read-grant.ts';
import { remainingOf } from '../../../src/core/grants/standing.ts';
import { createEngine } from '../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../src/core/policy/enforcers/enforcers.ts';
import { parseNetworkPolicy } from '../../../src/core/policy/kinds/network-policy.ts';
import type { Policy } from '../../../src/core/policy/model/policy.ts';
import { cluster, networkPolicy, pod } from '../../helpers/builders.ts';
import { db, END, edited, grantObjects, noted, START, web } from '../../helpers/grant-objects.ts';

const owner = (name: string) => ({ kind: 'Deployment', namespace: 'shop', name });
const deny = networkPolicy({ name: 'deny', spec: { podSelector: {}, policyTypes: ['Ingress'] } });

type Change = (object: ApiObject) => ApiObject | undefined;
const same: Change = (object) => object;

/** What any process is told about the grant, a second after it was made. */
function told(policyChange: Change, leaseChange: Change = same, now = START + 1_000): readonly string[] {
  const { policy, lease } = grantObjects();
  const [policies, jobs] = [policyChange(policy), leaseChange(lease)].map((one) =>
    one === undefined ? [] : [one],
  );
  const [grant] = readGrants(policies ?? [], jobs ?? []);
  return grant === undefined ? [] : troublesOf(grant, now);
}

const JOB = 'Job shop/sluice-tst2-in';
const POLICY = 'NetworkPolicy shop/sluice-tst2-in';

test('a sound grant has no troubles', () => {
  expect(told(same)).toEqual([]);
});

describe('the objects of a grant, edited by somebody', () => {
  const ingress = (change: object) => [
    {
      from: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
          podSelector: { matchLabels: { app: 'web' } },
        },
      ],
      ports: [{ protocol: 'TCP', port: 5_432 }],
      ...change,
    },
  ];
  test.each<[string, Change, Change, string]>([
    [
      'its ports removed',
      (policy) => edited(policy, {}, { ingress: ingress({ ports: undefined }) }),
      same,
      `${POLICY}: it is not what was granted: spec.ingress.0.ports nothing instead of [{"protocol":"TCP","port":5432}]`,
    ],
    [
      'its selector widened',
      (policy) => edited(policy, {}, { podSelector: {} }),
      same,
      `${POLICY}: it is not what was granted: spec.podSelector.matchLabels nothing instead of {"app":"db"}`,
    ],
    [
      'a rule added',
      (policy) => edited(policy, {}, { ingress: [...ingress({}), {}] }),
      same,
      `${POLICY}: it is not what was granted: spec.ingress has 2 items instead of 1`,
    ],
    [
      'a direction added',
      (policy) => edited(policy, {}, { egress: [{}] }),
      same,
      `${POLICY}: it is not what was granted: fields were added`,
    ],
    [
      'another requester on the policy',
      (policy) => noted(policy, { [NOTE.requester]: 'mallory' }),
      same,
      `its requester is "alice" on ${JOB}, and "mallory" on ${POLICY}`,
    ],
    [
      'another reason on the lease',
      same,
      (lease) => noted(lease, { [NOTE.reason]: 'forged' }),
      `its reason is "forged" on ${JOB}, and "test" on ${POLICY}`,
    ],
    [
      'a ticket on one of them',
      (policy) => noted(policy, { [NOTE.ticket]: 'INC-1' }),
      same,
      `its ticket is missing on ${JOB}, and "INC-1" on ${POLICY}`,
    ],
    [
      'its owner removed',
      (policy) => edited(policy, { ownerReferences: [] }),
      same,
      `${POLICY}: it has no owner, so nothing would delete it`,
    ],
    [
      'a second owner',
      (policy) =>
        edited(policy, {
          ownerReferences: [
            ...(policy.metadata.ownerReferences ?? []),
            { apiVersion: 'v1', kind: 'ConfigMap', name: 'keep', uid: 'x' },
          ],
        }),
      same,
      `${POLICY}: it has 2 owners, and any of them keeps it alive`,
    ],
    [
      'a finalizer on the policy',
      (policy) => edited(policy, { finalizers: ['x.dev/keep'] }),
      same,
      `${POLICY}: the finalizer x.dev/keep would keep it in force after the grant ends`,
    ],
    [
      'a finalizer on the lease',
      same,
      (lease) => edited(lease, { finalizers: ['x.dev/keep'] }),
      `${JOB}: it has the finalizer x.dev/keep`,
    ],
    [
      'the lease suspended',
      same,
      (lease) => ({ ...edited(lease, {}, { suspend: true }), status: {} }),
      `${JOB}: it is suspended, which resets its clock`,
    ],
    [
      'the lease resumed much later',
      same,
      (lease) => ({ ...lease, status: { startTime: '2026-11-22T12:10:00Z' } }),
      `${JOB}: its clock was restarted, and it ends later than announced`,
    ],
    [
      'the ttl removed',
      same,
      (lease) => edited(lease, {}, { ttlSecondsAfterFinished: undefined }),
      `${JOB}: its ttlSecondsAfterFinished is unset instead of 0`,
    ],
    [
      'the lease orphaned away',
      same,
      () => undefined,
      `${POLICY}: its lease is gone, so nothing will end it`,
    ],
    [
      'the policy gone, and the lease held',
      () => undefined,
      (lease) => edited(lease, { finalizers: ['x.dev/keep'] }),
      `${JOB}: it has the finalizer x.dev/keep`,
    ],
  ])('%s: told to any process', (_, policyChange, leaseChange, text) => {
    expect(told(policyChange, leaseChange)).toEqual([text]);
  });

  test('one that was made before leases kept a copy is compared by its shape and ports', () => {
    const before: Change = (lease) => {
      const {
        [NOTE.policy]: _,
        [NOTE.workloads]: __,
        [NOTE.window]: ___,
        ...annotations
      } = lease.metadata.annotations ?? {};
      return edited(lease, { annotations });
    };
    expect(told(same, before)).toEqual([]);
    expect(told((policy) => edited(policy, {}, { ingress: ingress({ ports: undefined }) }), before)).toEqual([
      `${POLICY}: it is not what was granted: its ports are all instead of 5432/tcp`,
    ]);
    const wide = `${POLICY}: it is not what was granted: it admits more`;
    expect(told((policy) => edited(policy, {}, { podSelector: {} }), before)).toEqual([wide]);
    expect(told((policy) => edited(policy, {}, { ingress: ingress({ from: undefined }) }), before)).toEqual([
      wide,
    ]);
  });

  test('one that was made before windows were announced is compared with the end on its policy', () => {
    const before: Change = (lease) => {
      const { [NOTE.window]: _, ...annotations } = lease.metadata.annotations ?? {};
      return edited(lease, { annotations });
    };
    const longer: Change = (lease) => edited(before(lease) ?? lease, {}, { activeDeadlineSeconds: 3_600 });
    expect(told(same, longer)).toEqual([
      `${JOB}: its deadline was moved to 2026-11-22T13:00:00Z by somebody who did not announce it; announced: 2026-11-22T12:01:00Z`,
    ]);
  });
});

describe('past its window', () => {
  const overdue = 'overdue: its window ended at 2026-11-22T12:01:00Z, and it is still in force';

  test('a grant that still stands is overdue, after a moment for its removal', () => {
    expect(told(same, same, END + 2_000)).toEqual([]);
    expect(told(same, same, END + 2_001)).toEqual([overdue]);
    expect(isOverdue({}, END)).toBe(false);
  });

  test('one of which only the lease is left says so', () => {
    expect(told(() => undefined, same, END + 10_000)).toEqual([
      'overdue: its window ended at 2026-11-22T12:01:00Z, and its lease is left',
    ]);
  });
});

describe('the cluster around a grant, as any process sees it', () => {
  const { policy, lease } = grantObjects();
  const read = (grantPolicy = policy, job = lease) => {
    const [grant] = readGrants([grantPolicy], [job]);
    if (grant === undefined) throw new Error('no grant');
    return grant;
  };
  const engineOf = (pods = [web, db], policies: readonly Policy[] = [deny]) =>
    createEngine(cluster({ pods, policies: [...policies, parseNetworkPolicy(policy)] }), dialectOf('spec'));
  const around = (engine = engineOf()) => troublesOf(read(), START, engine);
  const second = (labels: object, annotations: object = {}) => {
    const { policy: base } = grantObjects({ id: 'tst3', requester: 'bob' });
    return parseNetworkPolicy({
      ...base,
      metadata: { name: 'other', namespace: 'shop', uid: 'other', labels, annotations },
    });
  };

  test('as it was when the grant was made has no troubles', () => {
    expect(around()).toEqual([]);
  });

  test('a pod of another workload with the labels is told', () => {
    const stranger = pod({ name: 'job-1', labels: { app: 'web' }, owner: owner('job') });
    expect(around(engineOf([web, db, stranger]))).toEqual([
      'pod shop/job-1 from another workload is now a source of the grant',
    ]);
    const next = pod({ name: 'web-2', labels: { app: 'web' }, owner: owner('web') });
    expect(around(engineOf([next, db]))).toEqual([]);
  });

  test('a base policy that is gone is told by what the end would do', () => {
    expect(around(engineOf([web, db], []))).toEqual([
      'no policy but grants isolates shop/db-0 (ingress) any more: the end of the grant sets them free',
    ]);
  });

  test('another grant on the same path is told, and another policy', () => {
    const grant = second({ 'sluice.dev/grant': 'tst3' }, { 'sluice.dev/requester': 'bob' });
    expect(around(engineOf([web, db], [deny, grant]))).toEqual([
      'grant tst3 by bob also opens the path: it will stay open when the grant ends',
    ]);
    expect(around(engineOf([web, db], [deny, second({})]))).toEqual([
      'NetworkPolicy shop/other also opens the path: it will stay open when the grant ends',
    ]);
  });

  test('nothing is told by an engine that does not have the policies of the grant', () => {
    const engine = createEngine(cluster({ pods: [web, db], policies: [] }), dialectOf('spec'));
    expect(around(engine)).toEqual([]);
  });

  describe('without its policies', () => {
    const own = [parseNetworkPolicy(policy)];
    const left = (policies: readonly Policy[], pods = [web, db]) =>
      remainingOf(createEngine(cluster({ pods, policies }), dialectOf('spec')), own);

    test('the path is closed, whether they are still there or not', () => {
      expect(left([deny])).toEqual({ verdict: 'closed', through: [], open: 0, pairs: 1 });
      expect(left([deny, ...own])).toEqual({ verdict: 'closed', through: [], open: 0, pairs: 1 });
    });

    test('it is open through others, which are named, or as nothing isolates its pods', () => {
      const other = second({ 'sluice.dev/grant': 'tst3' });
      expect(left([deny, other])).toEqual({ verdict: 'open', through: [other], open: 1, pairs: 1 });
      expect(left([deny, other, ...own])).toEqual({ verdict: 'open', through: [other], open: 1, pairs: 1 });
      expect(left([])).toEqual({ verdict: 'open', through: [], open: 1, pairs: 1 });
    });

    test('there is no path without pods', () => {
      expect(left([deny], [web])).toEqual({ verdict: 'none', through: [], open: 0, pairs: 0 });
    });
  });
});
