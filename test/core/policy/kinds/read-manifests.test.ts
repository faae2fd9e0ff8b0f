import { expect, test } from 'vitest';
import { createClusterModel } from '../../../../src/core/live/model.ts';
import { manifestEvents, readManifests } from '../../../../src/core/policy/kinds/read-manifests.ts';

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

test.each(['Deployment', 'ReplicaSet', 'ReplicationController', 'Job'])(
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
      standIn: true,
    });
  },
);

const standIns = (...documents: readonly unknown[]) =>
  readManifests(documents).pods.map(({ name, owner }) => `${name} of ${owner?.kind}`);
const scaler = (kind: string, name: string, metadata = {}) => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'scaler', ...metadata },
  spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind, name }, maxReplicas: 5 },
});

test.each([
  ['Deployment', { template, replicas: 1 }, 1],
  ['Deployment', { template, replicas: null }, 1],
  ['Deployment', { template, replicas: 3 }, 2],
  ['Deployment', { template, replicas: 0 }, 2],
  ['ReplicaSet', { template, replicas: 2 }, 2],
  ['ReplicationController', { template, replicas: 2 }, 2],
  ['DaemonSet', { template }, 2],
  ['Job', { template, parallelism: 1 }, 1],
  ['Job', { template, parallelism: 4 }, 2],
  ['CronJob', { jobTemplate: { spec: { template } } }, 1],
  ['CronJob', { jobTemplate: { spec: { template, parallelism: 4 } } }, 2],
])('a %s of %j has stand-ins enough to talk to each other', (kind, spec, count) => {
  expect(standIns(workload(kind, 'web', spec))).toEqual(
    ['web', 'web-2'].slice(0, count).map((name) => `${name} of ${kind}`),
  );
});

test('what an autoscaler scales may be several pods', () => {
  const web = workload('Deployment', 'web', { template, replicas: 1 });
  const several = ['web of Deployment', 'web-2 of Deployment'];
  expect(standIns(web, scaler('Deployment', 'web'))).toEqual(several);
  expect(standIns(scaler('Deployment', 'web'), web)).toEqual(several);
  expect(standIns(web, scaler('Deployment', 'api'))).toEqual(['web of Deployment']);
  expect(standIns(web, scaler('Deployment', 'web', { namespace: 'ops' }))).toEqual(['web of Deployment']);
});

test('the pods of a StatefulSet have the names and labels that it gives them', () => {
  const pods = (spec: object, ...more: readonly unknown[]) =>
    readManifests([workload('StatefulSet', 'db', { template, ...spec }), ...more]).pods.map(
      ({ name, labels }) =>
        `${name} ${labels['statefulset.kubernetes.io/pod-name']} ${labels['apps.kubernetes.io/pod-index']} ${labels.app}`,
    );
  expect(pods({})).toEqual(['db-0 db-0 0 web']);
  expect(pods({ replicas: 3 })).toEqual(['db-0 db-0 0 web', 'db-1 db-1 1 web', 'db-2 db-2 2 web']);
  expect(pods({ replicas: 2, ordinals: { start: 5 } })).toEqual(['db-5 db-5 5 web', 'db-6 db-6 6 web']);
  expect(pods({ replicas: 0 })).toHaveLength(2);
  expect(pods({ replicas: 1 }, scaler('StatefulSet', 'db'))).toHaveLength(2);
  expect(pods({ replicas: 1e12 })).toHaveLength(100);
});

test('API-16: the pods of a workload have the labels that its controller adds, not those of the workload', () => {
  const keysOf = (kind: string, spec: object = { template }) =>
    Object.keys(readManifests([workload(kind, 'w', spec, { labels: { own: 'x' } })]).pods[0]?.labels ?? {})
      .toSorted()
      .join();
  const job = 'batch.kubernetes.io/controller-uid,batch.kubernetes.io/job-name,controller-uid,job-name';
  expect(keysOf('Job')).toBe(`app,${job}`);
  expect(keysOf('CronJob', { jobTemplate: { spec: { template } } })).toBe(`app,${job}`);
  expect(keysOf('Deployment')).toBe('app,pod-template-hash');
  expect(keysOf('DaemonSet')).toBe('app,controller-revision-hash,pod-template-generation');
  expect(keysOf('StatefulSet')).toBe(
    'app,apps.kubernetes.io/pod-index,controller-revision-hash,statefulset.kubernetes.io/pod-name',
  );
  expect(keysOf('ReplicaSet')).toBe('app');
  const [pod] = readManifests([workload('Job', 'migrate', { template })]).pods;
  expect(pod?.labels['batch.kubernetes.io/job-name']).toBe('migrate');
});

