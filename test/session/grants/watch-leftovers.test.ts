import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Grant } from '../../../src/core/grants/grant.ts';
import { MANAGED_SELECTOR } from '../../../src/core/grants/names.ts';
import { type SweepEvent, watchLeftovers } from '../../../src/session/grants/watch-leftovers.ts';
import { ACROSS, closeMonitoring, type LiveDemo, startLiveDemo } from '../../helpers/demo/live-demo.ts';
import { eventually } from '../../helpers/eventually.ts';

const KEEP = 'example.com/keep';
/** Nothing waits for the clock here, but what the code must not do before its time. */
const QUICK = { settle: 0, spread: 0, gap: 5, period: 60_000, again: { base: 20, cap: 40 }, grace: 60_000 };

let live: LiveDemo;
let stop: AbortController;
let running: Promise<unknown>[];

beforeEach(async () => {
  live = await startLiveDemo();
  stop = new AbortController();
  running = [];
});

afterEach(async () => {
  stop.abort();
  await Promise.allSettled(running);
  await live.dispose();
});

/** Starts a sweeper and gives its events. */
function watch(times: object = {}, namespace?: string): SweepEvent[] {
  const events: SweepEvent[] = [];
  const { clock } = live.runtime.connection.api;
  const options = {
    ...(namespace === undefined ? {} : { namespace }),
    now: () => clock.now() - clock.error,
    tell: (event: SweepEvent) => events.push(event),
    times: { ...QUICK, ...times },
  };
  running.push(watchLeftovers(live.runtime.grantDeps, options, stop.signal));
  return events;
}

const nameOf = ({ halves }: Grant) => halves[0]?.policy?.name ?? '';

const POLICIES = { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' };
const FORGED = 'NetworkPolicy/shop/mine';

/** A policy with the labels of a grant that sluice did not make. */
async function forge(): Promise<void> {
  const labels = { 'app.kubernetes.io/managed-by': 'sluice', 'sluice.dev/grant': 'forged' };
  await live.runtime.connection.api.create(
    { ...POLICIES, namespace: 'shop' },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'mine', namespace: 'shop', labels },
      spec: { podSelector: { matchLabels: { app: 'none' } }, policyTypes: ['Ingress'] },
    },
  );
}

/** A grant whose app is gone. */
async function abandoned(request = {}): Promise<Grant> {
  const grant = await live.open({ seconds: 600, ...request });
  await live.runtime.keeper.dispose();
  return grant;
}

