import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiObject } from '../../src/core/cluster/objects.ts';
import { ownedPolicy } from '../../src/core/grants/grant-manifests.ts';
import { windowOf } from '../../src/core/grants/lease.ts';
import { eventually } from '../helpers/eventually.ts';
import { draftHalf } from '../helpers/grant-objects.ts';
import { createStillWorld, type Installed, manifestsOn, runAs } from '../helpers/manifests-cluster.ts';
import { MERGE_PATCH, openRawApi, type RawAnswer, type RawApi, type Somebody } from '../helpers/raw-api.ts';
import { findRealCluster, type RealCluster } from '../helpers/real-cluster.ts';

const found = await findRealCluster();

/** The longest window that the cluster of this test allows, seconds. */
const MOST = 7_200;
const ID = 'bcdfgh';
const POD_PEER = {
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
  podSelector: { matchLabels: { app: 'web' } },
};

describe.skipIf(found === undefined)('the admission policies on a real control plane', () => {
  let cluster: RealCluster;
  let installed: Installed;
  let raw: RawApi;
  let state: string;
  let namespace: string;
  let guarded: string;
  let policies: readonly ApiObject[];
  let alice: Somebody;
  let bob: Somebody;
  let carol: Somebody;

  beforeAll(async () => {
    if (found === undefined) return;
    cluster = found;
    state = await mkdtemp(join(tmpdir(), 'sluice-admission-'));
    installed = manifestsOn(cluster);
    namespace = `sluice-e2e-adm-${installed.suffix}`;
    guarded = `sluice-e2e-prod-${installed.suffix}`;
    raw = await openRawApi(cluster);
    await createStillWorld(cluster, namespace);
    await cluster.kubectl('create', 'namespace', guarded);
    const binds = ['viewer', 'operator'].map((name) => `--bind=${name}=${installed.groupOf('team')}`);
    await installed.install(['rbac', ...binds]);
    const here = {
      namespaceSelector: {
        matchExpressions: [
          { key: 'kubernetes.io/metadata.name', operator: 'In', values: [namespace, guarded] },
        ],
      },
    };
    policies = await installed.install(
      [
        ...['admission', '--max-duration', '2h', '--reason-pattern', '^(test|INC-[0-9]+)'],
        ...['--protect', 'sluice-e2e-prod-*', '--confine', installed.groupOf('confined')],
      ],
      (object) =>
        object.kind === 'ValidatingAdmissionPolicyBinding'
          ? { ...object, spec: { ...(object.spec as object), matchResources: here } }
          : object,
    );
    alice = installed.somebody('alice', 'team');
    bob = installed.somebody('bob', 'team');
    carol = installed.somebody('carol', 'team', 'confined');
    // Each policy refuses something that no other does, once it is in force.
    await eventually(async () => refusedBy(await tryLease((job) => spec(job, { parallelism: 1 })), 'leases'));
    await eventually(async () => refusedBy(await tryLease((job) => long(job, MOST + 1)), 'lease-limits'));
    await eventually(async () =>
      refusedBy(await tryGrant((policy) => spec(policy, { podSelector: {} })), 'grants'),
    );
    await eventually(async () =>
      refusedBy(
        await tryGrant((policy) => noted(policy, 'expires-at', '2099-01-01T00:00:00Z')),
        'grant-limits',
      ),
    );
    await eventually(async () => refusedBy(await tryJob(carol), 'confined'));
  });

  afterAll(async () => {
    raw?.close();
    await installed?.dispose();
    await cluster?.kubectl('delete', 'namespace', namespace, guarded, '--wait=false');
    if (state !== undefined) await rm(state, { recursive: true, force: true });
  });

  function refusedBy(answer: RawAnswer, policy: string): void {
    expect(answer).toMatchObject({ status: 422 });
    expect(answer.message).toContain(`ValidatingAdmissionPolicy 'sluice-${policy}-${installed.suffix}'`);
  }

  const jobs = (where = namespace) => `/apis/batch/v1/namespaces/${where}/jobs`;
  const netpols = (where = namespace) => `/apis/networking.k8s.io/v1/namespaces/${where}/networkpolicies`;

  /** A policy and its lease as sluice makes them, of alice. */
  function made(id = ID, where = namespace): { readonly lease: ApiObject; readonly policy: ApiObject } {
    const halves = [{ direction: 'ingress', namespace: where }] as const;
    const pods = { source: [], destination: [] };
    const { lease, policy } = draftHalf({ id, requester: alice.user, halves, pods, seconds: 600 });
    const now = Date.now();
    const owned = ownedPolicy(
      policy,
      { ...lease, metadata: { ...lease.metadata, uid: 'fd53f6d6-0c2c-4d4f-9f0b-3f3a6f0f8a11' } },
      { start: now, seconds: 600, end: now + 600_000 },
    );
    return { lease, policy: owned };
  }

  type Change = (object: ApiObject) => ApiObject;
  const tryLease = (change: Change, who = alice, where = namespace) =>
    raw.call(who, 'POST', `${jobs(where)}?dryRun=All`, change(made(ID, where).lease));
  const tryGrant = (change: Change, who = alice, where = namespace) =>
    raw.call(who, 'POST', `${netpols(where)}?dryRun=All`, change(made(ID, where).policy));
  const tryJob = (who: Somebody) => raw.call(who, 'POST', `${jobs()}?dryRun=All`, ordinaryJob('plain'));

  test('pass the type check of the server without a warning', async () => {
    const names = policies.flatMap(({ kind, metadata }) =>
      kind === 'ValidatingAdmissionPolicy' ? [metadata.name] : [],
    );
    expect(names).toHaveLength(6);
    for (const name of names) {
      const checked = await eventually(async () => {
        const policy = JSON.parse(
          await cluster.kubectl('get', 'validatingadmissionpolicy', name, '-o', 'json'),
        );
        expect(policy.status?.observedGeneration).toBe(policy.metadata.generation);
        expect(policy.status.typeChecking).toBeDefined();
        return policy.status.typeChecking;
      });
      expect(checked).toEqual({});
    }
  });

  test('let pass what sluice makes', async () => {
    expect(await tryLease((job) => job)).toMatchObject({ status: 201 });
    expect(await tryGrant((policy) => policy)).toMatchObject({ status: 201 });
    for (const seconds of [1, 90, 3_600, MOST]) {
      const answer = await tryLease((job) => long(job, seconds));
      expect(answer, answer.message).toMatchObject({ status: 201 });
    }
  });

  const ADDRESS = { ipBlock: { cidr: '203.0.113.7/32' } };
  test.each<readonly [string, Change]>([
    ['an address', (policy) => peers(policy, [ADDRESS])],
    ['a network', (policy) => peers(policy, [{ ipBlock: { cidr: '203.0.113.0/24' } }])],
    ['the widest network', (policy) => peers(policy, [{ ipBlock: { cidr: '10.0.0.0/8' } }])],
    ['the widest IPv6 network', (policy) => peers(policy, [{ ipBlock: { cidr: '2001:db8::/32' } }])],
    ['an IPv6 address', (policy) => peers(policy, [{ ipBlock: { cidr: '2001:db8::7/128' } }])],
    [
      'a peer by an expression',
      (policy) =>
        peers(policy, [peerBy({ matchExpressions: [{ key: 'app', operator: 'In', values: ['a', 'b'] }] })]),
    ],
    [
      'several ports',
      (policy) =>
        ports(policy, [
          { protocol: 'TCP', port: 80 },
          { protocol: 'UDP', port: 53 },
        ]),
    ],
    ['the widest range', (policy) => ports(policy, [{ protocol: 'TCP', port: 1, endPort: 1_024 }])],
    [
      'a range beside a port',
      (policy) =>
        ports(policy, [
          { protocol: 'TCP', port: 8_000, endPort: 8_100 },
          { protocol: 'UDP', port: 53 },
        ]),
    ],
    ['egress', (policy) => egress(policy)],
  ])('let pass a grant with %s', async (_, change) => {
    const answer = await tryGrant(change);
    expect(answer, answer.message).toMatchObject({ status: 201 });
  });

  const LEASES: readonly (readonly [string, Change, string])[] = [
    ['runs a pod', (job) => spec(job, { parallelism: 1 }), 'a lease has parallelism 0'],
    ['leaves parallelism out', (job) => without(job, 'parallelism'), 'a lease has parallelism 0'],
    [
      'stays when it has failed',
      (job) => without(job, 'ttlSecondsAfterFinished'),
      'a lease has parallelism 0',
    ],
    ['stays a while', (job) => spec(job, { ttlSecondsAfterFinished: 5 }), 'a lease has parallelism 0'],
    ['has completions', (job) => spec(job, { completions: 1 }), 'a lease has parallelism 0'],
    ['is suspended', (job) => spec(job, { suspend: true }), 'a lease has parallelism 0'],
    [
      'is managed by another',
      (job) => spec(job, { managedBy: 'example.com/x' }),
      'a lease has parallelism 0',
    ],
    ['has no deadline', (job) => without(job, 'activeDeadlineSeconds'), 'a lease has activeDeadlineSeconds'],
    [
      'has another deadline than announced',
      (job) => spec(job, { activeDeadlineSeconds: 601 }),
      'window announces it',
    ],
    ['announces nothing', (job) => noted(job, 'window', undefined), 'window announces it'],
    ['announces what nobody can read', (job) => noted(job, 'window', 'soon'), 'window announces it'],
    [
      'is longer than its own maximum',
      (job) => noted(job, 'window', `10m of at most 9m, by ${alice.user}`),
      'longer than the maximum that was announced',
    ],
    [
      'is announced by somebody else',
      (job) => noted(job, 'window', `10m of at most 2h, by ${bob.user}`),
      'must name who sets it',
    ],
    ['is longer than the cluster allows', (job) => long(job, MOST + 1), 'longer than the maxSeconds'],
    ['is days long', (job) => long(job, 90_061), 'longer than the maxSeconds'],
    [
      'is of somebody else',
      (job) => noted(job, 'requester', bob.user),
      'requester must be who makes the lease',
    ],
    ['is of nobody', (job) => noted(job, 'requester', undefined), 'requester must be who makes the lease'],
    ['has no reason', (job) => noted(job, 'reason', undefined), 'reason must say why'],
    ['has a blank reason', (job) => noted(job, 'reason', ' '), 'reason must say why'],
    [
      'has a reason of another form',
      (job) => noted(job, 'reason', 'because'),
      'does not match the reasonPattern',
    ],
    [
      'has a finalizer',
      (job) => meta(job, { finalizers: ['example.com/x'] }),
      'a finalizer would keep the lease',
    ],
    [
      'has an owner',
      (job) => meta(job, { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' }] }),
      'a lease has no owner',
    ],
    // Without any, a Job gets those of its template.
    ['hides from sluice', (job) => meta(job, { labels: { team: 'x' } }), 'a lease is named'],
    [
      'lacks the label of its manager',
      (job) => meta(job, { labels: { 'sluice.dev/grant': ID } }),
      'a lease is named',
    ],
    [
      'has the id of another grant',
      (job) => labeled(job, { 'sluice.dev/grant': 'xxxxxx' }),
      'a lease is named',
    ],
    ['has a name of its own', (job) => meta(job, { name: 'backup' }), 'a lease is named'],
  ];
  test.each(LEASES)('refuse a lease that %s', async (_, change, says) => {
    const answer = await tryLease(change);
    expect(answer).toMatchObject({ status: 422, message: expect.stringContaining(says) });
  });

  const GRANTS: readonly (readonly [string, Change, string])[] = [
    [
      'is of somebody else',
      (policy) => noted(policy, 'requester', bob.user),
      'requester must be who makes the grant',
    ],
    [
      'is of nobody',
      (policy) => noted(policy, 'requester', undefined),
      'requester must be who makes the grant',
    ],
    ['has no reason', (policy) => noted(policy, 'reason', undefined), 'reason must say why'],
    [
      'has a reason of another form',
      (policy) => noted(policy, 'reason', 'no incident'),
      'does not match the reasonPattern',
    ],
    ['has no owner', (policy) => meta(policy, { ownerReferences: [] }), 'a grant has one owner'],
    [
      'has two owners',
      (policy) => owners(policy, ({ owner }) => [owner, { ...owner, uid: 'other' }]),
      'a grant has one owner',
    ],
    [
      'is owned by another kind',
      (policy) => owners(policy, ({ owner }) => [{ ...owner, kind: 'ConfigMap', apiVersion: 'v1' }]),
      'a grant has one owner',
    ],
    [
      'is owned by an ordinary Job',
      (policy) => owners(policy, ({ owner }) => [{ ...owner, name: 'backup' }]),
      'a grant has one owner',
    ],
    [
      'is owned by the lease of another',
      (policy) => owners(policy, ({ owner }) => [{ ...owner, name: 'sluice-xxxxxx-in' }]),
      'a grant has one owner',
    ],
    [
      'has an owner that is never collected',
      (policy) => owners(policy, ({ owner }) => [{ ...owner, apiVersion: 'batch/v9' }]),
      'a grant has one owner',
    ],
    [
      'has a finalizer',
      (policy) => meta(policy, { finalizers: ['example.com/x'] }),
      'a finalizer would keep the grant',
    ],
    [
      'is about all pods of a namespace',
      (policy) => spec(policy, { podSelector: {} }),
      'a grant selects pods by a label',
    ],
    [
      'is about nearly all pods',
      (policy) =>
        spec(policy, {
          podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['x'] }] },
        }),
      'a grant selects pods by a label',
    ],
    ['is on all ports', (policy) => ports(policy, undefined), 'one peer on numbered ports'],
    ['is on no port', (policy) => ports(policy, []), 'one peer on numbered ports'],
    [
      'is on all ports of a protocol',
      (policy) => ports(policy, [{ protocol: 'TCP' }]),
      'one peer on numbered ports',
    ],
    [
      'is on a named port',
      (policy) => ports(policy, [{ protocol: 'TCP', port: 'sql' }]),
      'one peer on numbered ports',
    ],
    [
      'is on a range of too many ports',
      (policy) => ports(policy, [{ protocol: 'TCP', port: 1, endPort: 1_025 }]),
      'one peer on numbered ports, at most 1024',
    ],
    [
      'is on ranges of too many ports',
      (policy) =>
        ports(policy, [
          { protocol: 'TCP', port: 1, endPort: 1_024 },
          { protocol: 'UDP', port: 53 },
        ]),
      'one peer on numbered ports, at most 1024',
    ],
    ['admits everybody', (policy) => peers(policy, undefined), 'one peer on numbered ports'],
    ['admits nobody in particular', (policy) => peers(policy, []), 'one peer on numbered ports'],
    ['admits two peers', (policy) => peers(policy, [POD_PEER, POD_PEER]), 'one peer on numbered ports'],
    [
      'admits all pods of all namespaces',
      (policy) => peers(policy, [{ namespaceSelector: {} }]),
      'one peer on numbered ports',
    ],
    [
      'admits all pods of its namespace',
      (policy) => peers(policy, [{ podSelector: {} }]),
      'one peer on numbered ports',
    ],
    ['admits all pods of a namespace', (policy) => peers(policy, [peerBy({})]), 'one peer on numbered ports'],
    [
      'admits such pods of all namespaces',
      (policy) => peers(policy, [{ ...POD_PEER, namespaceSelector: {} }]),
      'one peer on numbered ports',
    ],
    [
      'admits such pods of some namespaces',
      (policy) => peers(policy, [{ ...POD_PEER, namespaceSelector: { matchLabels: { team: 'x' } } }]),
      'one peer on numbered ports',
    ],
    [
      'admits nearly all pods',
      (policy) => peers(policy, [peerBy({ matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] })]),
      'one peer on numbered ports',
    ],
    [
      'admits every address',
      (policy) => peers(policy, [{ ipBlock: { cidr: '0.0.0.0/0' } }]),
      'one peer on numbered ports',
    ],
    [
      'admits too wide a network',
      (policy) => peers(policy, [{ ipBlock: { cidr: '64.0.0.0/7' } }]),
      'one peer on numbered ports',
    ],
    [
      'admits a network with holes',
      (policy) => peers(policy, [{ ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.7/32'] } }]),
      'one peer on numbered ports',
    ],
    [
      'admits too wide an IPv6 network',
      (policy) => peers(policy, [{ ipBlock: { cidr: '2001::/31' } }]),
      'one peer on numbered ports',
    ],
    [
      'has two rules',
      (policy) => spec(policy, { ingress: [...ingressOf(policy), ...ingressOf(policy)] }),
      'a grant has one direction',
    ],
    ['only isolates', (policy) => spec(policy, { ingress: [] }), 'a grant has one direction'],
    [
      'has both directions',
      (policy) => spec(policy, { policyTypes: ['Ingress', 'Egress'] }),
      'a grant has one direction',
    ],
    [
      'has not the direction of its name',
      (policy) => renamed(egress(policy), `sluice-${ID}-in`),
      'a grant has one direction',
    ],
    [
      'does not say until when',
      (policy) => noted(policy, 'expires-at', undefined),
      'expires-at must be a time',
    ],
    ['says no time until when', (policy) => noted(policy, 'expires-at', 'tomorrow'), 'sluice-grant-limits'],
    [
      'claims to last for years',
      (policy) => noted(policy, 'expires-at', '2099-01-01T00:00:00Z'),
      'expires-at must be a time',
    ],
    ['hides from sluice', (policy) => meta(policy, { labels: {} }), 'a grant is named'],
    [
      'has the id of another grant',
      (policy) => labeled(policy, { 'sluice.dev/grant': 'xxxxxx' }),
      'a grant is named',
    ],
    ['has a name of its own', (policy) => meta(policy, { name: 'open' }), 'a grant is named'],
    [
      'reaches into a protected namespace',
      (policy) =>
        peers(policy, [
          { ...POD_PEER, namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': guarded } } },
        ]),
      'the namespace of the other end is protected',
    ],
  ];
  test.each(GRANTS)('refuse a grant that %s', async (_, change, says) => {
    const answer = await tryGrant(change);
    expect(answer).toMatchObject({ status: 422, message: expect.stringContaining(says) });
  });

  test('refuse leases and grants in a protected namespace', async () => {
    for (const tried of [tryLease, tryGrant]) {
      const answer = await tried((object) => object, alice, guarded);
      expect(answer).toMatchObject({
        status: 422,
        message: expect.stringContaining('this namespace is protected'),
      });
    }
  });

  test('hold the admin to the same rules, who can not ask in the name of another', async () => {
    const answer = await raw.call(undefined, 'POST', `${jobs()}?dryRun=All`, made().lease);
    expect(answer).toMatchObject({ status: 422, message: expect.stringContaining('requester must be') });
  });

  describe('around a standing grant', () => {
    let lease: ApiObject;
    let policy: ApiObject;

    beforeAll(async () => {
      if (found === undefined) return;
      const one = made('cdfghj');
      const created = await raw.call(alice, 'POST', jobs(), one.lease);
      expect(created, created.message).toMatchObject({ status: 201 });
      const path = `${jobs()}/${one.lease.metadata.name}`;
      lease = await eventually(async () => {
        const job = (await raw.call(alice, 'GET', path)).body as ApiObject;
        expect(windowOf(job)).toBeDefined();
        return job;
      });
      const window = windowOf(lease) ?? { start: 0, seconds: 0, end: 0 };
      const { ownerReferences: _, ...rest } = one.policy.metadata;
      const answer = await raw.call(
        alice,
        'POST',
        netpols(),
        ownedPolicy({ ...one.policy, metadata: rest }, lease, window),
      );
      expect(answer, answer.message).toMatchObject({ status: 201 });
      policy = answer.body as ApiObject;
    });

    const patch = (who: Somebody, object: ApiObject, change: object) => {
      const collection = object.kind === 'Job' ? jobs() : netpols();
      return raw.call(who, 'PATCH', `${collection}/${object.metadata.name}?dryRun=All`, change, MERGE_PATCH);
    };
    const notes = (change: Readonly<Record<string, string | null>>) => ({
      metadata: {
        annotations: Object.fromEntries(
          Object.entries(change).map(([key, value]) => [`sluice.dev/${key}`, value]),
        ),
      },
    });
    const extension = (seconds: number, window: string) => ({
      ...notes({ window }),
      spec: { activeDeadlineSeconds: seconds },
    });

    test('the requester and others extend and shorten it in their own name', async () => {
      for (const who of [alice, bob])
        for (const [seconds, text] of [
          [900, '15m'],
          [3_600, '1h'],
          [60, '1m'],
        ] as const) {
          const answer = await patch(who, lease, extension(seconds, `${text} of at most 1h, by ${who.user}`));
          expect(answer, answer.message).toMatchObject({ status: 200 });
        }
      const marks = { ...notes({ 'expires-at': new Date(Date.now() + 900_000).toISOString() }) };
      expect(await patch(bob, policy, marks)).toMatchObject({ status: 200 });
      expect(
        await patch(bob, policy, { metadata: { annotations: { 'example.com/seen': 'yes' } } }),
      ).toMatchObject({ status: 200 });
    });

    const UPDATES: readonly (readonly [string, () => object, string])[] = [
      [
        'a longer deadline that nobody announces',
        () => ({ spec: { activeDeadlineSeconds: 900 } }),
        'window announces it',
      ],
      [
        'an extension in the name of another',
        () => extension(900, `15m of at most 1h, by ${alice.user}`),
        'must name who sets it',
      ],
      [
        'an extension past the maximum',
        () => extension(3_660, `1h1m of at most 1h, by ${bob.user}`),
        'longer than the maximum',
      ],
      [
        'a maximum that is raised',
        () => extension(900, `15m of at most 9h, by ${bob.user}`),
        'maximum that was announced must stay',
      ],
      ['a removed announcement', () => notes({ window: null }), 'window announces it'],
      [
        'a removed deadline',
        () => ({ spec: { activeDeadlineSeconds: null } }),
        'a lease has activeDeadlineSeconds',
      ],
      ['a suspension', () => ({ spec: { suspend: true } }), 'a lease has parallelism 0'],
      ['a removed ttl', () => ({ spec: { ttlSecondsAfterFinished: null } }), 'a lease has parallelism 0'],
      ['a pod', () => ({ spec: { parallelism: 1 } }), 'a lease has parallelism 0'],
      ['another requester', () => notes({ requester: bob.user }), 'only sluice.dev/window may change'],
      ['another reason', () => notes({ reason: 'test of mine' }), 'only sluice.dev/window may change'],
      [
        'another copy of what was granted',
        () => notes({ policy: '{}' }),
        'only sluice.dev/window may change',
      ],
      ['a new note', () => notes({ note: 'x' }), 'only sluice.dev/window may change'],
      [
        'a finalizer',
        () => ({ metadata: { finalizers: ['example.com/x'] } }),
        'a finalizer would keep the lease',
      ],
      ['a removed label', () => ({ metadata: { labels: { 'sluice.dev/grant': null } } }), 'a lease is named'],
    ];
    test.each(UPDATES)('its lease is refused %s', async (_, change, says) => {
      expect(await patch(bob, lease, change())).toMatchObject({
        status: 422,
        message: expect.stringContaining(says),
      });
    });

    const POLICY_UPDATES: readonly (readonly [string, () => object, string])[] = [
      [
        'another spec',
        () => ({ spec: { podSelector: { matchLabels: { app: 'api' } } } }),
        'the spec of a grant never changes',
      ],
      ['no owner', () => ({ metadata: { ownerReferences: null } }), 'a grant has one owner'],
      [
        'another owner',
        () => ({
          metadata: { ownerReferences: [{ ...policy.metadata.ownerReferences?.[0], uid: 'other' }] },
        }),
        'a grant has one owner',
      ],
      [
        'an owner more',
        () => ({
          metadata: {
            ownerReferences: [
              ...(policy.metadata.ownerReferences ?? []),
              { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' },
            ],
          },
        }),
        'a grant has one owner',
      ],
      ['another requester', () => notes({ requester: bob.user }), 'only sluice.dev/expires-at may change'],
      ['no annotations', () => ({ metadata: { annotations: null } }), 'sluice.dev/'],
      ['no label', () => ({ metadata: { labels: { 'sluice.dev/grant': null } } }), 'a grant is named'],
      [
        'no manager',
        () => ({ metadata: { labels: { 'app.kubernetes.io/managed-by': 'me' } } }),
        'a grant is named',
      ],
      [
        'a finalizer',
        () => ({ metadata: { finalizers: ['example.com/x'] } }),
        'a finalizer would keep the grant',
      ],
      ['an end in years', () => notes({ 'expires-at': '2099-01-01T00:00:00Z' }), 'expires-at must be a time'],
      ['no end', () => notes({ 'expires-at': null }), 'expires-at must be a time'],
    ];
    test.each(POLICY_UPDATES)('its policy is refused %s', async (_, change, says) => {
      expect(await patch(bob, policy, change())).toMatchObject({
        status: 422,
        message: expect.stringContaining(says),
      });
    });

    const DELETES: readonly (readonly [string, string, unknown])[] = [
      ['without options', '', undefined],
      ['with empty options', '', {}],
      ['with the query overruled by the body', '?propagationPolicy=Foreground', {}],
      ['that orphans', '', { propagationPolicy: 'Orphan' }],
      ['that orphans, as it was said once', '', { orphanDependents: true }],
      ['with preconditions alone', '', { preconditions: {} }],
    ];
    test.each(DELETES)('a deletion of its lease %s is refused', async (_, query, options) => {
      const path = `${jobs()}/${lease.metadata.name}${query}`;
      const body = options === undefined ? undefined : { ...(options as object), dryRun: ['All'] };
      const answer = await raw.call(bob, 'DELETE', options === undefined ? `${path}?dryRun=All` : path, body);
      expect(answer).toMatchObject({
        status: 422,
        message: expect.stringContaining('deleting a lease needs propagationPolicy'),
      });
    });

    test('a deletion that takes the policy along is not refused', async () => {
      for (const propagationPolicy of ['Foreground', 'Background']) {
        const answer = await raw.call(bob, 'DELETE', `${jobs()}/${lease.metadata.name}`, {
          propagationPolicy,
          dryRun: ['All'],
        });
        expect(answer, answer.message).toMatchObject({ status: 200 });
      }
    });
  });

  describe('leave others alone', () => {
    test('Jobs and policies of all kinds are made, changed and deleted', async () => {
      for (const job of [
        ordinaryJob('plain'),
        ordinaryJob('sluice-backup'),
        { ...ordinaryJob(''), metadata: { generateName: 'batch-' } },
      ]) {
        const created = await raw.call(bob, 'POST', jobs(), job);
        expect(created, created.message).toMatchObject({ status: 201 });
        const path = `${jobs()}/${(created.body as ApiObject).metadata.name}`;
        expect(await raw.call(bob, 'PATCH', path, { spec: { suspend: false } }, MERGE_PATCH)).toMatchObject({
          status: 200,
        });
        expect(await raw.call(bob, 'DELETE', path)).toMatchObject({ status: 200 });
      }
      const created = await raw.call(bob, 'POST', netpols(), ordinaryPolicy('mine'));
      expect(created, created.message).toMatchObject({ status: 201 });
      const wide = { spec: { ingress: [{}] }, metadata: { finalizers: ['example.com/x'] } };
      expect(await raw.call(bob, 'PATCH', `${netpols()}/mine`, wide, MERGE_PATCH)).toMatchObject({
        status: 200,
      });
      expect(
        await raw.call(bob, 'PATCH', `${netpols()}/mine`, { metadata: { finalizers: null } }, MERGE_PATCH),
      ).toMatchObject({ status: 200 });
      const label = { metadata: { labels: { 'sluice.dev/grant': ID } } };
      expect(await raw.call(bob, 'PATCH', `${netpols()}/mine`, label, MERGE_PATCH)).toMatchObject({
        status: 422,
      });
      expect(await raw.call(bob, 'DELETE', `${netpols()}/mine`)).toMatchObject({ status: 200 });
    });

    test('but for groups that are confined to grants', async () => {
      refusedBy(await tryJob(carol), 'confined');
      refusedBy(await raw.call(carol, 'POST', `${netpols()}?dryRun=All`, ordinaryPolicy('mine')), 'confined');
      refusedBy(
        await raw.call(
          carol,
          'PATCH',
          `${netpols()}/default-deny?dryRun=All`,
          { spec: { ingress: [{}] } },
          MERGE_PATCH,
        ),
        'confined',
      );
      refusedBy(
        await raw.call(carol, 'DELETE', `${netpols()}/default-deny`, { dryRun: ['All'] }),
        'confined',
      );
    });
  });

  describe('let sluice work unchanged', () => {
    const run = async (who: Somebody, ...args: readonly string[]) => {
      const program = runAs(cluster, who, state, args);
      const code = await program.ended;
      return { code, lines: program.lines, errors: program.errors() };
    };
    const grant = async (who: Somebody, from: string, to: string, ...more: readonly string[]) => {
      const args = ['grant', '-n', namespace, '--source', 'probe', '--from', from, '--to', to];
      const ran = await run(who, ...args, '--port', '5432/tcp', '--reason', 'test', '-o', 'json', ...more);
      expect(ran, ran.errors).toMatchObject({ code: 0 });
      const line = ran.lines.find((text) => text.includes('"granted"')) ?? '{}';
      return String(JSON.parse(line).id);
    };
    const left = () => cluster.kubectl('-n', namespace, 'get', 'jobs,networkpolicies', '-o', 'name');

    test.each([
      ['a workload', 'deploy/web', 'sts/db', 2],
      ['a workload by an expression', 'deploy/picky', 'sts/db', 2],
      ['an address', 'deploy/web', '203.0.113.7', 1],
      ['a block', 'deploy/web', '203.0.113.0/24', 1],
    ])('a grant for %s, its extension and its end', async (_, from, to, halves) => {
      const ranges = ['--port', '8000-8010/tcp', '--port', '53/udp'];
      const id = await grant(alice, from, to, '--for', '10m', ...ranges);
      expect((await left()).match(new RegExp(`job.batch/sluice-${id}`, 'g'))).toHaveLength(halves);
      for (const who of [alice, bob]) {
        const ran = await run(who, 'extend', id, '-n', namespace, '--for', '5m');
        expect(ran, ran.errors).toMatchObject({ code: 0, errors: '' });
      }
      const ran = await run(bob, 'revoke', id, '-n', namespace);
      expect(ran.code, ran.errors).toBe(0);
      await eventually(async () => expect(await left()).not.toContain(id));
    });

    test('a grant of somebody who is confined to them', async () => {
      const id = await grant(carol, 'deploy/web', 'sts/db', '--for', '10m');
      const ran = await run(carol, 'revoke', id, '-n', namespace);
      expect(ran.code, ran.errors).toBe(0);
    });

    test('the end of a grant by the cluster alone', async () => {
      const id = await grant(alice, 'deploy/web', 'sts/db', '--for', '5s');
      await eventually(async () => expect(await left()).not.toContain(id));
    });

    test('a refusal names the policy and the rule', async () => {
      const args = [
        '--from',
        'deploy/web',
        '--to',
        'sts/db',
        '--port',
        '5432/tcp',
        '--for',
        '3h',
        '--reason',
        'test',
      ];
      const ran = await run(alice, 'grant', '-n', namespace, '--source', 'probe', ...args);
      expect(ran.code).toBe(1);
      expect(ran.errors).toContain(
        `sluice-lease-limits-${installed.suffix}: the window is longer than the maxSeconds of this cluster`,
      );
    });
  });
});

function meta(object: ApiObject, change: object): ApiObject {
  return { ...object, metadata: { ...object.metadata, ...change } };
}

function labeled(object: ApiObject, labels: Readonly<Record<string, string>>): ApiObject {
  return meta(object, { labels: { ...object.metadata.labels, ...labels } });
}

function noted(object: ApiObject, note: string, value: string | undefined): ApiObject {
  const { [`sluice.dev/${note}`]: _, ...others } = object.metadata.annotations ?? {};
  return meta(object, {
    annotations: value === undefined ? others : { ...others, [`sluice.dev/${note}`]: value },
  });
}

function spec(object: ApiObject, change: object): ApiObject {
  return { ...object, spec: { ...(object.spec as object), ...change } };
}

function without(object: ApiObject, field: string): ApiObject {
  return {
    ...object,
    spec: Object.fromEntries(Object.entries(object.spec as object).filter(([key]) => key !== field)),
  };
}

/** The lease for another window, announced as sluice would. */
function long(job: ApiObject, seconds: number): ApiObject {
  const by = job.metadata.annotations?.['sluice.dev/requester'];
  const text = seconds === 90_061 ? '1d1h1m1s' : `${seconds}s`;
  return noted(spec(job, { activeDeadlineSeconds: seconds }), 'window', `${text} of at most 7d, by ${by}`);
}

type IngressRule = { readonly from?: readonly object[]; readonly ports?: readonly object[] };

function ingressOf(policy: ApiObject): readonly IngressRule[] {
  return (policy.spec as { ingress: readonly IngressRule[] }).ingress;
}

function peers(policy: ApiObject, from: readonly object[] | undefined): ApiObject {
  const [rule] = ingressOf(policy);
  return spec(policy, { ingress: [{ ports: rule?.ports, ...(from === undefined ? {} : { from }) }] });
}

function ports(policy: ApiObject, open: readonly object[] | undefined): ApiObject {
  const [rule] = ingressOf(policy);
  return spec(policy, { ingress: [{ from: rule?.from, ...(open === undefined ? {} : { ports: open }) }] });
}

function peerBy(podSelector: object): object {
  return { ...POD_PEER, podSelector };
}

/** The same policy for the other half. */
function egress(policy: ApiObject): ApiObject {
  const [rule] = ingressOf(policy);
  const { podSelector } = policy.spec as { podSelector: object };
  const turned = {
    ...policy,
    spec: { podSelector, policyTypes: ['Egress'], egress: [{ to: rule?.from, ports: rule?.ports }] },
  };
  return renamed(turned, `sluice-${ID}-out`);
}

function renamed(policy: ApiObject, name: string): ApiObject {
  return owners(meta(policy, { name }), ({ owner }) => [{ ...owner, name }]);
}

type Owner = NonNullable<ApiObject['metadata']['ownerReferences']>[number];

function owners(policy: ApiObject, change: (now: { readonly owner: Owner }) => readonly Owner[]): ApiObject {
  const [owner] = policy.metadata.ownerReferences ?? [];
  return owner === undefined ? policy : meta(policy, { ownerReferences: change({ owner }) });
}

function ordinaryJob(name: string): ApiObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: {
      suspend: true,
      template: {
        spec: {
          restartPolicy: 'Never',
          schedulerName: 'nobody',
          containers: [{ name: 'x', image: 'sluice.test/none:1' }],
        },
      },
    },
  };
}

function ordinaryPolicy(name: string): ApiObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name },
    spec: { podSelector: { matchLabels: { app: 'none' } }, policyTypes: ['Ingress'] },
  };
}
