import { afterAll, beforeAll, expect, test } from 'vitest';
import { responderRules } from '../../../src/demo/api/access.ts';
import { type Demo, startDemo } from '../../../src/demo/demo.ts';
import { type Cluster, connect } from '../../../src/kube/kube.ts';

let demo: Demo;
let cluster: Cluster;
const opened: Cluster[] = [];
const signal = new AbortController().signal;

beforeAll(async () => {
  demo = await startDemo();
  cluster = await as(demo.kubeconfig);
});

afterAll(async () => {
  await Promise.all(opened.map((one) => one.dispose()));
  await demo.stop();
});

async function as(kubeconfig: string): Promise<Cluster> {
  const made = await connect({ kubeconfig: { text: kubeconfig } });
  opened.push(made);
  return made;
}

test('namespace and user come from the context', () => {
  expect([cluster.context, cluster.namespace, cluster.user]).toEqual(['demo', 'shop', 'responder@demo']);
});

test('the identity of the caller comes from the server', async () => {
  expect(await cluster.api.identity()).toMatchObject({
    username: 'responder@demo',
    groups: ['sre', 'system:authenticated'],
    impersonating: false,
  });
});

test('info has the version, the UID of the cluster, and the enforcer', async () => {
  const info = await cluster.api.info();
  expect(info.version).toMatch(/^1\.\d+$/);
  expect(info.minor).toBe(Number(info.version.split('.')[1]));
  expect(info.clusterUid).toMatch(/^[0-9a-f-]{36}$/);
  expect(info.context).toBe('demo');
  expect(info.enforcer).not.toBe('none');
  expect(info.enforcerEvidence).not.toBe('');
});

test('permissions are returned in the order of the questions', async () => {
  const questions = [
    { verb: 'create', group: 'batch', resource: 'jobs', namespace: 'shop' },
    { verb: 'delete', group: '', resource: 'namespaces' },
    { verb: 'create', group: '', resource: 'pods', subresource: 'portforward', namespace: 'shop' },
    { verb: 'create', group: '', resource: 'pods', namespace: 'shop' },
  ];
  const answers = await cluster.api.allowed(questions);
  expect(answers.map(({ allowed }) => allowed)).toEqual([true, false, true, false]);
  expect(answers.map(({ resource }) => resource)).toEqual(questions.map(({ resource }) => resource));
});

test('a workload comes with the selector of its pods', async () => {
  expect(await cluster.api.workload({ kind: 'Deployment', namespace: 'shop', name: 'web' })).toMatchObject({
    kind: 'Deployment',
    name: 'web',
    selector: expect.arrayContaining([
      expect.objectContaining({ key: 'app', operator: 'In', values: ['web'] }),
    ]),
  });
});

test('a workload that does not exist, is forbidden, or is of an unknown kind is undefined', async () => {
  expect(await cluster.api.workload({ kind: 'Deployment', namespace: 'shop', name: 'nope' })).toBeUndefined();
  expect(await cluster.api.workload({ kind: 'Rollout', namespace: 'shop', name: 'web' })).toBeUndefined();
  const other = await as(demo.faults.addUser({ username: 'blind', rules: [] }));
  expect(await other.api.workload({ kind: 'Deployment', namespace: 'shop', name: 'web' })).toBeUndefined();
});

test('Hubble Relay is found by its label, with its port and without TLS', async () => {
  const relay = await cluster.findRelay(signal);
  expect(relay).toMatchObject({
    namespace: 'kube-system',
    pod: expect.stringMatching(/^hubble-relay/),
    port: 4245,
    tls: 'none',
    serverName: 'instance.hubble-relay.cilium.io',
  });
  expect(await cluster.findRelay(signal, 'shop')).toBeUndefined();
});

test('a user without access to all namespaces finds it in kube-system, unless that is forbidden too', async () => {
  const rules = responderRules(['kube-system']);
  const near = await as(demo.faults.addUser({ username: 'near', rules }));
  expect((await near.findRelay(signal))?.namespace).toBe('kube-system');
  const far = await as(demo.faults.addUser({ username: 'far', rules: responderRules(['shop']) }));
  expect(await far.findRelay(signal)).toBeUndefined();
});

test('there are no policies of other kinds', async () => {
  expect(await cluster.foreignPolicies(signal)).toEqual({ objects: [], denied: [] });
});
