import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listAuditLogs } from '../../../src/audit/audit.ts';
import { readAuditLog } from '../../../src/audit/read.ts';
import type { ApiObject } from '../../../src/core/cluster/objects.ts';
import type { Grant } from '../../../src/core/grants/grant.ts';
import { MAKING_WITHIN } from '../../../src/core/grants/life.ts';
import { GRANT_LABEL, MANAGED_BY, MANAGED_SELECTOR } from '../../../src/core/grants/names.ts';
import type { AuditRecord } from '../../../src/core/ports/ports.ts';
import { ALL_RULES, responderRules } from '../../../src/demo/api/access.ts';
import { apiOf } from '../../helpers/demo/demo.ts';
import {
  ACROSS,
  BOTH,
  closeMonitoring,
  ELSEWHERE,
  type LiveDemo,
  startLiveDemo,
} from '../../helpers/demo/live-demo.ts';
import { eventually } from '../../helpers/eventually.ts';
import { runProgram } from '../../helpers/program.ts';
import { runVerb } from '../../helpers/verb.ts';

const JOBS = 'batch/jobs';
const POLICIES = 'networking.k8s.io/networkpolicies';
const KEEP = 'example.com/keep';

let live: LiveDemo;
let folder: string;
let env: Readonly<Record<string, string>>;

beforeEach(async () => {
  live = await startLiveDemo();
  folder = dirname(live.auditPath);
  const KUBECONFIG = join(folder, 'kubeconfig');
  await writeFile(KUBECONFIG, live.demo.kubeconfig, { mode: 0o600 });
  env = { KUBECONFIG, XDG_STATE_HOME: join(folder, 'state'), XDG_CONFIG_HOME: join(folder, 'config') };
});

afterEach(() => live.dispose());

type Entry = {
  readonly name: string;
  readonly state: string;
  readonly why: readonly string[];
  readonly objects: readonly { readonly kind: string; readonly name: string }[];
};

const sluice = (...args: readonly string[]) => runVerb(args, env);

async function swept(...args: readonly string[]) {
  const { code, text, errors } = await sluice('sweep', '-o', 'json', ...args);
  return { code, errors, entries: text === '' ? [] : (JSON.parse(text) as readonly Entry[]) };
}

const nameOf = ({ halves }: Grant, place = 'shop') =>
  halves.find(({ namespace }) => namespace === place)?.policy?.name ?? '';

/** Changes an object of a grant in shop, as an admin would. */
function change(resource: typeof JOBS | typeof POLICIES, grant: Grant, to: (object: ApiObject) => ApiObject) {
  live.demo.faults.edit(resource, 'shop', nameOf(grant), to);
}

const withMetadata = (metadata: object) => (object: ApiObject) => ({
  ...object,
  metadata: { ...object.metadata, ...metadata },
});
const withSpec = (spec: object) => (object: ApiObject) => ({
  ...object,
  spec: { ...(object.spec as object), ...spec },
});

/** A grant whose app is gone: what is made of it, nobody tidies up. */
async function abandoned(request = {}): Promise<Grant> {
  const grant = await live.open({ seconds: 600, ...request });
  await live.runtime.keeper.dispose();
  return grant;
}

