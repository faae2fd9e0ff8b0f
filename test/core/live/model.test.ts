import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyOf, type Pod } from '../../../src/core/cluster/objects.ts';
import type { ClusterEvent } from '../../../src/core/live/events.ts';
import { type ClusterModel, createClusterModel } from '../../../src/core/live/model.ts';
import { cluster, namespace, networkPolicy, node, pod, service } from '../../helpers/builders.ts';

const web = pod({ name: 'web' });
const pay = pod({ name: 'pay', namespace: 'payments' });
const set = (object: Pod, source = 'pods'): ClusterEvent => ({ type: 'set', kind: 'pods', source, object });
const reset = (source: string, objects: readonly Pod[]): ClusterEvent => ({
  type: 'reset',
  kind: 'pods',
  source,
  objects,
});
const names = (model: ClusterModel) => [...model.pods()].map(keyOf).sort();

test('a reset replaces what its own feed brought, and nothing else', () => {
  const model = createClusterModel();
  model.apply(reset('pods/shop', [web, pod({ name: 'old' })]));
  model.apply(reset('pods/payments', [pay]));
  model.apply(reset('pods/shop', [web]));
  expect(names(model)).toEqual(['payments/pay', 'shop/web']);
  model.apply(reset('pods/payments', []));
  expect(names(model)).toEqual(['shop/web']);
});

test('an object that another feed took over outlives a reset of the first', () => {
  const model = createClusterModel();
  model.apply(reset('pods/shop', [web]));
  model.apply(set(web, 'pods'));
  model.apply(reset('pods/shop', []));
  expect(names(model)).toEqual(['shop/web']);
});

test('lookups follow every change of a pod', () => {
  const model = createClusterModel();
  const owner = { kind: 'Deployment', namespace: 'shop', name: 'web' };
  model.apply(set({ ...web, owner, ips: ['10.0.0.1'] }));
  expect(model.podAt('10.0.0.1')?.name).toBe('web');
  expect(model.podsOf(owner)).toHaveLength(1);
  model.apply(set({ ...web, owner, ips: ['10.0.0.2', '2001:DB8::0:1'] }));
  expect(model.podAt('10.0.0.1')).toBeUndefined();
  expect(model.podAt('2001:db8::1')?.name).toBe('web');
  model.apply(set({ ...web, owner, ips: ['10.0.0.2'], phase: 'Succeeded' }));
  expect(model.podAt('10.0.0.2')).toBeUndefined();
  expect(model.podsOf(owner)).toEqual([]);
  expect(model.podsIn('shop')).toHaveLength(1);
  model.apply({ type: 'delete', kind: 'pods', source: 'pods', key: 'shop/web' });
  expect(model.podsIn('shop')).toEqual([]);
  expect(model.podCount()).toBe(0);
});

test('an address belongs to the pod that lives there, not to one on the host network or on its way out', () => {
  const ips = ['10.0.0.9'];
  const model = cluster({
    pods: [
      pod({ name: 'leaving', ips, deleting: true, created: 9 }),
      pod({ name: 'heir', ips, created: 5 }),
      pod({ name: 'agent', ips: ['192.168.0.1'], hostNetwork: true }),
    ],
    nodes: [node({ ips: ['192.168.0.1'] })],
  });
  expect(model.podAt('10.0.0.9')?.name).toBe('heir');
  expect(model.podAt('192.168.0.1')).toBeUndefined();
  expect(model.nodeAt('192.168.0.1')?.name).toBe('node-a');
});

test('services, their address and their live backends', () => {
  const db = pod({ name: 'db' });
  const model = cluster({
    pods: [
      db,
      pod({ name: 'gone', labels: { app: 'db' }, phase: 'Failed' }),
      pod({ name: 'db', namespace: 'ops' }),
    ],
    services: [
      service({ clusterIPs: ['10.96.0.1'] }),
      service({ name: 'bare', selector: undefined, clusterIPs: [] }),
    ],
  });
  const found = model.serviceAt('10.96.0.1');
  expect(found?.name).toBe('db');
  expect(found && model.backends(found)).toEqual([db]);
  const bare = model.service('shop', 'bare');
  expect(bare && model.backends(bare)).toEqual([]);
});

test('policies are told apart by kind, and revisions grow by kind', () => {
  const policy = networkPolicy({ name: 'p' });
  const model = cluster({
    namespaces: [namespace()],
    policies: [policy, { ...policy, kind: 'CiliumNetworkPolicy' }],
  });
  expect([...model.policies()]).toHaveLength(2);
  expect(model.policy('NetworkPolicy', 'shop', 'p')).toBe(policy);
  const before = { pods: model.revision('pods'), policies: model.revision('policies') };
  model.apply({ type: 'delete', kind: 'policies', source: 'test', key: 'NetworkPolicy/shop/p' });
  expect(model.policy('NetworkPolicy', 'shop', 'p')).toBeUndefined();
  expect(model.policy('CiliumNetworkPolicy', 'shop', 'p')).toBeDefined();
  expect(model.revision('policies')).toBeGreaterThan(before.policies);
  expect(model.revision('pods')).toBe(before.pods);
});

test('after any events every index says what a scan says', () => {
  const some = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    namespace: fc.constantFrom('x', 'y'),
    ips: fc.uniqueArray(fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3'), { maxLength: 2 }),
    phase: fc.constantFrom('Running', 'Pending', 'Succeeded'),
    hostNetwork: fc.boolean(),
  });
  const event = fc.oneof(
    some.map((fields) => set(pod(fields), 'one')),
    fc.array(some, { maxLength: 4 }).map((list) =>
      reset(
        'two',
        list.map((fields) => pod(fields)),
      ),
    ),
    fc
      .constantFrom('x/a', 'x/b', 'y/c')
      .map((key): ClusterEvent => ({ type: 'delete', kind: 'pods', source: 'one', key })),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 20 }), (events) => {
      const model = createClusterModel();
      for (const item of events) model.apply(item);
      const all = [...model.pods()];
      for (const ip of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) {
        const claims = all.filter(
          (item) => item.ips.includes(ip) && !item.hostNetwork && item.phase !== 'Succeeded',
        );
        const holder = model.podAt(ip);
        expect(holder === undefined ? claims : claims.includes(holder)).toEqual(
          holder === undefined ? [] : true,
        );
      }
      for (const name of ['x', 'y']) {
        expect(model.podsIn(name).map(keyOf).sort()).toEqual(
          all
            .filter((item) => item.namespace === name)
            .map(keyOf)
            .sort(),
        );
      }
      expect(model.podCount()).toBe(all.length);
    }),
  );
});
