import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Demo } from '../../src/demo/demo.ts';
import { startDemo } from '../../src/demo/demo.ts';
import { type Api, apiOf, grant } from '../helpers/demo/demo.ts';

let demo: Demo;
let api: Api;
beforeAll(async () => {
  demo = await startDemo();
  api = apiOf(demo.kubeconfig);
});
afterAll(async () => {
  await demo.stop();
});

it('is rate-limited when many leases end together, like the real one: about six a second', async () => {
  const jobs = '/apis/batch/v1/namespaces/shop/jobs';
  const policies = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies';
  const label = 'labelSelector=app.kubernetes.io/managed-by%3Dsluice';
  const watching = await api.watch(`${policies}?watch=1&${label}`);
  const many = 15;
  await Promise.all(
    Array.from({ length: many }, (_, i) => grant({ api, jobs, policies }, `one-of-many-${i}`, 2)),
  );
  await watching.until(() => watching.events.filter(({ type }) => type === 'DELETED').length === many);
  const ends = watching.events.filter(({ type }) => type === 'DELETED').map(({ at }) => at);
  const spread = Math.max(...ends) - Math.min(...ends);
  expect(spread).toBeGreaterThan(800);
  watching.close();
});
