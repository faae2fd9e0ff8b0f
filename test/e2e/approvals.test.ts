import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiObject } from '../../src/core/cluster/objects.ts';
import { formatDuration } from '../../src/core/common/duration.ts';
import { ownedPolicy } from '../../src/core/grants/grant-manifests.ts';
import { windowOf } from '../../src/core/grants/lease.ts';
import { grantId } from '../../src/core/grants/names.ts';
import { asRequest, openingPatch, openSpec } from '../../src/core/grants/pending.ts';
import type { GrantPlan } from '../../src/core/grants/plan.ts';
import { eventually } from '../helpers/eventually.ts';
import { draftHalf } from '../helpers/grant-objects.ts';
import { createStillWorld, type Installed, manifestsOn, runAs } from '../helpers/manifests-cluster.ts';
import { MERGE_PATCH, openRawApi, type RawAnswer, type RawApi, type Somebody } from '../helpers/raw-api.ts';
import { findRealCluster, type RealCluster } from '../helpers/real-cluster.ts';

const found = await findRealCluster();

const APPLY = 'application/apply-patch+yaml';
const STRATEGIC = 'application/strategic-merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';

/** The longest window and the longest wait that the cluster of this test allows, seconds. */
const MOST = 7_200;
const PENDING = 1_800;
const ASKED = 600;

type Two = { readonly lease: ApiObject; readonly policy: ApiObject };