test('any kind with a pod template has pods, wherever the template lies', () => {
  const container = { name: 'c', image: 'x' };
  const pod = { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } };
  const custom = (apiVersion: string, kind: string, spec: object) => ({
    apiVersion,
    kind,
    metadata: { name: 'web' },
    spec,
  });
  const read = (apiVersion: string, kind: string, spec: object) =>
    readManifests([custom(apiVersion, kind, spec)]).pods.map(
      ({ name, owner, labels }) => `${name} of ${owner?.kind} ${labels.app}`,
    );
  expect(read('argoproj.io/v1alpha1', 'Rollout', { replicas: 1, template: pod })).toEqual([
    'web of Rollout web',
  ]);
  expect(read('apps.openshift.io/v1', 'DeploymentConfig', { replicas: 3, template: pod })).toEqual([
    'web of DeploymentConfig web',
    'web-2 of DeploymentConfig web',
  ]);
  expect(read('keda.sh/v1alpha1', 'ScaledJob', { jobTargetRef: { template: pod } })).toHaveLength(2);
  expect(
    read('ray.io/v1', 'RayCluster', {
      headGroupSpec: { template: pod },
      workerGroupSpecs: [{ replicas: 1, template: pod }],
    }),
  ).toEqual(['web of RayCluster web', 'web-2 of RayCluster web', 'web-t2 of RayCluster web']);
  const pattern = { rules: [{ validate: { pattern: { spec: { template: pod } } } }] };
  expect(read('kyverno.io/v1', 'ClusterPolicy', pattern)).toEqual([]);
});

test('a Knative Service is a workload, and no Service', () => {
  const spec = { template: { spec: { containers: [{ image: 'x' }] } } };
  const knative = {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name: 'hello' },
    spec,
  };
  const { pods, services } = readManifests([knative]);
  expect(pods.length).toBeGreaterThan(0);
  expect(services).toEqual([]);
});

test('the pods of well-known operators have the labels and ports that these give them', () => {
  const prometheus = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'Prometheus',
    metadata: { name: 'k8s', namespace: 'mon' },
    spec: { replicas: 1, podMetadata: { labels: { team: 'blue' } } },
  };
  const [pod] = readManifests([prometheus]).pods;
  expect(pod?.labels).toMatchObject({
    team: 'blue',
    prometheus: 'k8s',
    'app.kubernetes.io/name': 'prometheus',
  });
  expect(pod?.ports).toEqual([{ name: 'web', port: 9090, protocol: 'TCP' }]);
});

test('stand-ins never take the name of a pod or a workload', () => {
  const pod = { kind: 'Pod', metadata: { name: 'api-2' } };
  expect(
    standIns(
      workload('Deployment', 'web', { template, replicas: 2 }),
      workload('Deployment', 'web-2'),
      workload('Deployment', 'api', { template, replicas: 2 }),
      pod,
    ),
  ).toEqual([
    'api-2 of undefined',
    'web of Deployment',
    'web-2 of Deployment',
    'api of Deployment',
    'web-2-deployment of Deployment',
    'api-2-deployment of Deployment',
  ]);
});

test('of a workload that is there twice, the last one counts', () => {
  const web = (replicas: number) => workload('Deployment', 'web', { template, replicas });
  expect(standIns(web(3), web(1))).toEqual(['web of Deployment']);
});

test('a CronJob carries its template deeper', () => {
  const spec = { jobTemplate: { spec: { template } } };
  expect(readManifests([workload('CronJob', 'nightly', spec)]).pods[0]?.labels).toMatchObject({ app: 'web' });
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
  const { pods } = readManifests([workload('Deployment', 'web'), workload('Job', 'web')]);
  expect(pods.map(({ name }) => name)).toEqual(['web', 'web-job']);
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
