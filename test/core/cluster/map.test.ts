import { expect, test } from 'vitest';
import { mapEndpointSlice, mapNamespace, mapNode, mapService } from '../../../src/core/cluster/map.ts';
import { mapPod } from '../../../src/core/cluster/map-pod.ts';
import type { ApiObject } from '../../../src/core/cluster/objects.ts';

function api(
  kind: string,
  fields: Record<string, unknown>,
  metadata: Record<string, unknown> = {},
): ApiObject {
  return { apiVersion: 'v1', kind, metadata: { name: 'web', namespace: 'shop', ...metadata }, ...fields };
}

test('a pod is mapped slim, whole and sanitised', () => {
  const pod = mapPod(
    api(
      'Pod',
      {
        spec: {
          nodeName: 'n1',
          serviceAccountName: 'web',
          containers: [{ name: 'main', ports: [{ name: 'http', containerPort: 8080 }] }, { name: 'log' }],
          initContainers: [
            { name: 'setup', ports: [{ containerPort: 1 }] },
            { name: 'proxy', restartPolicy: 'Always', ports: [{ containerPort: 9, protocol: 'UDP' }] },
          ],
        },
        status: {
          phase: 'Running',
          podIP: '10.0.0.1',
          podIPs: [{ ip: '10.0.0.1' }, { ip: '2001:db8::1' }],
          containerStatuses: [{ name: 'main', ready: true, restartCount: 3, state: { running: {} } }],
          ephemeralContainerStatuses: [{ name: 'debug', state: { running: {} } }],
        },
      },
      {
        uid: 'u1',
        creationTimestamp: '2026-11-22T12:00:00Z',
        labels: { app: 'web\u001b[31m', 'pod-template-hash': '7d9f' },
        ownerReferences: [{ kind: 'ReplicaSet', name: 'web-7d9f', controller: true }],
      },
    ),
  );
  expect(pod).toEqual({
    kind: 'Pod',
    namespace: 'shop',
    name: 'web',
    uid: 'u1',
    labels: { app: 'web␛[31m', 'pod-template-hash': '7d9f' },
    ips: ['10.0.0.1', '2001:db8::1'],
    node: 'n1',
    hostNetwork: false,
    phase: 'Running',
    deleting: false,
    ports: [
      { name: 'http', port: 8080, protocol: 'TCP' },
      { port: 9, protocol: 'UDP', sidecar: true },
    ],
    containers: ['main', 'log', 'proxy', 'debug'],
    owner: { kind: 'Deployment', namespace: 'shop', name: 'web' },
    serviceAccount: 'web',
    readyContainers: 1,
    restarts: 3,
    status: 'Running',
    created: Date.UTC(2026, 10, 22, 12),
  });
});

test('whatever is missing has a sound stand-in', () => {
  const pod = mapPod({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'bare' } });
  expect(pod).toMatchObject({
    namespace: 'default',
    phase: 'Pending',
    ips: [],
    ports: [],
    serviceAccount: 'default',
  });
  expect(pod.owner).toBeUndefined();
});

test('a ReplicaSet without its hash stays one, a static pod has no owner', () => {
  const owned = (owner: unknown, labels = {}) =>
    mapPod(api('Pod', {}, { labels, ownerReferences: [owner] })).owner;
  expect(owned({ kind: 'ReplicaSet', name: 'web-7d9f' })).toMatchObject({
    kind: 'ReplicaSet',
    name: 'web-7d9f',
  });
  expect(owned({ kind: 'ReplicaSet', name: 'web-7d9f' }, { 'pod-template-hash': 'other' })?.kind).toBe(
    'ReplicaSet',
  );
  expect(owned({ kind: 'Node', name: 'n1' })).toBeUndefined();
});

const waiting = (reason: string) => ({ state: { waiting: { reason } } });
const ended = (fields: Record<string, unknown>) => ({ state: { terminated: fields } });
const runs = { ready: true, state: { running: {} } };