describe.skipIf(found === undefined)('approvals on a real control plane', () => {
  let cluster: RealCluster;
  let installed: Installed;
  let raw: RawApi;
  let state: string;
  /** An approval is required here, and not there. */
  let here: string;
  let there: string;
  let policies: readonly ApiObject[];
  let alice: Somebody;
  let bob: Somebody;
  let carol: Somebody;
  let dave: Somebody;
  let erin: Somebody;
  let frank: Somebody;
  let ivan: Somebody;

  beforeAll(async () => {
    if (found === undefined) return;
    cluster = found;
    state = await mkdtemp(join(tmpdir(), 'sluice-approvals-'));
    installed = manifestsOn(cluster);
    here = `sluice-e2e-pay-${installed.suffix}`;
    there = `sluice-e2e-front-${installed.suffix}`;
    raw = await openRawApi(cluster);
    await createStillWorld(cluster, here);
    await createStillWorld(cluster, there);
    await installed.install([
      'rbac',
      ...['viewer', 'requester'].map((name) => `--bind=${name}=${installed.groupOf('requesters')}`),
      ...['viewer', 'approver'].map((name) => `--bind=${name}=${installed.groupOf('approvers')}`),
      ...['viewer', 'operator'].map((name) => `--bind=${name}=${installed.groupOf('operators')}`),
    ]);
    await cluster.apply(writersOf(installed.suffix, installed.groupOf('writers')));
    await mkdir(join(state, 'sluice'));
    await writeFile(join(state, 'sluice/config.yaml'), `approvals: { pendingFor: ${text(PENDING)} }\n`);
    const around = {
      namespaceSelector: {
        matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: [here, there] }],
      },
    };
    policies = await installed.install(
      [
        ...['admission', '--max-duration', '2h', '--pending', '30m', '--approvals', `sluice-e2e-pay-*`],
        ...['--approvers', installed.groupOf('approvers'), '--break-glass', installed.groupOf('breakers')],
      ],
      (object) =>
        object.kind === 'ValidatingAdmissionPolicyBinding'
          ? { ...object, spec: { ...(object.spec as object), matchResources: around } }
          : object,
    );
    // All but the last two have every right on the objects, so that only the admission policies stand in their way.
    alice = installed.somebody('alice', 'writers', 'approvers');
    bob = installed.somebody('bob', 'writers', 'approvers');
    erin = installed.somebody('erin', 'writers', 'approvers');
    carol = installed.somebody('carol', 'writers', 'operators');
    dave = installed.somebody('dave', 'writers', 'breakers');
    frank = installed.somebody('frank', 'approvers');
    ivan = installed.somebody('ivan', 'requesters');
    await eventually(async () => {
      const open = await raw.call(alice, 'POST', `${netpols()}?dryRun=All`, made({ pending: false }).policy);
      expect(open).toMatchObject({ status: 422 });
      expect(open.message).toContain(`sluice-approvals-${installed.suffix}`);
    });
    for (const wrong of [
      () => raw.call(alice, 'POST', `${jobs()}?dryRun=All`, long(made().lease, MOST * 4)),
      () =>
        raw.call(
          alice,
          'POST',
          `${netpols()}?dryRun=All`,
          noted(made().policy, 'expires-at', '2099-01-01T00:00:00Z'),
        ),
      () => raw.call(alice, 'POST', `${jobs()}?dryRun=All`, noted(made().lease, 'reason', '')),
      () => raw.call(alice, 'POST', `${netpols()}?dryRun=All`, noted(made().policy, 'reason', '')),
    ])
      await eventually(async () => expect(await wrong()).toMatchObject({ status: 422 }));
  });

  afterAll(async () => {
    raw?.close();
    await installed?.dispose();
    const writers = `sluice-e2e-writers-${installed.suffix}`;
    await cluster?.kubectl(
      'delete',
      '--ignore-not-found',
      `clusterrole/${writers}`,
      `clusterrolebinding/${writers}`,
    );
    await cluster?.kubectl('delete', 'namespace', here, there, '--wait=false');
    if (state !== undefined) await rm(state, { recursive: true, force: true });
  });

  const jobs = (where = here) => `/apis/batch/v1/namespaces/${where}/jobs`;
  const netpols = (where = here) => `/apis/networking.k8s.io/v1/namespaces/${where}/networkpolicies`;
  const pathOf = ({ kind, metadata: { name, namespace } }: ApiObject) =>
    `${kind === 'Job' ? jobs(namespace) : netpols(namespace)}/${name}`;

  type MadeAs = {
    readonly id?: string;
    readonly who?: Somebody;
    readonly where?: string;
    readonly pending?: boolean;
    readonly seconds?: number;
    readonly peer?: string;
    readonly direction?: 'ingress' | 'egress';
  };

  /** The objects of one half, as sluice makes them: of a request, or with `pending: false` of a grant. */
  function made({
    id = 'bcdfgh',
    who = alice,
    where = here,
    pending = true,
    seconds = ASKED,
    peer = there,
    direction = 'ingress',
  }: MadeAs = {}): Two {
    const half = draftHalf({
      ...{ id, requester: who.user, direction, halves: [{ direction, namespace: where }] },
      ...{ pods: { source: [], destination: [] }, peer, most: MOST, seconds },
    });
    const ref = { kind: 'Deployment', namespace: where, name: 'web' };
    const plan = { seconds, halves: [half] } as unknown as Extract<GrantPlan, { ok: true }>;
    const path = {
      source: { type: 'workload', ref },
      destination: { type: 'workload', ref },
      ports: [{ port: 5_432, protocol: 'TCP' }],
      seconds,
    } as const;
    const asked = asRequest(
      plan,
      path,
      { facts: ['x'], hash: 'a'.repeat(64) },
      { pending: PENDING, maxSeconds: MOST, requester: who.user },
    );
    const [made] = pending ? asked.halves : [half];
    if (made === undefined) throw new Error('no half');
    const length = pending ? PENDING : seconds;
    const now = Date.now();
    return { lease: made.lease, policy: owned(made.policy, made.lease, now, length) };
  }

  function owned(policy: ApiObject, lease: ApiObject, start: number, seconds: number): ApiObject {
    const uid = lease.metadata.uid ?? 'fd53f6d6-0c2c-4d4f-9f0b-3f3a6f0f8a11';
    return ownedPolicy(
      policy,
      { ...lease, metadata: { ...lease.metadata, uid } },
      { start, seconds, end: start + seconds * 1_000 },
    );
  }

  const newId = () => grantId(crypto.getRandomValues(new Uint8Array(8)));

  /** A request of somebody that stands in the cluster. */
  async function standing(options: MadeAs = {}): Promise<Two> {
    const { who = alice, where = here } = options;
    const drafts = made({ id: newId(), ...options });
    const lease = await raw.call(who, 'POST', jobs(where), drafts.lease);
    expect(lease, lease.message).toMatchObject({ status: 201 });
    const job = lease.body as ApiObject;
    const { ownerReferences: _, ...metadata } = drafts.policy.metadata;
    const policy = owned({ ...drafts.policy, metadata }, job, Date.now(), PENDING);
    const answer = await raw.call(who, 'POST', netpols(where), policy);
    expect(answer, answer.message).toMatchObject({ status: 201 });
    const started = await eventually(async () => {
      const now = (await raw.call(undefined, 'GET', pathOf(job))).body as ApiObject;
      expect(windowOf(now)).toBeDefined();
      return now;
    });
    return { lease: started, policy: answer.body as ApiObject };
  }

  const signature = (who: Somebody, more: Readonly<Record<string, string>> = {}) => ({
    'sluice.dev/approved-by': who.user,
    'sluice.dev/approved-plan': 'a'.repeat(64),
    'sluice.dev/approved-at': new Date().toISOString(),
    ...more,
  });
  const opening = (policy: ApiObject, who: Somebody) => ({
    metadata: { annotations: signature(who) },
    spec: openingPatch(policy.spec),
  });
  const moving = (who: Somebody, seconds: number, more: Readonly<Record<string, string>> = {}) => ({
    metadata: {
      annotations: signature(who, {
        'sluice.dev/window': `${text(seconds)} of at most ${text(PENDING + MOST)}, by ${who.user}`,
        ...more,
      }),
    },
    spec: { activeDeadlineSeconds: seconds },
  });

  test('pass the type check of the server without a warning', async () => {
    for (const { kind, metadata } of policies) {
      if (kind !== 'ValidatingAdmissionPolicy') continue;
      const checked = await eventually(async () => {
        const policy = JSON.parse(
          await cluster.kubectl('get', 'validatingadmissionpolicy', metadata.name, '-o', 'json'),
        );
        expect(policy.status?.observedGeneration).toBe(policy.metadata.generation);
        return policy.status.typeChecking;
      });
      expect(checked, metadata.name).toEqual({});
    }
  });

  describe('let pass what sluice makes', () => {
    test('a request, its approval by another, and an extension by the approver', async () => {
      for (const direction of ['ingress', 'egress'] as const) {
        const { lease, policy } = await standing({ direction });
        const leased = await raw.call(bob, 'PATCH', pathOf(lease), moving(bob, ASKED + 5), MERGE_PATCH);
        expect(leased, leased.message).toMatchObject({ status: 200 });
        const opened = await raw.call(bob, 'PATCH', pathOf(policy), opening(policy, bob), MERGE_PATCH);
        expect(opened, opened.message).toMatchObject({ status: 200 });
        expect(JSON.stringify((opened.body as ApiObject).spec)).not.toContain('pending');
        const window = `15m of at most ${text(PENDING + MOST)}, by ${bob.user}`;
        const longer = {
          metadata: { annotations: { 'sluice.dev/window': window } },
          spec: { activeDeadlineSeconds: 900 },
        };
        const extended = await raw.call(bob, 'PATCH', pathOf(lease), longer, MERGE_PATCH);
        expect(extended, extended.message).toMatchObject({ status: 200 });
      }
    });

    test('a grant where no approval is required', async () => {
      const answers = [
        await raw.call(
          carol,
          'POST',
          `${jobs(there)}?dryRun=All`,
          made({ who: carol, where: there, pending: false }).lease,
        ),
        await raw.call(
          carol,
          'POST',
          `${netpols(there)}?dryRun=All`,
          made({ who: carol, where: there, pending: false }).policy,
        ),
      ];
      for (const answer of answers) expect(answer, answer.message).toMatchObject({ status: 201 });
    });

    test('a grant without approval by who may, and who says why', async () => {
      const drafts = made({ who: dave, pending: false });
      for (const [path, object] of [
        [jobs(), drafts.lease],
        [netpols(), drafts.policy],
      ] as const) {
        const good = noted(object, 'break-glass', 'the approvers sleep');
        expect(await raw.call(dave, 'POST', `${path}?dryRun=All`, good)).toMatchObject({ status: 201 });
        expect(
          await raw.call(dave, 'POST', `${path}?dryRun=All`, noted(object, 'break-glass', ' ')),
        ).toMatchObject({ status: 422 });
        const alien = noted(noted(object, 'requester', carol.user), 'break-glass', 'the approvers sleep');
        expect(await raw.call(carol, 'POST', `${path}?dryRun=All`, alien)).toMatchObject({ status: 422 });
      }
    });
  });

  type Try = readonly [string, () => Promise<RawAnswer>];

  /** What nobody may create: each without approval, in some disguise. */
  const creations = (): readonly Try[] => {
    const open = made({ pending: false });
    const asked = made();
    const post = (path: string, object: ApiObject, who = alice) =>
      raw.call(who, 'POST', `${path}?dryRun=All`, object);
    const put = (object: ApiObject, who = alice) =>
      raw.call(
        who,
        'PUT',
        `${pathOf({ ...object, metadata: { ...object.metadata, namespace: here } })}?dryRun=All`,
        object,
      );
    const apply = (object: ApiObject, who = alice) =>
      raw.call(
        who,
        'PATCH',
        `${pathOf({ ...object, metadata: { ...object.metadata, namespace: here } })}?dryRun=All&fieldManager=x&force=true`,
        object,
        APPLY,
      );
    const generated = ({ metadata: { name: _, ...metadata }, ...rest }: ApiObject) =>
      ({ ...rest, metadata: { ...metadata, generateName: 'sluice-' } }) as unknown as ApiObject;
    const away = made({ where: there, peer: here, pending: false });
    const half = { ...(asked.policy.spec as { podSelector: { matchLabels: object } }) };
    const labelOnly = specced(asked.policy, { podSelector: { matchLabels: half.podSelector.matchLabels } });
    return [
      ['an open policy', () => post(netpols(), open.policy)],
      ['an open policy by server-side apply', () => apply(open.policy)],
      ['an open policy by PUT', () => put(open.policy)],
      ['an open policy under a generated name', () => post(netpols(), generated(open.policy))],
      [
        'an open policy of the admin',
        () => raw.call(undefined, 'POST', `${netpols()}?dryRun=All`, open.policy),
      ],
      ['an open policy signed by its requester', () => post(netpols(), signed(open.policy, alice))],
      ['an open policy signed by another', () => post(netpols(), signed(open.policy, bob))],
      [
        'an open policy signed by its maker, asked by another',
        () => post(netpols(), signed(open.policy, bob), bob),
      ],
      ['a pending policy that is signed', () => post(netpols(), signed(asked.policy, bob))],
      ['a pending policy that a label would open', () => post(netpols(), labelOnly)],
      ['a pending policy of another', () => post(netpols(), noted(asked.policy, 'requester', bob.user))],
      [
        'a pending policy without what is asked',
        () => post(netpols(), noted(asked.policy, 'asked', undefined)),
      ],
      ['a pending policy without its label', () => post(netpols(), labeled(asked.policy, {}))],
      [
        'a pending policy owned by another',
        () => post(netpols(), ownedBy(asked.policy, { name: 'sluice-xxxxxx-in' })),
      ],
      [
        'a pending policy owned by a ConfigMap',
        () => post(netpols(), ownedBy(asked.policy, { kind: 'ConfigMap', apiVersion: 'v1' })),
      ],
      ['a pending policy with two owners', () => post(netpols(), twoOwners(asked.policy))],
      [
        'a pending policy without an owner',
        () => post(netpols(), meta(asked.policy, { ownerReferences: [] })),
      ],
      [
        'a pending policy with a finalizer',
        () => post(netpols(), meta(asked.policy, { finalizers: ['example.com/x'] })),
      ],
      ['an open policy to here, elsewhere', () => post(netpols(there), away.policy)],
      ['a lease to here, elsewhere', () => post(jobs(there), away.lease)],
      [
        'an open policy with a reason of break-glass',
        () => post(netpols(), noted(open.policy, 'break-glass', 'now')),
      ],
      ['a lease that asks for nothing', () => post(jobs(), open.lease)],
      ['a lease by server-side apply', () => apply(open.lease)],
      ['a lease under a generated name', () => post(jobs(), generated(asked.lease))],
      ['a lease that waits too long', () => post(jobs(), long(asked.lease, PENDING + 1))],
      ['a lease that asks for too long', () => post(jobs(), noted(asked.lease, 'asked', text(MOST + 1)))],
      ['a lease that asks for nonsense', () => post(jobs(), noted(asked.lease, 'asked', 'soon'))],
      ['a lease that is signed', () => post(jobs(), signed(asked.lease, bob))],
      ['a lease signed by its requester', () => post(jobs(), signed(asked.lease, alice))],
      ['a lease of another', () => post(jobs(), noted(asked.lease, 'requester', bob.user))],
      ['a lease with break-glass', () => post(jobs(), noted(open.lease, 'break-glass', 'now'))],
      ['a refused lease', () => post(jobs(), noted(asked.lease, 'refused', `${alice.user}: x`))],
    ];
  };

  test('nobody creates access alone, in no disguise', async () => {
    const tries = creations();
    expect(tries.length).toBeGreaterThanOrEqual(30);
    for (const [what, attempt] of tries) {
      const answer = await attempt();
      expect([403, 404, 422], `${what}: ${answer.status} ${answer.message}`).toContain(answer.status);
    }
  });

  describe('a request that stands', () => {
    const forged = (change: object, spec?: object) => (policy: ApiObject, who: Somebody) => ({
      metadata: { annotations: { ...signature(who), ...change } },
      spec: { ...openingPatch(policy.spec), ...spec },
    });
    const port = { protocol: 'TCP', port: 1 };
    const ways = (policy: ApiObject, rule: object) =>
      policy.metadata.name.endsWith('-in') ? { ingress: [rule] } : { egress: [rule] };

    type Forgery = (policy: ApiObject, who: Somebody) => object;

    /** Refused to everybody, to whoever may approve as well. */
    const POLICY_FORGERIES: Readonly<Record<string, Forgery>> = {
      'opened without a signature': ({ spec }) => ({ spec: openingPatch(spec) }),
      'signed and not opened': (_, who) => ({ metadata: { annotations: signature(who) } }),
      'approved in the name of another': (policy, who) =>
        forged({ 'sluice.dev/approved-by': who === bob ? erin.user : bob.user })(policy, who),
      'approved in the name of its requester': forged({ 'sluice.dev/approved-by': 'PLACEHOLDER' }),
      'opened to everybody': (policy, who) => forged({}, ways(policy, { ports: [port] }))(policy, who),
      'opened on more ports': (policy, who) => forged({}, ways(policy, widened(policy)))(policy, who),
      'opened for more pods': (policy, who) => ({
        ...forged({})(policy, who),
        spec: {
          podSelector: {
            matchLabels: { app: null, 'sluice.dev/pending': null, tier: 'x' },
            matchExpressions: null,
          },
        },
      }),
      'opened for all pods': (policy, who) => ({
        ...forged({})(policy, who),
        spec: { podSelector: { matchLabels: null, matchExpressions: null } },
      }),
      'opened for pods by an expression': (policy, who) => ({
        ...forged({})(policy, who),
        spec: {
          podSelector: {
            matchLabels: { 'sluice.dev/pending': null },
            matchExpressions: [{ key: 'app', operator: 'Exists' }],
          },
        },
      }),
      'opened in both directions': forged({}, { policyTypes: ['Ingress', 'Egress'] }),
      'without its label': (_, who) => ({
        metadata: { annotations: signature(who) },
        spec: { podSelector: { matchLabels: { 'sluice.dev/pending': null } } },
      }),
      'without its contradiction': (_, who) => ({
        metadata: { annotations: signature(who) },
        spec: { podSelector: { matchExpressions: null } },
      }),
      'with another value of the label': () => ({
        spec: { podSelector: { matchLabels: { 'sluice.dev/pending': 'false' } } },
      }),
      'approved with another requester': (policy, who) =>
        forged({ 'sluice.dev/requester': who.user })(policy, { ...who, user: bob.user }),
      'approved with another plan': forged({ 'sluice.dev/plan': 'b'.repeat(64) }),
      'approved for longer': forged({ 'sluice.dev/asked': '2h' }),
      'approved with another reason': forged({ 'sluice.dev/reason': 'mine' }),
      'approved with break-glass': forged({ 'sluice.dev/break-glass': 'now' }),
      'claimed to last for years': forged({ 'sluice.dev/expires-at': '2099-01-01T00:00:00Z' }),
      'given to another owner': (policy, who) => ({
        ...forged({})(policy, who),
        metadata: {
          annotations: signature(who),
          ownerReferences: [{ ...policy.metadata.ownerReferences?.[0], uid: 'other' }],
        },
      }),
      'freed of its owner': (policy, who) => ({
        ...forged({})(policy, who),
        metadata: { annotations: signature(who), ownerReferences: null },
      }),
      'held by a finalizer': (policy, who) => ({
        ...forged({})(policy, who),
        metadata: { annotations: signature(who), finalizers: ['example.com/x'] },
      }),
      'hidden from sluice': (policy, who) => ({
        ...forged({})(policy, who),
        metadata: {
          annotations: signature(who),
          labels: { 'sluice.dev/grant': null, 'app.kubernetes.io/managed-by': null },
        },
      }),
      'approved by nobody known': forged({ 'sluice.dev/approved-by': '' }),
    };

    const announced = (seconds: number, by: string, most = PENDING + MOST) =>
      `${text(seconds)} of at most ${text(most)}, by ${by}`;
    const moved = (who: Somebody, seconds: number, window: string, more: object = {}) => ({
      metadata: { annotations: { ...signature(who), 'sluice.dev/window': window, ...more } },
      spec: { activeDeadlineSeconds: seconds },
    });
    const FAR = PENDING + ASKED + 1;

    const LEASE_FORGERIES: Readonly<Record<string, Forgery>> = {
      'moved without a word': () => ({ spec: { activeDeadlineSeconds: PENDING + 60 } }),
      'moved without a signature': (_, { user }) => ({
        metadata: { annotations: { 'sluice.dev/window': announced(PENDING + 60, user) } },
        spec: { activeDeadlineSeconds: PENDING + 60 },
      }),
      'moved beyond what is asked': (_, who) => moved(who, FAR, announced(FAR, who.user)),
      'moved in the name of another': (_, who) =>
        moved(
          who === bob ? erin : bob,
          PENDING + 60,
          announced(PENDING + 60, (who === bob ? erin : bob).user),
        ),
      'announced by another': (_, who) => moved(who, PENDING + 60, announced(PENDING + 60, `${who.user}x`)),
      'moved with a greater maximum': (_, who) =>
        moved(who, PENDING + 60, announced(PENDING + 60, who.user, 90_000)),
      'moved while it asks for more': (_, who) =>
        moved(who, FAR, announced(FAR, who.user), { 'sluice.dev/asked': '2h' }),
      'signed by its requester': () => ({ metadata: { annotations: signature(alice) } }),
      'given another copy of what was granted': () => ({
        metadata: { annotations: { 'sluice.dev/policy': '{}' } },
      }),
      'given other facts': () => ({ metadata: { annotations: { 'sluice.dev/plan-facts': '[]' } } }),
      'given another plan': () => ({ metadata: { annotations: { 'sluice.dev/plan': 'b'.repeat(64) } } }),
      'given another path': () => ({ metadata: { annotations: { 'sluice.dev/request': '{}' } } }),
      'given another requester': (_, { user }) => ({
        metadata: { annotations: { 'sluice.dev/requester': `${user}x` } },
      }),
      'refused in the name of another': () => ({
        metadata: { annotations: { 'sluice.dev/refused': 'mallory: x' } },
      }),
      suspended: () => ({ spec: { suspend: true } }),
      'without an end': () => ({ spec: { activeDeadlineSeconds: null } }),
      'kept after its end': () => ({ spec: { ttlSecondsAfterFinished: 1_000 } }),
      'that runs a pod': () => ({ spec: { parallelism: 1 } }),
      'held by a finalizer': () => ({ metadata: { finalizers: ['example.com/x'] } }),
      'owned by another': () => ({
        metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' }] },
      }),
    };

    /** Refused to everybody but an approver. */
    const RIGHTLY: Readonly<Record<'policy' | 'lease', Forgery>> = {
      policy: opening,
      lease: (_, who) => moving(who, ASKED + 30),
    };

    const WRITES: Readonly<
      Record<string, (who: Somebody, object: ApiObject, patch: object) => Promise<RawAnswer>>
    > = {
      'merge patch': (who, object, patch) =>
        raw.call(who, 'PATCH', `${pathOf(object)}?dryRun=All`, patch, MERGE_PATCH),
      'strategic merge patch': (who, object, patch) =>
        raw.call(who, 'PATCH', `${pathOf(object)}?dryRun=All`, patch, STRATEGIC),
      PUT: (who, object, patch) =>
        raw.call(who, 'PUT', `${pathOf(object)}?dryRun=All`, merged(object, patch)),
      'JSON patch': (who, object, patch) => {
        const { metadata, spec } = merged(object, patch) as unknown as ApiObject;
        const steps = [
          { op: 'replace', path: '/spec', value: spec },
          { op: 'replace', path: '/metadata/annotations', value: metadata.annotations ?? {} },
          { op: 'replace', path: '/metadata/labels', value: metadata.labels ?? {} },
          ...(['ownerReferences', 'finalizers'] as const).map((field) => ({
            op: 'add',
            path: `/metadata/${field}`,
            value: metadata[field] ?? [],
          })),
        ];
        return raw.call(who, 'PATCH', `${pathOf(object)}?dryRun=All`, steps, JSON_PATCH);
      },
      'server-side apply': (who, object, patch) => {
        const { metadata, ...rest } = merged(object, patch) as unknown as ApiObject;
        const { name, namespace, labels, annotations, ownerReferences, finalizers } = metadata;
        const { status: _, ...applied } = rest as Record<string, unknown>;
        const whole = {
          ...applied,
          metadata: { name, namespace, labels, annotations, ownerReferences, finalizers },
        };
        return raw.call(who, 'PATCH', `${pathOf(object)}?dryRun=All&fieldManager=x&force=true`, whole, APPLY);
      },
    };

    const said = ({ spec, metadata }: ApiObject, notes = metadata.annotations ?? {}) =>
      JSON.stringify(
        sorted([spec, metadata.labels, notes, metadata.ownerReferences ?? [], metadata.finalizers ?? []]),
      );

    /** Whether an approver has opened the policy and nothing else. */
    function isApproved(policy: ApiObject, before: ApiObject): boolean {
      const { metadata, spec } = merged(before, opening(before, bob)) as unknown as ApiObject;
      const signed = Object.keys(signature(bob));
      const others = Object.entries(policy.metadata.annotations ?? {}).filter(
        ([key]) => !signed.includes(key),
      );
      const own = { ...Object.fromEntries(others), 'sluice.dev/approved-by': 'x' };
      const was = { ...before.metadata.annotations, 'sluice.dev/approved-by': 'x' };
      return said(policy, own) === said({ ...before, metadata, spec: openSpec(spec) }, was);
    }

    /** Whether a write that was accepted changed what it must not: an apply takes nothing away that others own. */
    function hasPassed({ status, body }: RawAnswer, before: ApiObject, isApprover: boolean): boolean {
      const after = body as ApiObject;
      return status < 300 && said(after) !== said(before) && !(isApprover && isApproved(after, before));
    }

    let tried = 0;

    test('is neither approved alone, nor forged, nor widened, in more than a thousand ways', async () => {
      const passed: string[] = [];
      const everybody = { alice, bob, erin, carol, dave };
      for (const direction of ['ingress', 'egress'] as const) {
        const two = await standing({ direction });
        for (const [kind, forgeries] of [
          ['policy', POLICY_FORGERIES],
          ['lease', LEASE_FORGERIES],
        ] as const) {
          for (const [name, who] of Object.entries(everybody)) {
            const isApprover = who === bob || who === erin;
            const all = {
              ...forgeries,
              ...(isApprover ? {} : { 'approved by whoever may not': RIGHTLY[kind] }),
            };
            for (const [what, forge] of Object.entries(all)) {
              const body = JSON.parse(
                JSON.stringify(forge(two[kind], who)).replace('PLACEHOLDER', alice.user),
              );
              for (const [how, write] of Object.entries(WRITES)) {
                tried += 1;
                const answer = await write(who, two[kind], body);
                if (hasPassed(answer, two[kind], isApprover))
                  passed.push(`${direction} ${kind} ${what}, by ${name} with ${how}: ${answer.status}`);
              }
            }
          }
        }
      }
      expect(passed).toEqual([]);
      expect(tried).toBeGreaterThanOrEqual(1_000);
    }, 300_000);

    test('is approved by whoever may, however it is written', async () => {
      const two = await standing();
      for (const [how, write] of Object.entries(WRITES)) {
        if (how === 'server-side apply') continue;
        for (const kind of ['lease', 'policy'] as const) {
          const answer = await write(bob, two[kind], RIGHTLY[kind](two[kind], bob));
          expect(answer, `${kind} by ${how}: ${answer.message}`).toMatchObject({ status: 200 });
        }
      }
    });

    test('is not approved by what somebody read before it changed', async () => {
      for (let round = 0; round < 20; round += 1) {
        const { policy } = await standing();
        const seen = { metadata: { annotations: { 'example.com/seen': String(round) } } };
        expect(await raw.call(carol, 'PATCH', pathOf(policy), seen, MERGE_PATCH)).toMatchObject({
          status: 200,
        });
        for (const condition of [
          { resourceVersion: policy.metadata.resourceVersion },
          { uid: 'ffffffff-0c2c-4d4f-9f0b-3f3a6f0f8a11' },
        ]) {
          const { metadata, spec } = opening(policy, bob);
          const stale = { metadata: { ...metadata, ...condition }, spec };
          const { status } = await raw.call(bob, 'PATCH', pathOf(policy), stale, MERGE_PATCH);
          expect([409, 422]).toContain(status);
        }
      }
    });

    test('that two approve at once is approved by one', async () => {
      for (let round = 0; round < 20; round += 1) {
        const { policy } = await standing();
        const { resourceVersion, uid } = policy.metadata;
        const answers = await Promise.all(
          [bob, erin].map((who) => {
            const { metadata, spec } = opening(policy, who);
            return raw.call(
              who,
              'PATCH',
              pathOf(policy),
              { metadata: { ...metadata, resourceVersion, uid }, spec },
              MERGE_PATCH,
            );
          }),
        );
        expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
      }
    });

    test('that its requester swaps while it is approved opens nothing else', async () => {
      for (let round = 0; round < 20; round += 1) {
        const { policy } = await standing();
        const { resourceVersion, uid } = policy.metadata;
        const { metadata, spec } = opening(policy, bob);
        const approval = { metadata: { ...metadata, resourceVersion, uid }, spec };
        const {
          uid: _,
          resourceVersion: __,
          creationTimestamp: ___,
          managedFields: ____,
          ...own
        } = policy.metadata as unknown as Record<string, unknown>;
        const wide = specced(
          { ...policy, metadata: own } as unknown as ApiObject,
          ways(policy, widened(policy)),
        );
        await Promise.all([
          raw.call(bob, 'PATCH', pathOf(policy), approval, MERGE_PATCH),
          (async () => {
            await raw.call(alice, 'DELETE', pathOf(policy));
            await raw.call(alice, 'POST', netpols(), wide);
          })(),
        ]);
        const left = (await raw.call(undefined, 'GET', pathOf(policy))).body as ApiObject;
        const text = JSON.stringify(left.spec ?? {});
        expect(/"port":1[,}]/.test(text) && !text.includes('sluice.dev/pending')).toBe(false);
      }
    });

    test('has no other way in: its status, its deletion and those of others', async () => {
      const { lease, policy } = await standing();
      const later = { status: { startTime: new Date(Date.now() + 3_600_000).toISOString() } };
      for (const who of [alice, bob, carol, ivan])
        expect(await raw.call(who, 'PATCH', `${pathOf(lease)}/status`, later, MERGE_PATCH)).toMatchObject({
          status: 403,
        });
      expect(
        (await raw.call(bob, 'PATCH', `${pathOf(policy)}/status`, {}, MERGE_PATCH)).status,
      ).toBeGreaterThanOrEqual(400);
      expect(await raw.call(alice, 'DELETE', pathOf(lease))).toMatchObject({ status: 422 });
      // Who asked may take it back at any time.
      expect(await raw.call(ivan, 'DELETE', pathOf(policy))).toMatchObject({ status: 200 });
    });

    test('once approved, is extended by others than its requester alone', async () => {
      const { lease, policy } = await standing();
      expect(await raw.call(bob, 'PATCH', pathOf(lease), moving(bob, ASKED + 5), MERGE_PATCH)).toMatchObject({
        status: 200,
      });
      expect(await raw.call(bob, 'PATCH', pathOf(policy), opening(policy, bob), MERGE_PATCH)).toMatchObject({
        status: 200,
      });
      const longer = (who: Somebody) => ({
        metadata: { annotations: { 'sluice.dev/window': announced(900, who.user) } },
        spec: { activeDeadlineSeconds: 900 },
      });
      for (const who of [alice, carol, dave])
        expect(await raw.call(who, 'PATCH', pathOf(lease), longer(who), MERGE_PATCH)).toMatchObject({
          status: 422,
          message: expect.stringContaining('let an approver extend it'),
        });
      expect(await raw.call(erin, 'PATCH', pathOf(lease), longer(erin), MERGE_PATCH)).toMatchObject({
        status: 200,
      });
      for (const change of [
        { metadata: { annotations: { 'sluice.dev/approved-by': erin.user } } },
        { metadata: { annotations: { 'sluice.dev/approved-by': null } } },
        { spec: { podSelector: { matchLabels: { app: 'api' } } } },
        { spec: { podSelector: { matchLabels: { 'sluice.dev/pending': 'true' } } } },
      ])
        for (const who of [alice, bob, erin])
          expect(await raw.call(who, 'PATCH', pathOf(policy), change, MERGE_PATCH)).toMatchObject({
            status: 422,
          });
    });
  });

  test("other people's Jobs and policies are left alone", async () => {
    for (const where of [here, there]) {
      const job = await raw.call(carol, 'POST', jobs(where), ordinaryJob('plain'));
      expect(job, job.message).toMatchObject({ status: 201 });
      const longer = { spec: { activeDeadlineSeconds: 99_999 } };
      expect(await raw.call(carol, 'PATCH', `${jobs(where)}/plain`, longer, MERGE_PATCH)).toMatchObject({
        status: 200,
      });
      const policy = await raw.call(carol, 'POST', netpols(where), ordinaryPolicy('mine'));
      expect(policy, policy.message).toMatchObject({ status: 201 });
      const wide = { spec: { ingress: [{}] } };
      expect(await raw.call(carol, 'PATCH', `${netpols(where)}/mine`, wide, MERGE_PATCH)).toMatchObject({
        status: 200,
      });
      for (const path of [`${jobs(where)}/plain`, `${netpols(where)}/mine`])
        expect(await raw.call(carol, 'DELETE', path)).toMatchObject({ status: 200 });
    }
  });

  describe('sluice', () => {
    beforeAll(async () => {
      for (const where of found === undefined ? [] : [here, there])
        await cluster.kubectl('-n', where, 'delete', 'networkpolicies,jobs', '-l', 'sluice.dev/grant');
    });

    const run = async (who: Somebody, ...args: readonly string[]) => {
      const program = runAs(cluster, who, state, args);
      const code = await program.ended;
      return { code, out: program.lines.join('\n'), errors: program.errors() };
    };
    const path = () => ['--from', `${there}/deploy/web`, '--to', `${here}/sts/db`, '--port', '5432/tcp'];
    const ask = async (who: Somebody) => {
      const args = ['--for', '10m', '--reason', 'test', '--source', 'probe', '-o', 'json'];
      const ran = await run(who, 'request', ...path(), ...args);
      expect(ran, ran.errors).toMatchObject({ code: 0 });
      expect(ran.errors).not.toContain('a custom here');
      const line = ran.out.split('\n').find((one) => one.includes('"requested"')) ?? '{}';
      const { id, plan } = JSON.parse(line) as { readonly id: string; readonly plan: string };
      return { id, plan };
    };

    test('asks with the role requester, approves with the role approver, in two namespaces', async () => {
      const alone = await run(
        carol,
        'grant',
        ...path(),
        '--for',
        '10m',
        '--reason',
        'test',
        '--source',
        'probe',
      );
      expect(alone).toMatchObject({ code: 1, errors: expect.stringContaining('with sluice request') });
      const { id, plan } = await ask(ivan);
      const self = await run(ivan, 'approve', id, '--plan', plan);
      expect(self).toMatchObject({ code: 1, errors: expect.stringContaining("can't approve it") });
      const shown = await run(frank, 'approve', id);
      expect(shown).toMatchObject({
        code: 3,
        errors: expect.stringContaining(`--plan ${plan.slice(0, 12)}`),
      });
      const done = await run(frank, 'approve', id, '--plan', plan.slice(0, 8), '-o', 'json');
      expect(done, done.errors).toMatchObject({ code: 0 });
      expect(JSON.parse(done.out)).toMatchObject({
        approvedBy: frank.user,
        state: 'applied',
        halves: [{}, {}],
      });
      const longer = await run(ivan, 'extend', id, '--for', '5m');
      expect(longer.code).toBe(1);
      const extended = await run(frank, 'extend', id, '--for', '5m');
      expect(extended, extended.errors).toMatchObject({ code: 0 });
      const ended = await run(ivan, 'revoke', id);
      expect(ended.errors).not.toContain('Unable');
      await eventually(async () =>
        expect(await cluster.kubectl('-n', here, 'get', 'networkpolicies', '-o', 'name')).not.toContain(id),
      );
    }, 120_000);

    test('wants each change of a base policy reviewed', async () => {
      const { id, plan } = await ask(ivan);
      let known = plan;
      for (let round = 1; round <= 3; round += 1) {
        const spec = {
          podSelector: {},
          policyTypes: ['Ingress', 'Egress'],
          ingress: [{ from: [{ podSelector: { matchLabels: { round: String(round) } } }] }],
        };
        const change = JSON.stringify({ spec });
        await cluster.kubectl(
          '-n',
          here,
          'patch',
          'networkpolicy',
          'default-deny',
          '--type=merge',
          '-p',
          change,
        );
        const ran = await run(frank, 'approve', id, '--plan', known);
        expect(ran).toMatchObject({
          code: 1,
          errors: expect.stringContaining('does not name the plan as it is now'),
        });
        expect(ran.out).toContain(`+ is now  rests on NetworkPolicy/${here}/default-deny`);
        const name = /add --plan ([0-9a-f]{12})/.exec(ran.errors)?.[1] ?? '';
        expect(plan.startsWith(name)).toBe(false);
        known = name;
      }
      const refused = await run(frank, 'refuse', id, '--reason', 'use the replica');
      expect(refused, refused.errors).toMatchObject({ code: 0, out: `${id} refused: use the replica` });
    }, 120_000);
  });
});

