import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { numberAt } from '../../../src/core/common/json.ts';
import type { Limits } from '../../../src/core/common/limits.ts';
import type { Grant } from '../../../src/core/grants/grant.ts';
import { extendGrant } from '../../../src/session/grants/extend-grant.ts';
import { BOTH, type LiveDemo, startLiveDemo } from '../../helpers/demo/live-demo.ts';

let live: LiveDemo;
const { signal } = new AbortController();

beforeEach(async () => {
  live = await startLiveDemo();
});

afterEach(async () => {
  await live.dispose();
});

const extend = (grant: Grant, seconds: number, limits: Partial<Limits> = {}) => {
  const { grantDeps } = live.runtime;
  return extendGrant({ ...grantDeps, limits: { ...grantDeps.limits, ...limits } }, grant, seconds, signal);
};
const deadlines = ({ halves }: Grant) =>
  halves.map(({ namespace, lease }) => {
    const job = live.demo.faults.peek('batch/jobs', namespace, lease?.name ?? '');
    return numberAt(job, 'spec', 'activeDeadlineSeconds');
  });
const records = async () => (await live.audited()).map(({ type, outcome }) => `${type}: ${outcome}`);

describe('an extension', () => {
  test('is announced, with the ids of its calls, before anything is patched', async () => {
    const made = await live.open({ seconds: 60 });
    const patched = Promise.withResolvers<readonly string[]>();
    const undo = live.demo.faults.admit((object, { verb }) => {
      if (object.kind === 'Job' && verb === 'update') void records().then(patched.resolve);
      return object;
    });
    await extend(made, 30);
    undo();
    expect((await patched.promise).at(-1)).toBe('intent: about to extend by 30s');
    const log = await live.audited();
    const [intent, extended] = log.slice(-2);
    expect(extended?.type).toBe('extended');
    expect(intent?.objects?.every(({ auditId }) => auditId !== undefined)).toBe(true);
    expect(extended?.objects).toEqual(intent?.objects);
  });

  test('that breaks off after one half says which, in the error and in the log', async () => {
    const made = await live.open({ ...BOTH, seconds: 60 });
    const [, second] = made.halves;
    live.demo.faults.admit((object, { verb }) =>
      verb === 'update' && object.metadata.name === second?.lease?.name ? { deny: 'not this one' } : object,
    );
    const error = await extend(made, 30).catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      code: 'left-open',
      message: expect.stringMatching(/only extended ingress in shop until .*not this one/),
    });
    expect((await records()).at(-1)).toMatch(/^failed: only extended ingress in shop/);
    expect(deadlines(made)).toEqual([90, 60]);
  });

  test('needs the right to patch, and says so before anything is patched', async () => {
    const made = await live.open({ seconds: 60 });
    live.demo.faults.forbid({ verb: 'patch', resource: 'networkpolicies', namespace: 'shop' });
    await expect(extend(made, 30)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('cannot patch networkpolicies in namespace shop'),
    });
    expect(deadlines(made)).toEqual([60]);
    expect((await records()).at(-1)).toMatch(/^refused:/);
  });

  test.each([
    ['longer than a grant may last', { maxSeconds: 80 }, /1m30s exceeds the maximum grant duration of 1m20s/],
    ['in a namespace protected since', { protectedNamespaces: ['sh*'] }, /Namespace shop is protected/],
    ['in a context protected since', { protectedContexts: ['demo'] }, /Context demo is protected/],
    ['for a reason that no longer does', { reasonPattern: '^INC-' }, /reason "test" does not match/],
  ])('is refused as a grant would be: %s', async (_, limits, message) => {
    const made = await live.open({ seconds: 60 });
    await expect(extend(made, 30, limits)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(message),
    });
    expect(deadlines(made)).toEqual([60]);
  });

  test('counts from when the lease was made, not from when its clock was started again', async () => {
    const made = await live.open({ seconds: 3_600 });
    const { name = '' } = made.halves[0]?.lease ?? {};
    const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000).toISOString();
    live.demo.faults.edit('batch/jobs', 'shop', name, (job) => ({
      ...job,
      metadata: { ...job.metadata, creationTimestamp: ago(7_200) },
    }));
    await expect(extend(made, 60, { maxSeconds: 7_200 })).rejects.toMatchObject({
      message: expect.stringMatching(/exceeds the maximum grant duration of 2h/),
    });
  });

  test('is refused where its record cannot be written', async () => {
    const made = await live.open({ seconds: 60 });
    await live.spoilLog();
    await expect(extend(made, 30)).rejects.toMatchObject({ message: expect.stringContaining('audit log') });
    expect(deadlines(made)).toEqual([60]);
  });
});
