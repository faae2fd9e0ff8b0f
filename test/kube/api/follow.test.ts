import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ObjectEvent } from '../../../src/core/ports/ports.ts';
import { type Demo, startDemo } from '../../../src/demo/demo.ts';
import { type Cluster, connect } from '../../../src/kube/kube.ts';
import { eventually } from '../../helpers/eventually.ts';

const RESOURCE = 'networking.k8s.io/networkpolicies';
const POLICIES = {
  group: 'networking.k8s.io',
  version: 'v1',
  resource: 'networkpolicies',
  namespace: 'shop',
};

let demo: Demo;
let cluster: Cluster;
let abort: AbortController;
let running: Promise<void>;
let events: ObjectEvent[];

beforeEach(async () => {
  demo = await startDemo();
  cluster = await connect({ kubeconfig: { text: demo.kubeconfig } });
  abort = new AbortController();
  events = [];
  running = Promise.resolve();
});

afterEach(async () => {
  abort.abort();
  await running.catch(() => undefined);
  await cluster.dispose();
  await demo.stop();
});

function follow(): void {
  running = cluster.api.follow(POLICIES, 'team=sre', (event) => events.push(event), abort.signal);
  running.catch(() => undefined);
}

async function create(name: string): Promise<string> {
  const { object } = await cluster.api.create(POLICIES, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: 'shop', labels: { team: 'sre' } },
    spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'] },
  });
  return object.metadata.uid ?? '';
}

const gone = () => events.filter(({ state }) => state === undefined).map(({ name }) => name);
const shown = () => events.filter(({ state }) => state !== undefined).map(({ name }) => name);

test('existing objects come first, then created and deleted ones', async () => {
  const uid = await create('one');
  follow();
  await eventually(() => expect(shown()).toEqual(['one']));
  await create('two');
  await eventually(() => expect(shown()).toEqual(['one', 'two']));
  await cluster.api.delete({ ...POLICIES, name: 'one' }, { uid, propagation: 'Background' });
  await eventually(() => expect(gone()).toEqual(['one']));
  expect(events.at(-1)).toEqual({ name: 'one', uid, state: undefined });
});

test('removing the label is not a deletion: the object still exists, and is polled until it is gone', async () => {
  const uid = await create('one');
  follow();
  await eventually(() => expect(shown()).toEqual(['one']));
  demo.faults.edit(RESOURCE, 'shop', 'one', (object) => ({
    ...object,
    metadata: { ...object.metadata, labels: {} },
  }));
  await eventually(() => expect(events).toHaveLength(2));
  expect(events[1]?.state?.metadata.labels ?? {}).toEqual({});
  await cluster.api.delete({ ...POLICIES, name: 'one' }, { uid, propagation: 'Background' });
  await eventually(() => expect(gone()).toEqual(['one']));
});

test('deletions during an interruption are found, as is another object with the same name', async () => {
  const first = await create('one');
  await create('two');
  follow();
  await eventually(() => expect(shown()).toEqual(['one', 'two']));
  const undo = demo.faults.stall({ path: '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies' });
  demo.faults.dropWatches();
  demo.faults.edit(RESOURCE, 'shop', 'one', () => undefined);
  demo.faults.compact();
  undo();
  await eventually(() => expect(gone()).toEqual(['one']));
  const second = await create('one');
  expect(second).not.toBe(first);
  await eventually(() => expect(events.at(-1)).toMatchObject({ name: 'one', uid: second }));
});

test('no object is reported as gone while the server is unreachable', async () => {
  await create('one');
  follow();
  await eventually(() => expect(shown()).toEqual(['one']));
  const undo = demo.faults.forbid({ verb: 'get', resource: 'networkpolicies' });
  demo.faults.edit(RESOURCE, 'shop', 'one', () => undefined);
  await create('two');
  await eventually(() => expect(shown()).toEqual(['one', 'two']));
  expect(gone()).toEqual([]);
  undo();
  await eventually(() => expect(gone()).toEqual(['one']));
});

test('a forbidden list is reported at once', async () => {
  demo.faults.forbid({ resource: 'networkpolicies' });
  follow();
  await expect(running).rejects.toMatchObject({
    code: 'forbidden',
    message: 'User "responder@demo" cannot list networkpolicies in namespace "shop"',
  });
});

test('it survives a restart of the server', async () => {
  await create('one');
  follow();
  await eventually(() => expect(shown()).toEqual(['one']));
  await demo.faults.shut();
  await demo.faults.reopen();
  await create('two');
  await eventually(() => expect(shown()).toContain('two'));
});