async function labelled(namespace = 'shop'): Promise<readonly string[]> {
  const { api } = live.runtime.connection;
  const lists = await Promise.all(
    [
      { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' },
      { group: 'batch', version: 'v1', resource: 'jobs' },
    ].map((collection) => api.list(collection, { namespace, labels: MANAGED_SELECTOR })),
  );
  return lists.flat().map(({ kind, metadata }) => `${kind}/${metadata.name}`);
}

async function records(): Promise<readonly AuditRecord[]> {
  const all: AuditRecord[] = [];
  for (const { path } of await listAuditLogs(join(folder, 'state', 'sluice', 'audit')))
    for await (const record of readAuditLog(path)) all.push(record);
  return all;
}

test('without leftovers: says so, exits 0, writes nothing, and leaves living grants alone', async () => {
  const grant = await live.open({ seconds: 600 });
  const before = await labelled();
  expect(await sluice('sweep')).toMatchObject({
    code: 0,
    text: 'No leftovers found in shop namespace. Use -A to look in all namespaces.',
    errors: '',
  });
  expect(await sluice('sweep', '--dry-run', '-A')).toMatchObject({ code: 0, text: 'No leftovers found.' });
  expect(await swept()).toEqual({ code: 0, errors: '', entries: [] });
  expect(await labelled()).toEqual(before);
  expect(live.grant(grant.id)?.state.name).not.toBe('revoked');
});

describe('each shape of leftover is listed, explained, removed and recorded', () => {
  const SHAPES: readonly (readonly [string, (grant: Grant) => void, RegExp])[] = [
    [
      'a policy whose lease was deleted so that it is orphaned',
      (grant) => live.demo.faults.orphan('shop', nameOf(grant)),
      /its lease is gone, so nothing will end it/,
    ],
    [
      'a policy with an oddly spelled owner',
      (grant) =>
        change(POLICIES, grant, (policy) => {
          const [owner] = policy.metadata.ownerReferences ?? [];
          return withMetadata({ ownerReferences: [{ ...owner, apiVersion: 'batch/v9' }] })(policy);
        }),
      /its owner is batch\/v9 Job/,
    ],
    [
      'a policy with a second owner',
      (grant) =>
        change(POLICIES, grant, (policy) => {
          const owners = policy.metadata.ownerReferences ?? [];
          const uid = live.demo.faults.peek('apps/deployments', 'shop', 'web')?.metadata.uid ?? '';
          const other = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid };
          return withMetadata({ ownerReferences: [...owners, other] })(policy);
        }),
      /it has 2 owners/,
    ],
    ['a suspended lease', (grant) => live.demo.faults.suspend('shop', nameOf(grant)), /it is suspended/],
    [
      'a lease without ttl',
      (grant) => change(JOBS, grant, withSpec({ ttlSecondsAfterFinished: undefined })),
      /ttlSecondsAfterFinished is unset/,
    ],
    [
      'a lease of another controller',
      (grant) => change(JOBS, grant, withSpec({ managedBy: 'example.com/queue' })),
      /managed by example\.com\/queue/,
    ],
  ];

  test.each(SHAPES)('%s', async (_, make, why) => {
    const grant = await abandoned();
    make(grant);
    const listed = await swept('--dry-run');
    expect(listed).toMatchObject({ code: 6, errors: expect.stringContaining('Remove with sluice sweep.') });
    expect(listed.entries).toMatchObject([
      { name: grant.id, state: 'leftover', requester: 'responder@demo' },
    ]);
    expect(listed.entries[0]?.why.join('\n')).toMatch(why);
    expect(await labelled()).toContain(`NetworkPolicy/${nameOf(grant)}`);
    expect(await records()).toEqual([]);

    expect(await swept()).toMatchObject({
      code: 0,
      errors: '',
      entries: [{ name: grant.id, state: 'removed', left: [], recorded: true }],
    });
    expect(await labelled()).toEqual([]);
    expect((await records()).map(({ type }) => type)).toEqual(['intent', 'swept']);
    expect((await records()).at(-1)).toMatchObject({
      actor: { username: 'responder@demo' },
      grant: { id: grant.id },
      outcome: expect.stringMatching(why),
    });
    expect(await swept('--dry-run')).toMatchObject({ code: 0, entries: [] });
  });

  test('a policy past its window, told in a table', async () => {
    const grant = await abandoned();
    live.demo.faults.pauseControllers();
    const start = new Date(live.runtime.connection.api.clock.now() - 3_600_000).toISOString();
    change(JOBS, grant, (lease) => ({
      ...lease,
      status: { ...(lease.status as object), startTime: start.replace(/\.\d+/, '') },
    }));
    const { text, errors } = await sluice('sweep', '--dry-run');
    const [head, row] = text.split('\n');
    expect(head).toMatch(/^NAME +STATE +NAMESPACE +REQUESTER +PATH +WHY$/);
    expect(row).toMatch(
      new RegExp(`^${grant.id} +leftover +shop +responder@demo +web → db +overdue: its window ended at`),
    );
    expect(errors).toBe('sluice: 1 leftover found.\n        Remove with sluice sweep.\n');
  });

  test('a half whose other half, in another namespace, was deleted', async () => {
    await closeMonitoring(live);
    const grant = await abandoned(ACROSS);
    const far = grant.halves.find(({ namespace }) => namespace === 'monitoring');
    for (const resource of [POLICIES, JOBS])
      live.demo.faults.edit(resource, 'monitoring', far?.policy?.name ?? '', () => undefined);
    const { code, entries } = await swept('--dry-run');
    expect(code).toBe(6);
    expect(entries[0]?.why).toEqual(['its ingress half in monitoring is gone, and it opens no path alone']);
    expect(await swept()).toMatchObject({ code: 0, entries: [{ state: 'removed' }] });
    expect(await labelled()).toEqual([]);
  });
});

