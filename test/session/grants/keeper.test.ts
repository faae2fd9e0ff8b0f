import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SluiceError } from '../../../src/core/common/errors.ts';
import type { Grant } from '../../../src/core/grants/grant.ts';
import { extendGrant } from '../../../src/session/grants/extend-grant.ts';
import { BOTH, type LiveDemo, startLiveDemo } from '../../helpers/demo/live-demo.ts';
import { eventually } from '../../helpers/eventually.ts';

let live: LiveDemo;

beforeEach(async () => {
  live = await startLiveDemo();
});

afterEach(async () => {
  await live.dispose();
});

const policiesOf = ({ halves }: Grant) =>
  halves.map(({ namespace, policy }) =>
    live.demo.faults.peek('networking.k8s.io/networkpolicies', namespace, policy?.name ?? ''),
  );
const jobsOf = ({ halves }: Grant) =>
  halves.map(({ namespace, lease }) => live.demo.faults.peek('batch/jobs', namespace, lease?.name ?? ''));
const drift = ({ id }: Grant) => live.grant(id)?.drift.join('; ') ?? '';
const leases = () =>
  live.runtime.connection.api.list(
    { group: 'batch', version: 'v1', resource: 'jobs' },
    { labels: 'sluice.dev/grant' },
  );
const types = async () => (await live.audited()).map(({ type }) => type);

test('a grant of a block stands without drift, and is never proven closed', async () => {
  const made = await live.open({
    source: BOTH.source,
    destination: { type: 'range', cidr: '198.51.100.0/24' },
    ports: [443, 444, 445].map((port) => ({ port, protocol: 'TCP' as const })),
    seconds: 600,
  });
  await live.runtime.keeper.revoke([made.id]);
  const ended = await live.reaches(made.id, 'unproven');
  expect(ended.drift).toEqual([]);
  expect(ended.state).toMatchObject({
    by: 'revoke',
    proof: expect.stringContaining('not every address of 198.51.100.0/24 was seen or tried'),
  });
  expect(policiesOf(made)).toEqual([undefined]);
});

describe('the life of a grant', () => {
  test('opens by traffic, ends at its deadline, closes by traffic, and every step is in the log', async () => {
    const made = await live.open();
    const open = await live.reaches(made.id, 'open');
    expect(open.state).toMatchObject({ how: expect.stringMatching(/^seen by hubble/) });
    await live.reaches(made.id, 'revoked');
    expect(policiesOf(made)).toEqual([undefined]);
    await eventually(() => expect(jobsOf(made)).toEqual([undefined]));
    const closed = await live.reaches(made.id, 'closed');
    expect(closed.state).toMatchObject({
      by: expect.stringMatching(/deadline|lease/),
      proof: expect.stringMatching(/dropped since/),
    });
    await live.runtime.keeper.ended(made.id);
    // On a slow machine the lease may come first: then both who end it say so.
    const told = await types();
    const once = told.filter((type, at) => type !== 'intent' || told[at - 1] !== 'intent');
    expect(once).toEqual(['intent', 'granted', 'intent', 'expired', 'closed']);
    const [intent, granted] = await live.audited();
    expect(intent?.actor.username).toBe('responder@demo');
    expect(granted?.objects?.map(({ uid }) => uid).every((uid) => uid !== undefined)).toBe(true);
    expect(granted?.objects?.map(({ auditId }) => auditId)).toEqual(
      intent?.objects?.map(({ auditId }) => auditId),
    );
  });

  test('needs both halves where both are closed, and takes both away', async () => {
    const made = await live.open({ ...BOTH, seconds: 20 });
    expect(made.halves.map(({ direction }) => direction)).toEqual(['ingress', 'egress']);
    await live.reaches(made.id, 'open');
    await live.runtime.keeper.revoke([made.id]);
    expect(policiesOf(made)).toEqual([undefined, undefined]);
    const { state } = await live.runtime.keeper.ended(made.id);
    expect(state).toMatchObject({ name: expect.stringMatching(/^(closed|unproven)$/), by: 'revoke' });
  });

  test('is extended before its deadline, and refused after it', async () => {
    const made = await live.open();
    const longer = await live.runtime.keeper.extend(made.id, 3);
    expect((longer.window?.end ?? 0) - (made.window?.end ?? 0)).toBe(3_000);
    const [policy] = policiesOf(made);
    expect(Date.parse(policy?.metadata.annotations?.['sluice.dev/expires-at'] ?? '')).toBe(
      longer.window?.end,
    );
    await live.runtime.keeper.revoke([made.id]);
    await expect(live.runtime.keeper.extend(made.id, 3)).rejects.toMatchObject({ code: 'refused' });
    expect(await types()).toContain('extended');
  });
});