async function labelled(): Promise<readonly string[]> {
  const lists = await Promise.all(
    [
      { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' },
      { group: 'batch', version: 'v1', resource: 'jobs' },
    ].map((collection) => live.runtime.connection.api.list(collection, { labels: MANAGED_SELECTOR })),
  );
  return lists.flat().map(({ kind, metadata }) => `${kind}/${metadata.name}`);
}

const swept = (events: readonly SweepEvent[]) =>
  events.flatMap((event) => (event.event === 'swept' ? [event] : []));
const told = (events: readonly SweepEvent[]) =>
  events.flatMap((event) => (event.event === 'told' ? [event.finding.name] : []));
const kinds = (events: readonly SweepEvent[]) => events.map(({ event }) => event);

describe('a sweeper that goes on (GRANT-70)', () => {
  test('removes a leftover as it appears, and says so once', async () => {
    const events = watch();
    await eventually(() => expect(kinds(events)).toEqual(['watching']));
    const grant = await abandoned();
    live.demo.faults.orphan('shop', nameOf(grant));
    await eventually(() => expect(swept(events)).toHaveLength(1));
    expect(swept(events)).toMatchObject([
      { finding: { name: grant.id, state: 'leftover' }, end: { left: [], deleted: 1, unrecorded: [] } },
    ]);
    expect(await labelled()).toEqual([]);
    expect((await live.audited()).map(({ type }) => type)).toContain('swept');
  });

  test('looks in every namespace, or in one alone', async () => {
    await closeMonitoring(live);
    const grant = await abandoned(ACROSS);
    const far = grant.halves.find(({ namespace }) => namespace === 'monitoring');
    live.demo.faults.suspend('monitoring', far?.lease?.name ?? '');
    const events = watch();
    await eventually(async () => expect(await labelled()).toEqual([]));
    await eventually(() => expect(swept(events)).toMatchObject([{ finding: { name: grant.id } }]));
  });

  test('leaves living grants alone; what somebody edited is told, once', async () => {
    const grant = await abandoned();
    const events = watch({ period: 5 });
    await eventually(() => expect(kinds(events)).toEqual(['watching']));
    await live.runtime.connection.api.patch(
      { ...POLICIES, namespace: 'shop', name: nameOf(grant) },
      { spec: { podSelector: { matchLabels: { app: 'api' } } } },
    );
    await eventually(() => expect(kinds(events)).toEqual(['watching', 'told']));
    await forge();
    // A later look has told of the forged policy, and of the edited one no more.
    await eventually(() => expect(told(events)).toEqual([grant.id, FORGED]));
    expect(swept(events)).toEqual([]);
    expect(await labelled()).toHaveLength(3);
  });

  test('waits before it removes: the cluster may be about to', async () => {
    const events = watch({ settle: 3_600_000, period: 5 });
    const grant = await abandoned();
    live.demo.faults.orphan('shop', nameOf(grant));
    await forge();
    await eventually(() => expect(told(events)).toEqual([FORGED]));
    expect(swept(events)).toEqual([]);
    expect(await labelled()).toContain(`NetworkPolicy/${nameOf(grant)}`);
  });

  test('tries again what a finalizer holds, and tells it once until something changes', async () => {
    const grant = await abandoned();
    const finalizers = (list: readonly string[] | null) =>
      live.runtime.connection.api.patch(
        { ...POLICIES, namespace: 'shop', name: nameOf(grant) },
        { metadata: { finalizers: list } },
      );
    await finalizers([KEEP]);
    const events = watch();
    await eventually(() => expect(swept(events)).toMatchObject([{ end: { held: true } }]));
    const tries = async () => (await live.audited()).filter(({ type }) => type === 'failed').length;
    await eventually(async () => expect(await tries()).toBeGreaterThanOrEqual(2));
    expect(swept(events)).toHaveLength(1);
    await finalizers(null);
    // The lease alone may be that of a grant in the making, for some minutes.
    await eventually(async () => expect(await labelled()).toEqual([`Job/${nameOf(grant)}`]));
  });

  test('survives a restart of the API server: says that it waits, and sweeps on', async () => {
    const events = watch({ period: 20 });
    const grant = await abandoned();
    await eventually(() => expect(kinds(events)).toEqual(['watching']));
    await live.demo.faults.shut();
    await eventually(() => expect(kinds(events)).toEqual(['watching', 'waiting']));
    live.demo.faults.orphan('shop', nameOf(grant));
    await live.demo.faults.reopen();
    await eventually(() => expect(kinds(events).filter((kind) => kind === 'swept')).toHaveLength(1));
    expect(kinds(events)).toContain('watching');
    expect(await labelled()).toEqual([]);
  });

  test('several do not disturb each other: everything is deleted once', async () => {
    const all = [watch(), watch(), watch()];
    for (const events of all) await eventually(() => expect(kinds(events)).toEqual(['watching']));
    const grant = await abandoned();
    live.demo.faults.suspend('shop', nameOf(grant));
    await eventually(async () => expect(await labelled()).toEqual([]));
    await eventually(() => {
      const ends = all.flatMap(swept).map(({ end }) => end);
      expect(ends.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(2);
      expect(ends.every(({ left }) => left.length === 0)).toBe(true);
    });
  });

  test('ends when it is told to, though a removal hangs', async () => {
    const grant = await abandoned();
    live.demo.faults.orphan('shop', nameOf(grant));
    const undo = live.demo.faults.stall({ method: 'DELETE' });
    watch({ grace: 50 });
    const last = async () => (await live.audited()).at(-1)?.type;
    await eventually(async () => expect(await last()).toBe('intent'));
    stop.abort();
    await Promise.all(running);
    expect(await last()).toBe('intent');
    undo();
    // What was begun still ends, and is written down.
    await eventually(async () => expect(await last()).not.toBe('intent'));
  });

  test('a first look that is refused ends it, with the right that is missing', async () => {
    const undo = live.demo.faults.forbid({ verb: 'list', resource: 'jobs' });
    watch();
    await expect(running[0]).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(/cannot list jobs/),
    });
    undo();
  });
});