describe('a lease without a policy', () => {
  const lone = async () => {
    const grant = await abandoned();
    live.demo.faults.edit(POLICIES, 'shop', nameOf(grant), () => undefined);
    return grant;
  };
  const aged = (by: number) => {
    const created = live.runtime.connection.api.clock.now() - by;
    return withMetadata({ creationTimestamp: `${new Date(created).toISOString().slice(0, 19)}Z` });
  };

  test('that was made just now is never swept, nor by its name', async () => {
    const { id } = await lone();
    expect(await swept('--dry-run')).toMatchObject({ code: 0, entries: [{ name: id, state: 'making' }] });
    expect(await swept()).toMatchObject({ code: 0, entries: [{ state: 'making' }] });
    const named = await sluice('sweep', id);
    expect(named).toMatchObject({
      code: 1,
      errors: expect.stringContaining(`"${id}" may be a grant in the making`),
    });
    expect(await labelled()).toHaveLength(1);
  });

  test('is not older by a clock of this machine that is an hour ahead', async () => {
    const { id } = await lone();
    const ahead = 'const now = Date.now; Date.now = () => now() + 3600000;';
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(ahead)}`;
    const program = runProgram(['sweep', '-o', 'json'], { ...env, NODE_OPTIONS });
    expect(await program.ended).toBe(0);
    expect(JSON.parse(program.lines.join('\n'))).toMatchObject([{ name: id, state: 'making' }]);
    expect(await labelled()).toHaveLength(1);
  });

  test('of a grant that is being made right now is left alone, and the grant is made', async () => {
    live.demo.faults.pauseControllers();
    const making = live.open({ seconds: 600 });
    await eventually(async () => expect(await labelled()).toHaveLength(1));
    expect(await swept()).toMatchObject({ code: 0, entries: [{ state: 'making' }] });
    live.demo.faults.resumeControllers();
    expect((await making).halves[0]?.policy).toBeDefined();
    expect(await labelled()).toHaveLength(2);
    expect(await swept()).toMatchObject({ code: 0, entries: [] });
  });

  test('that is older than the making of any grant is swept', async () => {
    const grant = await lone();
    change(JOBS, grant, aged(MAKING_WITHIN + 60_000));
    expect(await swept()).toMatchObject({
      code: 0,
      entries: [{ state: 'removed', why: [expect.stringMatching(/^Job shop\/.*: it has no policy$/)] }],
    });
    expect(await labelled()).toEqual([]);
  });

  test('that is held by a finalizer is left, named, and recorded as a failure', async () => {
    const grant = await lone();
    change(JOBS, grant, aged(MAKING_WITHIN + 60_000));
    change(JOBS, grant, withMetadata({ finalizers: [KEEP] }));
    const { code, entries, errors } = await swept();
    expect({ code, entries }).toMatchObject({
      code: 6,
      entries: [{ state: 'held', left: [expect.stringContaining(KEEP)] }],
    });
    expect(errors).toMatch(
      /is left behind: Job shop\/.* held by the finalizer example\.com\/keep\.\n +Ask who set/,
    );
    expect((await records()).map(({ type }) => type)).toEqual(['intent', 'failed']);
  });
});

test('a policy that a finalizer holds is in force still: exit 6, not recorded as swept', async () => {
  const grant = await abandoned();
  change(POLICIES, grant, withMetadata({ finalizers: [KEEP] }));
  expect(await swept()).toMatchObject({
    code: 6,
    entries: [
      {
        name: grant.id,
        state: 'held',
        left: [expect.stringMatching(/still in force, held by the finalizer/)],
      },
    ],
  });
  expect((await records()).map(({ type }) => type)).toEqual(['intent', 'failed']);
});

describe('what could not be removed', () => {
  test('fails, and does not stop the rest', async () => {
    await closeMonitoring(live);
    const far = await live.open(ELSEWHERE);
    const near = await abandoned();
    live.demo.faults.suspend('shop', nameOf(near));
    live.demo.faults.suspend('monitoring', nameOf(far, 'monitoring'));
    live.demo.faults.forbid({ verb: 'delete', resource: 'networkpolicies', namespace: 'monitoring' });
    const { code, entries, errors } = await swept('-A');
    expect(code).toBe(1);
    expect(new Map(entries.map(({ name, state }) => [name, state]))).toEqual(
      new Map([
        [far.id, 'failed'],
        [near.id, 'removed'],
      ]),
    );
    expect(errors).toMatch(
      new RegExp(`Unable to remove ${far.id}: NetworkPolicy monitoring/.* cannot delete`),
    );
  });

  test('is a lease, too, which is not removed until the server answers 404', async () => {
    const grant = await abandoned();
    live.demo.faults.suspend('shop', nameOf(grant));
    live.demo.faults.pauseControllers();
    const { code, entries, errors } = await swept();
    expect({ code, entries }).toMatchObject({
      code: 1,
      entries: [{ state: 'failed', left: [expect.stringMatching(/^Job shop\/.* but still there$/)] }],
    });
    expect(errors).toContain('Fix that, and run sluice sweep again.');
    expect(await labelled()).toEqual([`Job/${nameOf(grant)}`]);
    live.demo.faults.resumeControllers();
    await eventually(async () => expect(await labelled()).toEqual([]));
  });

  test('without a writable log it is removed all the same: warns, and exits 1', async () => {
    const grant = await abandoned();
    live.demo.faults.suspend('shop', nameOf(grant));
    await mkdir(join(folder, 'state'));
    await writeFile(join(folder, 'state', 'sluice'), 'not a folder');
    const { code, entries, errors } = await swept();
    expect({ code, entries }).toMatchObject({ code: 1, entries: [{ state: 'removed', recorded: false }] });
    expect(errors).toMatch(/WARNING: .* is not in the audit log/);
    expect(await labelled()).toEqual([]);
  });

  test('a half out of view is told, and left alone', async () => {
    await closeMonitoring(live);
    const grant = await abandoned(ACROSS);
    live.demo.faults.suspend('shop', nameOf(grant));
    const user = live.demo.faults.addUser({ username: 'confined', rules: responderRules(['shop']) });
    await writeFile(env.KUBECONFIG ?? '', user);
    const { code, entries, errors } = await swept('-n', 'shop');
    expect({ code, entries }).toMatchObject({ code: 4, entries: [{ state: 'removed' }] });
    expect(errors).toMatch(new RegExp(`The half of ${grant.id} in monitoring is out of view: .*cannot get`));
    expect(await labelled()).toEqual([]);
    expect(await labelled('monitoring')).toHaveLength(2);
  });
});

test('a grant that lives and was edited is told with the next step, and not touched', async () => {
  const grant = await abandoned();
  change(POLICIES, grant, withSpec({ podSelector: {} }));
  const { code, entries, errors } = await swept();
  expect({ code, entries }).toMatchObject({ code: 0, entries: [{ name: grant.id, state: 'drifted' }] });
  expect(errors).toMatch(/lives, but something is wrong with it: .*podSelector/);
  expect(errors).toContain(`End it with sluice revoke ${grant.id}.`);
  expect(await labelled()).toHaveLength(2);
  expect(await sluice('sweep', grant.id)).toMatchObject({
    code: 1,
    errors: `sluice: "${grant.id}" is no leftover: the grant lives, and its lease will end it.\n        To end it now, run sluice revoke ${grant.id}.\n`,
  });
});

describe('a policy with a forged label', () => {
  const NAME = 'NetworkPolicy/shop/allow-all';
  beforeEach(async () => {
    const admin = apiOf(live.demo.faults.addUser({ username: 'admin', rules: ALL_RULES }));
    await admin.post('/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'allow-all', labels: { [MANAGED_BY]: 'sluice', [GRANT_LABEL]: 'c4mzp2' } },
      spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] },
    });
  });

  test('is listed, is no leftover, and is left alone', async () => {
    const { code, entries, errors } = await swept();
    expect({ code, entries }).toMatchObject({
      code: 0,
      entries: [{ name: NAME, state: 'foreign', why: [expect.stringContaining('its name is not that')] }],
    });
    expect(errors).toContain(`Remove the label, or the object with sluice sweep ${NAME}.`);
    expect((await swept('--dry-run')).code).toBe(0);
    expect(await labelled()).toEqual(['NetworkPolicy/allow-all']);
    expect((await sluice('sweep')).text).toMatch(/^NetworkPolicy\/shop\/allow-all +not sluice's +shop/m);
    // The label is that of a grant which does not exist.
    expect(await sluice('sweep', 'c4mzp2')).toMatchObject({
      code: 1,
      errors: expect.stringContaining('not found'),
    });
  });

  test('is removed by its name, and not recorded as the end of a grant', async () => {
    expect(await swept('--dry-run', NAME)).toMatchObject({ code: 6 });
    expect(await labelled()).toHaveLength(1);
    expect(await swept(NAME)).toMatchObject({ code: 0, entries: [{ name: NAME, state: 'removed' }] });
    expect(await labelled()).toEqual([]);
    expect((await records()).map(({ type, grant }) => [type, grant?.id])).toEqual([
      ['intent', 'none'],
      ['swept', 'none'],
    ]);
  });

  test('an unknown name is refused with the nearest that there is', async () => {
    const { code, errors } = await sluice('sweep', 'NetworkPolicy/shop/allow-al', '-n', 'shop');
    expect(code).toBe(1);
    expect(errors).toBe(
      `sluice: Leftover "NetworkPolicy/shop/allow-al" not found in namespace shop.\n        Did you mean ${NAME}? There are: ${NAME}.\n`,
    );
  });
});

test('only those that are named are removed', async () => {
  const [one, two] = [await live.open({ seconds: 600 }), await live.open({ ...BOTH, seconds: 600 })];
  await live.runtime.keeper.dispose();
  for (const { halves } of [one, two])
    for (const { lease } of halves) live.demo.faults.suspend('shop', lease?.name ?? '');
  expect(await swept(one.id)).toMatchObject({ code: 0, entries: [{ name: one.id, state: 'removed' }] });
  expect((await swept('--dry-run')).entries.map(({ name }) => name)).toEqual([two.id]);
});

test('a namespace that does not exist is refused', async () => {
  const { code, errors } = await sluice('sweep', '-n', 'shopp');
  expect(code).toBe(1);
  expect(errors).toMatch(/shopp/);
});

test('grants points to it where one is left', async () => {
  const grant = await abandoned();
  expect((await sluice('grants')).errors).toBe('');
  live.demo.faults.suspend('shop', nameOf(grant));
  expect(await sluice('grants')).toMatchObject({
    code: 3,
    errors: expect.stringContaining('sluice sweep --dry-run explains'),
  });
});
