import { expect, test } from 'vitest';
import { manifestEvents, readManifests } from '../../../../src/core/cluster/mapping/manifests.ts';
import { createClusterModel } from '../../../../src/core/cluster/model.ts';

const template = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', ports: [{ containerPort: 80 }] }] },
};
const workload = (kind: string, name: string, spec: unknown = { template }, metadata = {}) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name, ...metadata },
  spec,
});

test.each(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController', 'Job'])(
  'a %s becomes one running pod that it owns',
  (kind) => {
    const [pod, ...rest] = readManifests([workload(kind, 'web')]).pods;
    expect(rest).toEqual([]);
    expect(pod).toMatchObject({
      namespace: 'default',
      name: 'web',
      labels: { app: 'web' },
      owner: { kind, namespace: 'default', name: 'web' },
      phase: 'Running',
      status: 'Running',
      ports: [{ port: 80, protocol: 'TCP' }],
    });
  },
);

test('a CronJob carries its template deeper', () => {
  const spec = { jobTemplate: { spec: { template } } };
  expect(readManifests([workload('CronJob', 'nightly', spec)]).pods[0]?.labels).toEqual({ app: 'web' });
});

test('lists are opened, typed ones and nested ones', () => {
  const pods = { kind: 'PodList', apiVersion: 'v1', items: [{ metadata: { name: 'a', namespace: 'x' } }] };
  const nested = { kind: 'List', apiVersion: 'v1', items: [pods, workload('Deployment', 'web')] };
  expect(readManifests([nested]).pods.map(({ name }) => name)).toEqual(['a', 'web']);
});

test('namespaces that are only used exist by name', () => {
  const { namespaces } = readManifests([
    workload('Deployment', 'web', undefined, { namespace: 'shop' }),
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ops', labels: { team: 'blue' } } },
  ]);
  expect(namespaces.map(({ name, labels }) => [name, labels])).toEqual([
    ['ops', { team: 'blue', 'kubernetes.io/metadata.name': 'ops' }],
    ['shop', { 'kubernetes.io/metadata.name': 'shop' }],
  ]);
});

test('two workloads of one name and different kinds both keep a pod', () => {
  const { pods } = readManifests([workload('Deployment', 'web'), workload('StatefulSet', 'web')]);
  expect(pods.map(({ name }) => name)).toEqual(['web', 'web-statefulset']);
});

test('policies of every kind are read, and what says nothing about traffic is counted', () => {
  const { policies, skipped } = readManifests([
    { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'a' }, spec: {} },
    { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata: { name: 'b' }, spec: {} },
    { apiVersion: 'crd.antrea.io/v1beta1', kind: 'ClusterNetworkPolicy', metadata: { name: 'c' }, spec: {} },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'd' } },
    null,
    'text',
  ]);
  expect(policies.map(({ kind }) => kind)).toEqual(['NetworkPolicy', 'CiliumNetworkPolicy']);
  expect(skipped).toEqual({ ClusterNetworkPolicy: 1, ConfigMap: 1 });
});

test('the events fill a model', () => {
  const model = createClusterModel();
  for (const event of manifestEvents([workload('Deployment', 'web')], 'shop')) model.apply(event);
  expect(model.pod('shop', 'web')).toBeDefined();
  expect(model.namespace('shop')).toBeDefined();
});

test('what kubectl get all prints holds each workload once', () => {
  const controlled = (kind: string, name: string) => ({
    ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: 'u', controller: true }],
  });
  const labels = { app: 'web', 'pod-template-hash': 'abc' };
  const { pods } = readManifests([
    workload('Deployment', 'web'),
    workload('ReplicaSet', 'web-abc', undefined, controlled('Deployment', 'web')),
    { kind: 'Pod', metadata: { name: 'web-abc-1', labels, ...controlled('ReplicaSet', 'web-abc') } },
    workload('CronJob', 'night'),
    workload('ReplicaSet', 'alone-1', undefined, controlled('Deployment', 'alone')),
  ]);
  expect(pods.map(({ name, owner }) => `${name} of ${owner?.kind} ${owner?.name}`)).toEqual([
    'web-abc-1 of Deployment web',
    'night of CronJob night',
    'alone-1 of ReplicaSet alone-1',
  ]);
});