test.each([
  ['Pending', { phase: 'Pending' }],
  ['Evicted', { phase: 'Failed', reason: 'Evicted' }],
  [
    'SchedulingGated',
    { phase: 'Pending', conditions: [{ type: 'PodScheduled', reason: 'SchedulingGated' }] },
  ],
  ['CrashLoopBackOff', { phase: 'Running', containerStatuses: [waiting('CrashLoopBackOff')] }],
  ['OOMKilled', { phase: 'Running', containerStatuses: [ended({ reason: 'OOMKilled', exitCode: 137 })] }],
  ['ExitCode:2', { phase: 'Failed', containerStatuses: [ended({ exitCode: 2 })] }],
  ['Signal:9', { phase: 'Failed', containerStatuses: [ended({ exitCode: 137, signal: 9 })] }],
  ['Completed', { phase: 'Succeeded', containerStatuses: [ended({ reason: 'Completed', exitCode: 0 })] }],
  [
    'Running',
    {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [ended({ reason: 'Completed', exitCode: 0 }), runs],
    },
  ],
  ['NotReady', { phase: 'Running', containerStatuses: [ended({ reason: 'Completed', exitCode: 0 }), runs] }],
  ['Init:0/2', { phase: 'Pending', initContainerStatuses: [waiting('PodInitializing')] }],
  [
    'Init:1/2',
    { phase: 'Pending', initContainerStatuses: [ended({ exitCode: 0 }), { state: { running: {} } }] },
  ],
  ['Init:Error', { phase: 'Pending', initContainerStatuses: [ended({ exitCode: 1, reason: 'Error' })] }],
  ['Init:ImagePullBackOff', { phase: 'Pending', initContainerStatuses: [waiting('ImagePullBackOff')] }],
])('the status is %s as kubectl prints it', (text, status) => {
  const spec = { initContainers: [{ name: 'a' }, { name: 'b' }], containers: [{ name: 'main' }] };
  expect(mapPod(api('Pod', { spec, status })).status).toBe(text);
});

test('a pod that is being deleted is terminating, unless it has finished', () => {
  const deletionTimestamp = '2026-11-22T12:00:00Z';
  expect(mapPod(api('Pod', { status: { phase: 'Running' } }, { deletionTimestamp })).status).toBe(
    'Terminating',
  );
  expect(mapPod(api('Pod', { status: { phase: 'Succeeded' } }, { deletionTimestamp })).status).toBe(
    'Succeeded',
  );
});

test('a namespace always carries its name', () => {
  expect(mapNamespace(api('Namespace', {}, { labels: { team: 'red' } })).labels).toEqual({
    team: 'red',
    'kubernetes.io/metadata.name': 'web',
  });
});

test('a node has the addresses that it reports, not its host name', () => {
  const addresses = [
    { type: 'Hostname', address: 'n1' },
    { type: 'InternalIP', address: '192.168.0.1' },
  ];
  expect(mapNode(api('Node', { status: { addresses } })).ips).toEqual(['192.168.0.1']);
});

test('services: ClusterIP, headless, ExternalName', () => {
  const spec = {
    clusterIP: '10.96.0.1',
    selector: { app: 'web' },
    ports: [{ port: 80 }, { port: 81, targetPort: 'http' }],
  };
  expect(mapService(api('Service', { spec }))).toMatchObject({
    type: 'ClusterIP',
    clusterIPs: ['10.96.0.1'],
    headless: false,
    selector: { app: 'web' },
    ports: [
      { port: 80, targetPort: 80, protocol: 'TCP' },
      { port: 81, targetPort: 'http', protocol: 'TCP' },
    ],
  });
  expect(mapService(api('Service', { spec: { clusterIP: 'None' } }))).toMatchObject({
    headless: true,
    clusterIPs: [],
  });
  const outward = mapService(api('Service', { spec: { type: 'ExternalName', externalName: 'example.com' } }));
  expect(outward).toMatchObject({ type: 'ExternalName', externalName: 'example.com' });
  expect(outward.selector).toBeUndefined();
});

test('an EndpointSlice lists what is ready, or does not say', () => {
  const endpoints = [
    { addresses: ['10.0.0.1'], conditions: { ready: true } },
    { addresses: ['10.0.0.2'], conditions: { ready: false } },
    { addresses: ['10.0.0.3'] },
  ];
  expect(
    mapEndpointSlice(api('EndpointSlice', { endpoints }, { labels: { 'kubernetes.io/service-name': 'db' } })),
  ).toMatchObject({ service: 'db', addresses: ['10.0.0.1', '10.0.0.3'] });
});
