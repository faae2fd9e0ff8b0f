import { afterEach, beforeEach, expect, it } from 'vitest';
import { at, listAt, numberAt, textAt } from '../../src/core/common/json.ts';
import { ALL_RULES } from '../../src/demo/api/access.ts';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import { type Api, apiOf, eventually } from '../helpers/demo/demo.ts';
import { flowClient } from '../helpers/demo/demo-flows.ts';

let demo: Demo;
let api: Api;
beforeEach(async () => {
  demo = await startDemo();
  api = apiOf(demo.faults.addUser({ username: 'admin', rules: ALL_RULES }));
});
afterEach(async () => {
  await demo.stop();
});

const PODS = '/api/v1/namespaces/shop/pods';
const DEPLOYMENT = '/apis/apps/v1/namespaces/shop/deployments/web';

type Seen = {
  readonly name: string;
  readonly ip?: string;
  readonly phase?: string;
  readonly leaving: boolean;
};

async function podsOf(app: string): Promise<readonly Seen[]> {
  const list = await api.get(`${PODS}?labelSelector=app%3D${app}`);
  return listAt(list.body, 'items').map((pod) => ({
    name: textAt(pod, 'metadata', 'name') ?? '',
    ip: textAt(pod, 'status', 'podIP'),
    phase: textAt(pod, 'status', 'phase'),
    leaving: at(pod, 'metadata', 'deletionTimestamp') !== undefined,
  }));
}

const running = (count: number) => (pods: readonly Seen[]) =>
  pods.length === count && pods.every(({ phase, leaving }) => phase === 'Running' && !leaving);

it('replaces a deleted pod with a new one that has its own name, address and traffic', async () => {
  const before = await podsOf('web');
  const [victim] = before;
  const removed = await api.remove(`${PODS}/${victim?.name}`);
  expect(at(removed.body, 'metadata', 'deletionGracePeriodSeconds')).toBe(30);
  expect((await podsOf('web')).find(({ name }) => name === victim?.name)?.leaving).toBe(true);
  const after = await eventually(() => podsOf('web'), running(2));
  const [fresh] = after.filter(({ name }) => !before.some((pod) => pod.name === name));
  expect(fresh?.ip).toMatch(/^10\.1\./);
  expect(before.map(({ ip }) => ip)).not.toContain(fresh?.ip);
  const hubble = flowClient(demo.hubbleAddress);
  const { flow } = await hubble.until(
    { whitelist: [{ source_pod: [`shop/${fresh?.name}`] }] },
    (response) => response.flow !== undefined,
  );
  expect(flow?.IP?.source).toBe(fresh?.ip);
  hubble.close();
});

it('recreates a StatefulSet’s pod with the same name, and updates its service', async () => {
  const [before] = await podsOf('db');
  await api.remove(`${PODS}/db-0`);
  const [after] = await eventually(
    () => podsOf('db'),
    (pods) => running(1)(pods) && pods[0]?.ip !== before?.ip,
  );
  expect(after?.name).toBe('db-0');
  await eventually(
    () =>
      api.get(
        '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices?labelSelector=kubernetes.io/service-name%3Ddb',
      ),
    ({ body }) => textAt(body, 'items', 0, 'endpoints', 0, 'addresses', 0) === after?.ip,
  );
});

it('scales a Deployment up and down', async () => {
  await api.mergePatch(DEPLOYMENT, { spec: { replicas: 4 } });
  await eventually(() => podsOf('web'), running(4));
  const scaled = await eventually(
    () => api.get(DEPLOYMENT),
    ({ body }) => numberAt(body, 'status', 'readyReplicas') === 4,
  );
  expect(numberAt(scaled.body, 'status', 'replicas')).toBe(4);
  await api.mergePatch(DEPLOYMENT, { spec: { replicas: 1 } });
  await eventually(() => podsOf('web'), running(1));
});

it('removes everything of a deleted Deployment', async () => {
  await api.remove(DEPLOYMENT, { propagationPolicy: 'Background' });
  await eventually(
    () => podsOf('web'),
    (pods) => pods.length === 0,
  );
  const sets = await api.get('/apis/apps/v1/namespaces/shop/replicasets?labelSelector=app%3Dweb');
  expect(listAt(sets.body, 'items')).toEqual([]);
});

it('empties a deleted namespace, rejects new objects there, and removes it', async () => {
  await api.remove('/api/v1/namespaces/shop');
  const refused = await api.post('/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies', {
    metadata: { name: 'late' },
    spec: { podSelector: {} },
  });
  expect(refused.code).toBe(403);
  expect(refused.text('message')).toContain('because it is being terminated');
  await eventually(
    () => api.get('/api/v1/namespaces/shop'),
    ({ code }) => code === 404,
  );
  expect(listAt((await api.get(PODS)).body, 'items')).toEqual([]);
});
