import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ApiObject } from '../../src/core/cluster/objects.ts';
import { findLeftovers } from '../../src/core/grants/leftovers.ts';
import { MAKING_WITHIN } from '../../src/core/grants/life.ts';
import { grantId, MANAGED_SELECTOR } from '../../src/core/grants/names.ts';
import { edited, grantObjects, type HalfOptions } from '../helpers/grant-objects.ts';
import { findRealCluster, type RealCluster } from '../helpers/real-cluster.ts';
import { runVerb } from '../helpers/verb.ts';

const found = await findRealCluster();
const KEEP = 'example.com/keep';

type Change = (object: ApiObject) => ApiObject;
const same: Change = (object) => object;

type Entry = { readonly name: string; readonly state: string; readonly why: readonly string[] };

describe.skipIf(found === undefined)('sweep on a real cluster', () => {
  const cluster = found as RealCluster;
  let namespaces: string[] = [];
  let state: string;

  beforeEach(async () => {
    state = await mkdtemp(join(tmpdir(), 'sluice-state-'));
    await addNamespace();
  });

  afterEach(async () => {
    for (const namespace of namespaces) {
      const free = '{"metadata":{"finalizers":null}}';
      for (const name of await labelled(namespace))
        await cluster.kubectl('-n', namespace, 'patch', name, '--type=merge', '-p', free).catch(() => '');
      await cluster.kubectl('delete', 'namespace', namespace, '--wait=false');
    }
    namespaces = [];
    await rm(state, { recursive: true, force: true });
  });

  async function addNamespace(): Promise<string> {
    const namespace = `sluice-e2e-sweep-${randomBytes(3).toString('hex')}`;
    namespaces.push(namespace);
    await cluster.kubectl('create', 'namespace', namespace);
    return namespace;
  }

  const space = () => namespaces[0] ?? '';
  const kubectl = (...args: readonly string[]) => cluster.kubectl('-n', space(), ...args);
  const patch = (kind: string, name: string, change: object) =>
    kubectl('patch', kind, name, '--type=merge', '-p', JSON.stringify(change));

  async function labelled(namespace = space()): Promise<readonly string[]> {
    const args = ['get', 'networkpolicies,jobs', '-l', MANAGED_SELECTOR, '-o', 'name'];
    return (await cluster.kubectl('-n', namespace, ...args)).split('\n').filter(Boolean);
  }

  async function readAll(namespace = space()): Promise<readonly ApiObject[]> {
    const args = ['get', 'networkpolicies,jobs', '-l', MANAGED_SELECTOR, '-o', 'json'];
    return (JSON.parse(await cluster.kubectl('-n', namespace, ...args)) as { items: ApiObject[] }).items;
  }

  async function create(object: ApiObject): Promise<ApiObject> {
    await cluster.apply(JSON.stringify(object));
    const { namespace = '', name } = object.metadata;
    return JSON.parse(
      await cluster.kubectl('-n', namespace, 'get', object.kind, name, '-o', 'json'),
    ) as ApiObject;
  }

  const sent = ({ status: _, ...object }: ApiObject): ApiObject => {
    const { uid, creationTimestamp, ...metadata } = object.metadata;
    return { ...object, metadata } as ApiObject;
  };

  /** Makes a half as a grant does: the lease, then the policy that it owns. */
  async function make(
    options: HalfOptions = {},
    lease: Change = same,
    policy: Change | 'none' = same,
  ): Promise<{ readonly id: string; readonly name: string }> {
    const id = options.id ?? grantId(randomBytes(6));
    const halves = options.halves ?? [{ direction: 'ingress', namespace: space() }];
    const objects = grantObjects({ seconds: 600, ...options, id, halves });
    const job = await create(lease(sent(objects.lease)));
    const { name, uid = '' } = job.metadata;
    if (policy !== 'none') {
      const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'Job', name, uid }];
      await create(policy(edited(sent(objects.policy), { ownerReferences })));
    }
    return { id, name };
  }

  async function sweep(...args: readonly string[]) {
    const env = { KUBECONFIG: cluster.alice.kubeconfig, XDG_STATE_HOME: state };
    const ran = await runVerb(['sweep', '-n', space(), '-o', 'json', ...args], env);
    return { ...ran, entries: ran.text === '' ? [] : (JSON.parse(ran.text) as readonly Entry[]) };
  }

  /** Lists until the grant is a leftover and is told so, which the controllers may take a moment for. */
  async function isListed(id: string, why: RegExp): Promise<void> {
    const look = async () => {
      const { code, entries } = await sweep('--dry-run');
      const entry = entries.find(({ name }) => name === id);
      return { code, state: entry?.state, why: entry?.why.join('\n') ?? '' };
    };
    const wanted = { code: 6, state: 'leftover', why: expect.stringMatching(why) };
    await expect.poll(look, { timeout: 60_000 }).toEqual(wanted);
  }

  /** ConfigMaps are no owners that a grant has, and live on. */
  async function otherOwner(): Promise<object> {
    await kubectl('create', 'configmap', 'keep');
    const uid = await kubectl('get', 'configmap', 'keep', '-o', 'jsonpath={.metadata.uid}');
    return { apiVersion: 'v1', kind: 'ConfigMap', name: 'keep', uid };
  }

  const ownersOf = async (name: string) =>
    JSON.parse(await kubectl('get', 'networkpolicy', name, '-o', 'jsonpath={.metadata.ownerReferences}'));

  type Shape = readonly [string, () => Promise<{ readonly id: string }>, RegExp];
  const SHAPES: readonly Shape[] = [
    [
      'a policy past its window, as its lease failed and stays',
      () => make({ seconds: 1 }, (lease) => edited(lease, {}, { ttlSecondsAfterFinished: undefined })),
      /^overdue: its window ended at .*Z, and it is still in force\n.*Job is (Failed|FailureTarget)/s,
    ],
    [
      'a policy whose lease was deleted so that it is orphaned',
      async () => {
        const made = await make();
        await kubectl('delete', 'job', made.name, '--cascade=orphan');
        return made;
      },
      /its lease is gone, so nothing will end it\n.*it has no owner/,
    ],
    [
      'a policy whose owner is spelled oddly, and whose lease is gone',
      async () => {
        const made = await make();
        const [owner] = await ownersOf(made.name);
        await patch('networkpolicy', made.name, {
          metadata: { ownerReferences: [{ ...owner, apiVersion: 'batch/v9' }] },
        });
        await kubectl('delete', 'job', made.name);
        return made;
      },
      /its lease is gone, so nothing will end it\n.*it is owned by batch\/v9 Job/,
    ],
    [
      'a policy with a foreign owner alone',
      async () => {
        const made = await make();
        const ownerReferences = [await otherOwner()];
        await patch('networkpolicy', made.name, { metadata: { ownerReferences } });
        return made;
      },
      /its owner is v1 ConfigMap keep, not its lease/,
    ],
    [
      'a policy with a second owner',
      async () => {
        const made = await make();
        const ownerReferences = [...(await ownersOf(made.name)), await otherOwner()];
        await patch('networkpolicy', made.name, { metadata: { ownerReferences } });
        return made;
      },
      /it has 2 owners, and any of them keeps it alive/,
    ],
    [
      'a suspended lease',
      async () => {
        const made = await make();
        await patch('job', made.name, { spec: { suspend: true } });
        return made;
      },
      /it is suspended, which resets its clock/,
    ],
    [
      'a lease without ttl',
      async () => {
        const made = await make();
        await patch('job', made.name, { spec: { ttlSecondsAfterFinished: null } });
        return made;
      },
      /its ttlSecondsAfterFinished is unset instead of 0/,
    ],
    [
      'a lease that another controller manages',
      () => make({}, (lease) => edited(lease, {}, { managedBy: 'example.com/queue' })),
      /it is managed by example\.com\/queue/,
    ],
    [
      'a lease with completions',
      () => make({}, (lease) => edited(lease, {}, { completions: 1 })),
      /its completions is 1 instead of unset/,
    ],
    [
      'a failed lease without a policy',
      () =>
        make({ seconds: 1 }, (lease) => edited(lease, {}, { ttlSecondsAfterFinished: undefined }), 'none'),
      /its Job is (Failed|FailureTarget), and still there without a policy/,
    ],
    [
      'a complete lease without a policy',
      () =>
        make(
          {},
          (lease) => edited(lease, {}, { completions: 0, ttlSecondsAfterFinished: undefined }),
          'none',
        ),
      /its Job is Complete, and still there without a policy/,
    ],
    [
      'a half whose other half, in another namespace, is gone',
      async () => {
        const far = await addNamespace();
        const halves = [
          { direction: 'ingress', namespace: space() },
          { direction: 'egress', namespace: far },
        ] as const;
        const made = await make({ halves });
        const other = await make({ id: made.id, halves, direction: 'egress' });
        await cluster.kubectl('-n', far, 'delete', 'networkpolicy,job', other.name);
        return made;
      },
      /its egress half in sluice-e2e-sweep-\w+ is gone, and it opens no path alone/,
    ],
  ];

  test.each(SHAPES)('%s: is explained, removed and recorded', async (_, shape, why) => {
    const { id } = await shape();
    await isListed(id, why);
    const { code, entries, errors } = await sweep();
    expect({ code, entries, errors }).toMatchObject({
      code: 0,
      entries: [{ name: id, state: 'removed', left: [], recorded: true }],
      errors: '',
    });
    expect(await labelled()).toEqual([]);
    expect(await sweep('--dry-run')).toMatchObject({ code: 0, entries: [] });
    const log = await runVerb(['audit', 'log', '-o', 'json'], { XDG_STATE_HOME: state });
    const records = log.lines.map((line) => JSON.parse(line));
    expect(records).toMatchObject([
      { type: 'intent', grant: { id } },
      { type: 'swept', grant: { id }, actor: { username: cluster.alice.name } },
    ]);
  });

  test('both halves of a grant go, where the lease of one is broken', async () => {
    const far = await addNamespace();
    const halves = [
      { direction: 'ingress', namespace: space() },
      { direction: 'egress', namespace: far },
    ] as const;
    const { id } = await make({ halves });
    const other = await make({ id, halves, direction: 'egress' });
    expect(await sweep('--dry-run')).toMatchObject({ code: 0, entries: [] });
    await cluster.kubectl('-n', far, 'patch', 'job', other.name, '-p', '{"spec":{"suspend":true}}');
    await isListed(id, /it is suspended/);
    expect(await sweep()).toMatchObject({ code: 0, entries: [{ state: 'removed' }] });
    expect([...(await labelled()), ...(await labelled(far))]).toEqual([]);
  });

  test('a policy that a finalizer holds is named, and goes with the finalizer', async () => {
    const { id, name } = await make();
    await patch('networkpolicy', name, { metadata: { finalizers: [KEEP] } });
    await isListed(id, /the finalizer example\.com\/keep would keep it in force/);
    const { code, errors } = await sweep();
    expect(code).toBe(6);
    expect(errors).toMatch(/still in force, held by the finalizer example\.com\/keep/);
    expect(await labelled()).toHaveLength(2);
    await patch('networkpolicy', name, { metadata: { finalizers: null } });
    expect(await labelled()).toEqual([`job.batch/${name}`]);
  });

  test('a lease that a finalizer holds after its end is named', async () => {
    const { id, name } = await make();
    await patch('job', name, { metadata: { finalizers: [KEEP] } });
    expect(await sweep('--dry-run')).toMatchObject({ code: 0, entries: [{ name: id, state: 'drifted' }] });
    await kubectl('delete', 'job', name, '--cascade=foreground', '--wait=false');
    await isListed(id, /still there without a policy\n.*it has the finalizer example\.com\/keep/);
    const { code, errors } = await sweep();
    expect(code).toBe(6);
    expect(errors).toMatch(/Job .* is marked for deletion, held by the finalizer example\.com\/keep/);
    await patch('job', name, { metadata: { finalizers: null } });
    await expect.poll(() => labelled(), { timeout: 30_000 }).toEqual([]);
    expect(await sweep('--dry-run')).toMatchObject({ code: 0, entries: [] });
  });

  test('a lease without a policy is left alone while its grant may be in the making', async () => {
    const { id } = await make({}, same, 'none');
    expect(await sweep()).toMatchObject({ code: 0, entries: [{ name: id, state: 'making' }] });
    const jobs = await readAll();
    expect(jobs).toHaveLength(1);
    const known = { policies: [], jobs, unread: new Map(), gone: new Set<string>() };
    const created = Date.parse(jobs[0]?.metadata.creationTimestamp ?? '');
    expect(findLeftovers(known, created + MAKING_WITHIN)).toMatchObject([{ state: 'making' }]);
    expect(findLeftovers(known, created + MAKING_WITHIN + 1)).toMatchObject([{ state: 'leftover' }]);
  });

  test('a sound grant is not touched, an edited one is told, and forged labels are left alone', async () => {
    await make();
    const drifted = await make();
    await patch('networkpolicy', drifted.name, { spec: { podSelector: { matchLabels: { app: 'other' } } } });
    const { policy, lease } = grantObjects({ halves: [{ direction: 'ingress', namespace: space() }] });
    await create(edited(sent(policy), { name: 'default-deny', ownerReferences: [] }, { ingress: [] }));
    const runs = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'app:1' }] } };
    await create(edited(sent(lease), {}, { template: runs }));
    const before = await labelled();
    expect(before).toHaveLength(6);

    const names = [`NetworkPolicy/${space()}/default-deny`, `Job/${space()}/sluice-tst2-in`];
    for (const args of [['--dry-run'], []]) {
      const { code, entries } = await sweep(...args);
      expect(code).toBe(0);
      expect(entries.map(({ name, state: is }) => [name, is]).sort()).toEqual(
        [[drifted.id, 'drifted'], ...names.map((name) => [name, 'foreign'])].sort(),
      );
    }
    expect(await labelled()).toEqual(before);

    expect(await sweep(...names)).toMatchObject({
      code: 0,
      entries: [{ state: 'removed' }, { state: 'removed' }],
    });
    expect(await labelled()).toHaveLength(4);
  });

  test('without the right to list: one sentence with verb, resource and namespace, and exit 1', async () => {
    const env = { KUBECONFIG: cluster.restricted.kubeconfig, XDG_STATE_HOME: state };
    const { code, errors } = await runVerb(['sweep', '-n', space()], env);
    expect(code).toBe(1);
    expect(errors).toMatch(
      new RegExp(`User "${cluster.restricted.name}" cannot list networkpolicies.*${space()}`),
    );
  });
});
