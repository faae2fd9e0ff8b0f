import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ALL_RULES } from '../../../src/demo/api/access.ts';
import { type Api, apiOf } from '../../helpers/demo/demo.ts';
import {
  closeMonitoring,
  ELSEWHERE,
  type LiveDemo,
  STORY,
  startLiveDemo,
} from '../../helpers/demo/live-demo.ts';
import { eventually } from '../../helpers/eventually.ts';

let live: LiveDemo;
let admin: Api;

beforeEach(async () => {
  live = await startLiveDemo();
  admin = apiOf(live.demo.faults.addUser({ username: 'admin', rules: ALL_RULES }));
});

afterEach(async () => {
  await live.dispose();
});

const policies = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies';

test('a plan that would isolate pods by now, which nobody confirmed, is refused (GRANT-45)', async () => {
  await closeMonitoring(live);
  const signal = new AbortController().signal;
  const asked = { ...STORY, ...ELSEWHERE };
  const plan = await live.runtime.plan(asked, signal);
  if (!plan.ok) throw new Error(plan.message);
  expect(plan.isolates).toEqual([]);
  await admin.remove('/apis/networking.k8s.io/v1/namespaces/monitoring/networkpolicies/closed');
  await eventually(() =>
    expect(live.runtime.model.policy('NetworkPolicy', 'monitoring', 'closed')).toBeUndefined(),
  );
  await expect(live.runtime.grant(plan, asked, () => undefined, signal)).rejects.toMatchObject({
    code: 'refused',
    message:
      'The cluster has changed since the grant was planned: it would isolate prometheus-0 (ingress) now.',
    hint: 'Plan it again.',
  });
  expect((await live.audited()).map(({ type }) => type)).toEqual(['refused']);
});

describe('the surroundings of a grant', () => {
  test('are watched: a base policy deleted, a label changed, another policy that opens the path; each reported once', async () => {
    const made = await live.open({ seconds: 600 });
    const drift = () => live.grant(made.id)?.drift ?? [];
    await live.reaches(made.id, 'open');

    await admin.post(policies, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'elsewhere' },
      spec: { podSelector: { matchLabels: { app: 'mail' } }, policyTypes: ['Ingress'] },
    });
    await admin.remove(`${policies}/db-only-api`);
    await eventually(() =>
      expect(drift()).toEqual(['NetworkPolicy shop/db-only-api was deleted after the grant was planned']),
    );

    const [web] = live.runtime.model.podsIn('shop').filter(({ labels }) => labels.app === 'web');
    await admin.mergePatch(`/api/v1/namespaces/shop/pods/${web?.name}`, {
      metadata: { labels: { tier: 'back' } },
    });
    await eventually(() =>
      expect(drift().join('\n')).toContain(`labels of pod shop/${web?.name} changed: tier front → back`),
    );

    await admin.post(policies, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'db-from-web' },
      spec: {
        podSelector: { matchLabels: { app: 'db' } },
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }] }],
      },
    });
    await eventually(() => expect(drift().join()).toContain('db-from-web also opens the path'));

    const records = async () => (await live.audited()).filter(({ type }) => type === 'drift');
    await eventually(async () => expect(await records()).toHaveLength(3));
    await live.runtime.keeper.revoke([made.id]);
    const ended = await live.runtime.keeper.ended(made.id);
    expect(ended.drift).toHaveLength(3);
    expect(await records()).toHaveLength(3);
    expect(ended.state).toMatchObject({ name: 'flowing', still: 'new' });
  });

  test('two grants on one path: each names the other', async () => {
    const asked = { seconds: 600 };
    const [one, two] = await Promise.all([live.open(asked), live.open(asked)]);
    await eventually(() => {
      expect(live.grant(one.id)?.drift).toEqual([
        `grant ${two.id} by responder@demo also opens the path: it will stay open when the grant ends`,
      ]);
      expect(live.grant(two.id)?.drift).toEqual([
        `grant ${one.id} by responder@demo also opens the path: it will stay open when the grant ends`,
      ]);
    });
  });
});
