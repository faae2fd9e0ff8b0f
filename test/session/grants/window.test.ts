import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Grant } from '../../../src/core/grants/grant.ts';
import { NOTE } from '../../../src/core/grants/names.ts';
import { extendGrant } from '../../../src/session/grants/extend-grant.ts';
import { findGrants } from '../../../src/session/grants/find-grants.ts';
import { type LiveDemo, startLiveDemo } from '../../helpers/demo/live-demo.ts';
import { eventually } from '../../helpers/eventually.ts';

let live: LiveDemo;
const { signal } = new AbortController();

beforeEach(async () => {
  live = await startLiveDemo();
});

afterEach(async () => {
  await live.dispose();
});

const leaseName = ({ halves }: Grant) => halves[0]?.lease?.name ?? '';
const drift = ({ id }: Grant) => live.grant(id)?.drift.join('; ') ?? '';

/** Patches the lease as anybody with the right to may: the deadline, and what is said about it. */
function move(grant: Grant, activeDeadlineSeconds: number, window?: string): void {
  live.demo.faults.edit('batch/jobs', 'shop', leaseName(grant), (job) => ({
    ...job,
    metadata: {
      ...job.metadata,
      annotations: {
        ...job.metadata.annotations,
        ...(window === undefined ? {} : { [NOTE.window]: window }),
      },
    },
    spec: { ...(job.spec as object), activeDeadlineSeconds },
  }));
}

/** The grant as a process sees it that did not make it. */
async function seen({ id }: Grant): Promise<Grant> {
  const found = (await findGrants(live.runtime.connection.api, 'shop', signal)).find((one) => one.id === id);
  if (found === undefined) throw new Error(`no grant ${id}`);
  return found;
}

const MOVED =
  /its deadline was moved to 1d by somebody who did not announce it; announced: 5s by responder@demo/;

describe('a deadline that somebody moves without announcing it', () => {
  test('is drift, and the grant ends at the announced time', async () => {
    const made = await live.open({ seconds: 5 });
    move(made, 86_400);
    await eventually(() => expect(drift(made)).toMatch(MOVED));
    expect(live.grant(made.id)?.window).toEqual(made.window);
    const { state } = await live.reaches(made.id, 'closed');
    expect(state).toMatchObject({ by: 'deadline' });
    expect((await live.audited()).find(({ type }) => type === 'drift')?.outcome).toMatch(MOVED);
  });

  test('is told to a process that did not make the grant', async () => {
    const made = await live.open({ seconds: 600 });
    expect((await seen(made)).drift).toEqual([]);
    move(made, 86_400);
    expect((await seen(made)).drift.join('; ')).toContain('moved to 1d');
  });

  test('to an earlier time is told as what it is when the cluster ends the grant', async () => {
    const made = await live.open({ seconds: 600 });
    await live.reaches(made.id, 'open');
    move(made, 1);
    const { state } = await live.reaches(made.id, 'closed');
    expect(drift(made)).toMatch(/moved to 1s .*deleted by the cluster, at the moved deadline/);
    expect(state).toMatchObject({ by: 'other' });
  });

  test('and announces past the maximum is drift too, and changes nothing', async () => {
    const made = await live.open({ seconds: 600 });
    move(made, 86_400, '1d of at most 2d, by bob');
    await eventually(() => expect(drift(made)).toMatch(/bob announced 1d, and a window of at most 8h/));
    expect(live.grant(made.id)?.window).toEqual(made.window);
  });

  test('is not extended', async () => {
    const made = await live.open({ seconds: 600 });
    move(made, 1_200);
    await expect(extendGrant(live.runtime.grantDeps, await seen(made), 60, signal)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('moved to 20m by somebody who did not announce it'),
    });
  });
});

describe('an announced extension', () => {
  const bob = () => ({
    ...live.runtime.grantDeps,
    identity: { ...live.runtime.grantDeps.identity, username: 'bob' },
  });

  test('moves the window of a running grant, told with the name of who did it, here and there', async () => {
    const made = await live.open({ seconds: 600 });
    const longer = await extendGrant(bob(), made, 60, signal);
    expect(longer.announced).toEqual({ seconds: 660, most: 28_800, by: 'bob' });
    await eventually(() =>
      expect(live.grant(made.id)).toMatchObject({ window: longer.window, announced: { by: 'bob' } }),
    );
    expect(drift(made)).toBe('');
    expect(await seen(made)).toMatchObject({ drift: [], announced: { by: 'bob', seconds: 660 } });
    await eventually(async () =>
      expect((await live.audited()).map(({ outcome }) => outcome)).toContain('bob set the window to 11m'),
    );
  });

  test('never goes past the maximum with which the grant was made', async () => {
    const made = await live.open({ seconds: 600 });
    const deps = { ...bob(), limits: { ...bob().limits, maxSeconds: 100_000 } };
    await expect(extendGrant(deps, made, 28_800, signal)).rejects.toMatchObject({
      message: expect.stringMatching(/8h10m exceeds the maximum grant duration of 8h/),
    });
  });
});

describe('a grant made before windows were announced', () => {
  test('is read and extended, and announces its window from then on', async () => {
    const made = await live.open({ seconds: 600 });
    await live.runtime.keeper.dispose();
    live.demo.faults.edit('batch/jobs', 'shop', leaseName(made), (job) => {
      const { [NOTE.window]: _, ...annotations } = job.metadata.annotations ?? {};
      return { ...job, metadata: { ...job.metadata, annotations } };
    });
    const old = await seen(made);
    expect(old).toMatchObject({ drift: [], window: made.window });
    expect(old.announced).toBeUndefined();
    await extendGrant(live.runtime.grantDeps, old, 60, signal);
    expect(await seen(made)).toMatchObject({ drift: [], announced: { seconds: 660, most: 28_800 } });
  });
});

test('admission that strips the announcement: the grant is refused', async () => {
  live.demo.faults.admit((object) => {
    const { [NOTE.window]: _, ...annotations } = object.metadata.annotations ?? {};
    return { ...object, metadata: { ...object.metadata, annotations } };
  });
  await expect(live.open()).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('it does not announce its window of 3s'),
  });
});
