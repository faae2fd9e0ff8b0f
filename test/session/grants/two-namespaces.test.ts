import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Grant } from '../../../src/core/grants/grant.ts';
import { responderRules } from '../../../src/demo/api/access.ts';
import { connect } from '../../../src/kube/kube.ts';
import { extendGrant } from '../../../src/session/grants/extend-grant.ts';
import { findGrants } from '../../../src/session/grants/find-grants.ts';
import type { GrantDeps } from '../../../src/session/grants/record.ts';
import { revokeFound } from '../../../src/session/grants/revoke-found.ts';
import { ACROSS, closeMonitoring, type LiveDemo, startLiveDemo } from '../../helpers/demo/live-demo.ts';

let live: LiveDemo;
let made: Grant;
const { signal } = new AbortController();
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  live = await startLiveDemo();
  await closeMonitoring(live);
  made = await live.open(ACROSS);
});

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await live.dispose();
});

/** The grant's dependencies for somebody who may see and do everything in some namespaces alone. */
async function confinedTo(namespaces: readonly string[]): Promise<GrantDeps> {
  const kubeconfig = live.demo.faults.addUser({
    username: `only-${namespaces.join('-')}`,
    rules: responderRules(namespaces),
  });
  const { api, dispose } = await connect({ kubeconfig: { text: kubeconfig } });
  closing.push(async () => dispose());
  return { ...live.runtime.grantDeps, api };
}

const standing = (half: Grant['halves'][number]) =>
  live.demo.faults.peek('networking.k8s.io/networkpolicies', half.namespace, half.policy?.name ?? '') !==
  undefined;
const found = async (deps: GrantDeps, namespace: string): Promise<Grant> => {
  const [grant] = await findGrants(deps.api, namespace, signal);
  if (grant === undefined) throw new Error('no grant found');
  return grant;
};

test('a grant over two namespaces says so on each of its objects', () => {
  const notes = made.halves.flatMap(({ namespace, policy, lease }) => [
    live.demo.faults.peek('networking.k8s.io/networkpolicies', namespace, policy?.name ?? ''),
    live.demo.faults.peek('batch/jobs', namespace, lease?.name ?? ''),
  ]);
  expect(notes.map((object) => object?.metadata.annotations?.['sluice.dev/halves'])).toEqual(
    Array.from({ length: 4 }, () => 'ingress=monitoring,egress=shop'),
  );
});

describe('looked at in one namespace', () => {
  test.each(['shop', 'monitoring'])(
    '(%s) it is still found whole, by the name of its other half',
    async (space) => {
      const grant = await found(live.runtime.grantDeps, space);
      expect(grant.halves.map(({ direction, namespace }) => `${direction} ${namespace}`).sort()).toEqual([
        'egress shop',
        'ingress monitoring',
      ]);
      expect(grant.halves.every(({ policy, lease }) => policy !== undefined && lease !== undefined)).toBe(
        true,
      );
      expect(grant).not.toHaveProperty('unseen');
      expect(grant.drift).toEqual([]);
      expect(await revokeFound(live.runtime.grantDeps, grant)).toMatchObject({ revoked: true });
      expect(made.halves.map(standing)).toEqual([false, false]);
    },
  );

  test('by a user without access to the other namespace: its other half is unseen', async () => {
    const grant = await found(await confinedTo(['shop']), 'shop');
    expect(grant.unseen).toEqual([
      { direction: 'ingress', namespace: 'monitoring', why: expect.stringContaining('cannot get') },
    ]);
    expect(grant.drift.join()).toContain('unseen half in monitoring (ingress)');
  });

  test('a half that is gone is no unseen one', async () => {
    await live.runtime.keeper.dispose();
    const { namespace, policy, lease } = made.halves[0] ?? { namespace: '' };
    live.demo.faults.edit('batch/jobs', namespace, lease?.name ?? '', () => undefined);
    live.demo.faults.edit(
      'networking.k8s.io/networkpolicies',
      namespace,
      policy?.name ?? '',
      () => undefined,
    );
    const grant = await found(live.runtime.grantDeps, 'shop');
    expect(grant.unseen).toBeUndefined();
    expect(grant.drift).toEqual(['its ingress half in monitoring was deleted']);
  });
});

describe('by a user confined to one namespace', () => {
  test('it is revoked by half only, and the other half is named', async () => {
    const deps = await confinedTo(['shop']);
    const end = await revokeFound(deps, await found(deps, 'shop'));
    expect(end.revoked).toBe(false);
    expect(end.halves).toEqual([
      { direction: 'egress', namespace: 'shop', done: true },
      {
        direction: 'ingress',
        namespace: 'monitoring',
        done: false,
        why: expect.stringContaining('unseen half in monitoring'),
      },
    ]);
    const log = await live.audited();
    expect(log.find(({ type }) => type === 'failed')?.outcome).toMatch(
      /not revoked: unseen half in monitoring.*; revoked: egress in shop/,
    );
  });

  test('it is not extended at all: one half would end without the other', async () => {
    const deps = await confinedTo(['shop']);
    await expect(extendGrant(deps, await found(deps, 'shop'), 60, signal)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('unseen half in monitoring'),
    });
    const { name = '' } = made.halves.find(({ namespace }) => namespace === 'shop')?.lease ?? {};
    const job = live.demo.faults.peek('batch/jobs', 'shop', name);
    expect(job?.spec).toMatchObject({ activeDeadlineSeconds: 600 });
  });
});

test('a lease that may not be read is unseen, not gone', async () => {
  live.demo.faults.forbid({ verb: 'get', resource: 'jobs', namespace: 'monitoring' });
  const { drift } = await found(live.runtime.grantDeps, 'shop');
  expect(drift).toEqual([expect.stringMatching(/its lease could not be read: .*cannot get/)]);
});
