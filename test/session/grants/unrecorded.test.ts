import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findGrants } from '../../../src/session/grants/find-grants.ts';
import { revokeFound } from '../../../src/session/grants/revoke-found.ts';
import { type LiveDemo, startLiveDemo } from '../../helpers/demo/live-demo.ts';
import { eventually } from '../../helpers/eventually.ts';

let live: LiveDemo;

beforeEach(async () => {
  live = await startLiveDemo();
});

afterEach(async () => {
  await live.dispose();
});

const policies = () =>
  live.runtime.connection.api.list(
    { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' },
    { labels: 'sluice.dev/grant' },
  );

describe('a log that cannot be written', () => {
  test('stops a new grant before anything is made', async () => {
    await live.spoilLog();
    await expect(live.open()).rejects.toMatchObject({ message: expect.stringContaining('audit log') });
    expect(await policies()).toEqual([]);
  });

  test('does not keep a grant from ending, and shows up with the grant', async () => {
    const made = await live.open({ seconds: 60 });
    await live.spoilLog();
    await live.runtime.keeper.revoke([made.id]);
    expect(await policies()).toEqual([]);
    const { state, drift } = await live.runtime.keeper.ended(made.id);
    expect(state.name).not.toBe('failed');
    expect(drift.join('\n')).toMatch(
      /"intent" is not in the audit log[\s\S]*"revoked" is not in the audit log/,
    );
  });

  test('does not keep the grant of someone else from ending either', async () => {
    const made = await live.open({ seconds: 60 });
    await live.spoilLog();
    const { grantDeps, connection } = live.runtime;
    const [found] = await findGrants(connection.api, 'shop', new AbortController().signal);
    expect(found?.id).toBe(made.id);
    if (found === undefined) return;
    const end = await revokeFound(grantDeps, found);
    expect(end).toMatchObject({ revoked: true, leftovers: [] });
    expect(end.unrecorded.join('\n')).toMatch(/"intent"[\s\S]*"revoked"/);
    expect(await policies()).toEqual([]);
  });
});

describe('the record of an end', () => {
  test.each([
    ['asked for', 60, 'about to revoke'],
    ['at the deadline', 3, 'about to end at the deadline'],
  ])('%s is announced before anything is deleted', async (_, seconds, outcome) => {
    const made = await live.open({ seconds });
    const { name = '' } = made.halves[0]?.policy ?? {};
    live.demo.faults.pauseControllers();
    const undo = live.demo.faults.stall({
      method: 'DELETE',
      path: `/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/${name}`,
    });
    try {
      if (seconds === 60) void live.runtime.keeper.revoke([made.id]);
      await live.reaches(made.id, 'revoking');
      await eventually(async () =>
        expect((await live.audited()).at(-1)).toMatchObject({ type: 'intent', outcome }),
      );
      expect(live.demo.faults.peek('networking.k8s.io/networkpolicies', 'shop', name)).toBeDefined();
    } finally {
      undo();
    }
    await live.reaches(made.id, 'revoked');
  });
});