/** Every verb on what a grant is made of, but for the status of a Job. */
function writersOf(suffix: string, group: string): string {
  const name = `sluice-e2e-writers-${suffix}`;
  return `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: ${name}}
rules:
- {apiGroups: [batch, networking.k8s.io], resources: [jobs, networkpolicies], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: ${name}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${name}}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "${group}"}]
`;
}

type Rule = { readonly ports?: readonly object[] };

/** The rule of a policy with a port more. */
function widened({ spec }: ApiObject): object {
  const { ingress, egress } = spec as { ingress?: readonly Rule[]; egress?: readonly Rule[] };
  const [rule] = ingress ?? egress ?? [];
  return { ...rule, ports: [...(rule?.ports ?? []), { protocol: 'TCP', port: 1 }] };
}

/** RFC 7386. */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base = typeof target === 'object' && target !== null && !Array.isArray(target) ? target : {};
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}

/** A value with its keys in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, part]) => [key, sorted(part)]),
  );
}

function ordinaryJob(name: string): object {
  const containers = [{ name: 'x', image: 'sluice.test/none:1' }];
  const template = { spec: { restartPolicy: 'Never', schedulerName: 'nobody', containers } };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: { suspend: true, template } };
}

function ordinaryPolicy(name: string): object {
  const spec = { podSelector: { matchLabels: { app: 'none' } }, policyTypes: ['Ingress'] };
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name }, spec };
}

const text = formatDuration;

function meta(object: ApiObject, change: object): ApiObject {
  return { ...object, metadata: { ...object.metadata, ...change } };
}

function labeled(object: ApiObject, labels: Readonly<Record<string, string>>): ApiObject {
  return meta(object, { labels });
}

function specced(object: ApiObject, change: object): ApiObject {
  return { ...object, spec: { ...(object.spec as object), ...change } };
}

function noted(object: ApiObject, note: string, value: string | undefined): ApiObject {
  const { [`sluice.dev/${note}`]: _, ...others } = object.metadata.annotations ?? {};
  return meta(object, {
    annotations: value === undefined ? others : { ...others, [`sluice.dev/${note}`]: value },
  });
}

function signed(object: ApiObject, { user }: Somebody): ApiObject {
  return noted(noted(object, 'approved-by', user), 'approved-plan', 'a'.repeat(64));
}

function long(lease: ApiObject, seconds: number): ApiObject {
  const by = lease.metadata.annotations?.['sluice.dev/requester'];
  return noted(
    specced(lease, { activeDeadlineSeconds: seconds }),
    'window',
    `${text(seconds)} of at most 7d, by ${by}`,
  );
}

function ownedBy(policy: ApiObject, change: object): ApiObject {
  const [owner] = policy.metadata.ownerReferences ?? [];
  return meta(policy, { ownerReferences: [{ ...owner, ...change }] });
}

function twoOwners(policy: ApiObject): ApiObject {
  const [owner] = policy.metadata.ownerReferences ?? [];
  return meta(policy, { ownerReferences: [owner, { ...owner, uid: 'other' }] });
}
