import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Labels } from '../../../src/core/cluster/labels.ts';
import { keyOf, type Pod } from '../../../src/core/cluster/objects.ts';
import type { ClusterEvent } from '../../../src/core/live/events.ts';
import { policyKey } from '../../../src/core/live/model.ts';
import { createEngine } from '../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../src/core/policy/enforcers/enforcers.ts';
import { parseAdminPolicy } from '../../../src/core/policy/kinds/admin-policy.ts';
import type { Policy } from '../../../src/core/policy/model/policy.ts';
import { createClusterRows } from '../../../src/session/rows/cluster-rows.ts';
import { createConcerns } from '../../../src/session/rows/concerns.ts';
import { cluster, namespace, networkPolicy, pod } from '../../helpers/builders.ts';

const source = 'test';
const noHurry = () => false;

function world(pods: readonly Pod[], policies: readonly Policy[] = []) {
  const model = cluster({
    pods,
    policies,
    namespaces: [namespace({ name: 'shop' }), namespace({ name: 'ops' })],
  });
  const engine = createEngine(model, dialectOf('spec'));
  const rows = createClusterRows(model, engine);
  const concernOf = createConcerns(model);
  const send = (event: ClusterEvent) => {
    model.apply(event);
    engine.apply(event);
    rows.apply(event, concernOf(event));
  };
  const settle = () => {
    while (rows.left() !== 'nothing') rows.work(noHurry);
  };
  return { model, engine, rows, send, settle };
}

const setPod = (object: Pod): ClusterEvent => ({ type: 'set', kind: 'pods', source: 'pods', object });
const setPolicy = (object: Policy): ClusterEvent => ({ type: 'set', kind: 'policies', source, object });

const deny = networkPolicy({ name: 'deny', spec: { podSelector: {}, policyTypes: ['Ingress'] } });

function adminPolicy(labels: Labels, name = 'admin'): Policy {
  return parseAdminPolicy({
    apiVersion: 'policy.networking.k8s.io/v1alpha1',
    kind: 'AdminNetworkPolicy',
    metadata: { name, uid: name },
    spec: {
      priority: 5,
      subject: { namespaces: { matchLabels: labels } },
      ingress: [{ action: 'Deny', from: [{ namespaces: {} }] }],
    },
  });
}

describe('the isolation of a pod', () => {
  const standing = (pods: readonly Pod[], policies: readonly Policy[]) =>
    world(pods, policies)
      .rows.pods(undefined)
      .map(({ ingress, egress }) => [ingress, egress]);

  test('open while nothing selects it, isolated where a policy does', () => {
    expect(standing([pod()], [])).toEqual([['open', 'open']]);
    expect(standing([pod()], [deny])).toEqual([['iso', 'open']]);
  });

  test('an administrator decides in the direction of the rules, isolated or not', () => {
    expect(standing([pod()], [adminPolicy({})])).toEqual([['admin', 'open']]);
    expect(standing([pod()], [adminPolicy({}), deny])).toEqual([['admin', 'open']]);
    expect(standing([pod()], [adminPolicy({ team: 'none' }), deny])).toEqual([['iso', 'open']]);
  });

  test('nothing can be said of a pod on the host network', () => {
    expect(standing([pod({ hostNetwork: true })], [deny])).toEqual([['?', '?']]);
  });
});