test('an extension by another process moves a grant of two halves too', async () => {
  const made = await live.open({ ...BOTH, seconds: 20 });
  const signal = new AbortController().signal;
  const longer = await extendGrant(live.runtime.grantDeps, made, 30, signal);
  await eventually(() => expect(live.grant(made.id)?.window?.end).toBe(longer.window?.end));
});

test('leaving while a grant is being made rolls it back', async () => {
  live.demo.faults.pauseControllers();
  const making = live.open({ seconds: 60 });
  const failed = making.catch((error: unknown) => error);
  await eventually(async () => expect(await leases()).toHaveLength(1));
  await live.runtime.keeper.dispose();
  await failed;
  live.demo.faults.resumeControllers();
  await eventually(async () => expect(await leases()).toEqual([]));
  expect(await types()).toEqual(['intent', 'failed']);
});

describe('what admission may do to it', () => {
  test.each([
    ['suspends Jobs', { suspend: true }],
    ['strips the ttl', { ttlSecondsAfterFinished: undefined }],
    ['hands Jobs to another manager', { managedBy: 'kueue.x-k8s.io/multikueue' }],
  ])('a webhook that %s: refused, and nothing stays', async (_, spec) => {
    live.demo.faults.admit((object) =>
      object.kind === 'Job' ? { ...object, spec: { ...(object.spec as object), ...spec } } : object,
    );
    await expect(live.open()).rejects.toMatchObject({ code: 'refused' });
    await eventually(async () => expect(await leases()).toEqual([]));
    expect(await types()).toEqual(['intent', 'failed']);
  });

  test('without rights for Jobs: names verb, resource and namespace before anything is written', async () => {
    live.demo.faults.forbid({ verb: 'create', resource: 'jobs', namespace: 'shop' });
    const error = await live.open().catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(SluiceError);
    expect((error as SluiceError).message).toContain('cannot create jobs in namespace shop');
    expect(await types()).toEqual(['refused']);
  });
});

describe('what others may do to it', () => {
  test('a suspended lease is reported, and the grant still ends at its first deadline', async () => {
    const made = await live.open();
    live.demo.faults.suspend('shop', made.halves[0]?.lease?.name ?? '');
    await eventually(() => expect(drift(made)).toMatch(/suspended/));
    expect(drift(made)).toContain(made.halves[0]?.lease?.name);
    await live.reaches(made.id, 'closed');
    expect(policiesOf(made)).toEqual([undefined]);
    expect(await types()).toContain('drift');
  });

  test('a lease deleted with its policy orphaned is reported, and the policy is still removed at the deadline', async () => {
    const made = await live.open();
    live.demo.faults.orphan('shop', made.halves[0]?.lease?.name ?? '');
    await eventually(() => expect(drift(made)).toMatch(/owner/));
    await live.reaches(made.id, 'closed');
    expect(policiesOf(made)).toEqual([undefined]);
  });

  test('a policy deleted by someone else ends the grant, marked as ended by others', async () => {
    const made = await live.open({ seconds: 60 });
    await live.reaches(made.id, 'open');
    const { name } = made.halves[0]?.policy ?? { name: '' };
    live.demo.faults.edit('networking.k8s.io/networkpolicies', 'shop', name, () => undefined);
    expect((await live.reaches(made.id, 'closed')).state).toMatchObject({ by: 'other' });
    await eventually(() => expect(jobsOf(made)).toEqual([undefined]));
  });

  test('a finalizer keeps the policy in force: that is no end, and it stays red until it is one', async () => {
    const made = await live.open({ seconds: 60 });
    const { name } = made.halves[0]?.policy ?? { name: '' };
    live.demo.faults.edit('networking.k8s.io/networkpolicies', 'shop', name, (object) => ({
      ...object,
      metadata: { ...object.metadata, finalizers: ['example.com/keep'] },
    }));
    await live.runtime.keeper.revoke([made.id]);
    expect(live.grant(made.id)?.state).toMatchObject({
      name: 'failed',
      message: expect.stringContaining('still in force'),
    });
    live.demo.faults.edit('networking.k8s.io/networkpolicies', 'shop', name, () => undefined);
    await live.reaches(made.id, 'closed');
  });
});

test('when the API server is away at the deadline, the end is tried again until it is done', async () => {
  const made = await live.open();
  await live.reaches(made.id, 'open');
  live.demo.faults.pauseControllers();
  await live.demo.faults.shut();
  await live.reaches(made.id, 'failed');
  await live.demo.faults.reopen();
  await live.reaches(made.id, 'closed');
  expect(policiesOf(made)).toEqual([undefined]);
});