describe('what an event costs', () => {
  test('a pod that restarts is one new row, and no policy is looked at again', () => {
    const { rows, send, settle } = world([pod(), pod({ name: 'db' })], [deny]);
    settle();
    const [before, policies] = [rows.pods(undefined), rows.policies(undefined)];
    send(setPod(pod({ restarts: 3 })));
    expect(rows.left()).toBe('nothing');
    expect(rows.policies(undefined)).toBe(policies);
    expect(rows.pods(undefined)[0]).toBe(before[0]);
    expect(rows.pods(undefined)[1]?.pod.restarts).toBe(3);
  });

  test('without events the lists are the same arrays, in each namespace', () => {
    const { rows } = world([pod(), pod({ namespace: 'ops' })], [deny]);
    expect(rows.pods(undefined)).toBe(rows.pods(undefined));
    expect(rows.pods('shop')).toBe(rows.pods('shop'));
    expect(rows.pods('ops').map(({ key }) => key)).toEqual(['ops/web']);
  });

  test('a piece of work ends when its time is over, and the urgent comes first', () => {
    const policies = ['a', 'b', 'c'].map((name) => networkPolicy({ name, spec: { podSelector: {} } }));
    const { rows, send, settle } = world([pod()], policies);
    const assessed = () =>
      rows.policies(undefined).flatMap((row) => (row.assessment === undefined ? [] : row.policy.name));
    expect(assessed()).toEqual([]);
    rows.work(() => true);
    expect(assessed()).toEqual(['a']);
    settle();
    const before = rows.policies(undefined).map(({ assessment }) => assessment);
    send(setPod(pod({ namespace: 'ops' })));
    send(setPolicy(networkPolicy({ name: 'c', spec: { podSelector: { matchLabels: { app: 'nobody' } } } })));
    expect(rows.left()).toBe('soon');
    rows.work(() => true);
    const after = rows.policies(undefined).map(({ assessment }) => assessment);
    expect(after.map((one, index) => one === before[index])).toEqual([true, true, false]);
    expect(after[2]).toMatchObject({
      selects: 0,
      findings: [{ id: 'selects-nothing' }, { id: 'policy-types-default' }],
    });
  });
});

/** Any step that a cluster takes, over few names so that they meet. */
const anyEvent: fc.Arbitrary<ClusterEvent> = fc.oneof(
  fc
    .record({
      name: fc.constantFrom('web', 'db', 'api'),
      namespace: fc.constantFrom('shop', 'ops'),
      labels: fc.constantFrom<Labels[]>({ app: 'web' }, { app: 'db' }, { app: 'db', tier: 'x' }),
      phase: fc.constantFrom('Running' as const, 'Succeeded' as const),
      hostNetwork: fc.boolean(),
      restarts: fc.nat(2),
    })
    .map((fields) => setPod(pod(fields))),
  fc
    .constantFrom('shop/web', 'shop/db', 'ops/api')
    .map((key): ClusterEvent => ({ type: 'delete', kind: 'pods', source, key })),
  fc
    .record({
      name: fc.constantFrom('p', 'q'),
      namespace: fc.constantFrom('shop', 'ops'),
      app: fc.constantFrom('web', 'db'),
      from: fc.constantFrom('web', 'nobody'),
    })
    .map(({ name, namespace: home, app, from }) =>
      setPolicy(
        networkPolicy({
          name,
          namespace: home,
          spec: {
            podSelector: { matchLabels: { app } },
            ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: from } } }] }],
          },
        }),
      ),
    ),
  fc.constantFrom<Labels[]>({ team: 'a' }, {}).map((labels) => setPolicy(adminPolicy(labels))),
  fc
    .constantFrom('NetworkPolicy/shop/p', 'NetworkPolicy/ops/q', 'AdminNetworkPolicy/admin')
    .map((key): ClusterEvent => ({ type: 'delete', kind: 'policies', source, key })),
  fc.record({ name: fc.constantFrom('shop', 'ops'), team: fc.constantFrom('a', 'b') }).map(
    ({ name, team }): ClusterEvent => ({
      type: 'set',
      kind: 'namespaces',
      source,
      object: namespace({ name, labels: { team } }),
    }),
  ),
);

test('after any events the rows are those that a new start would make', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 25 }), fc.integer({ min: 1, max: 6 }), (events, every) => {
      const live = world([pod(), pod({ name: 'db' })], [deny]);
      events.forEach((event, index) => {
        live.send(event);
        if (index % every === 0) {
          live.rows.work(() => true);
          live.rows.pods(undefined);
        }
      });
      live.settle();
      const fresh = createClusterRows(live.model, live.engine);
      while (fresh.left() !== 'nothing') fresh.work(noHurry);
      expect(live.rows.pods(undefined)).toEqual(fresh.pods(undefined));
      expect(live.rows.policies(undefined)).toEqual(fresh.policies(undefined));
      expect(live.rows.pods(undefined).map(({ key }) => key)).toEqual(
        Array.from(live.model.pods(), keyOf).sort(),
      );
      expect(live.rows.policies(undefined).map(({ key }) => key)).toEqual(
        Array.from(live.model.policies(), policyKey).sort(),
      );
    }),
    { numRuns: 200 },
  );
});
