import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FeedState } from '../../../src/core/live/events.ts';
import { type ClusterModel, createClusterModel } from '../../../src/core/live/model.ts';
import { type Demo, startDemo } from '../../../src/demo/demo.ts';
import { createDiscovery, createVersionSource } from '../../../src/kube/http/discovery.ts';
import { createFeed, type FeedTimes } from '../../../src/kube/watch/feed.ts';
import { eventually } from '../../helpers/eventually.ts';
import { apiClient } from '../../helpers/servers/api-client.ts';

const QUICK: Partial<FeedTimes> = { backOff: { base: 5, cap: 50 }, retry: 30 };
const EVERYWHERE = { verbs: ['get', 'list', 'watch'], groups: ['*'] };

let demo: Demo;
let abort: AbortController;
let running: Promise<void>;
let model: ClusterModel;
let states: Map<string, FeedState[]>;
let scopes: (string | undefined)[];
let resets: string[];
/** The paths of all calls. */
let asked: string[];

beforeEach(async () => {
  demo = await startDemo();
  abort = new AbortController();
  model = createClusterModel();
  states = new Map();
  scopes = [];
  resets = [];
  asked = [];
  running = Promise.resolve();
});

afterEach(async () => {
  abort.abort();
  await running;
  await demo.stop();
});

async function start(kubeconfig: string = demo.kubeconfig, namespace?: string): Promise<void> {
  const plain = await apiClient(kubeconfig, abort.signal);
  const client = {
    ...plain,
    call: (call: Parameters<typeof plain.call>[0]) => {
      asked.push(call.path);
      return plain.call(call);
    },
    open: (call: Parameters<typeof plain.open>[0]) => {
      asked.push(call.path);
      return plain.open(call);
    },
  };
  const feed = createFeed({
    client,
    discovery: createDiscovery(client),
    version: createVersionSource(client),
    namespace: 'shop',
    times: QUICK,
  });
  running = feed.run(
    {
      namespace,
      onEvents: (events) => {
        for (const event of events) {
          model.apply(event);
          if (event.type === 'reset') resets.push(event.source);
        }
      },
      onState: (name, state) => states.set(name, [...(states.get(name) ?? []), state]),
      onScope: (scope) => scopes.push(scope),
    },
    abort.signal,
  );
}

const stateOf = (feed: string) => states.get(feed)?.at(-1);
const live = (...feeds: readonly string[]) =>
  eventually(() => expect(feeds.map(stateOf)).toEqual(feeds.map(() => ({ state: 'live' }))));

function nameOf(app: string): string {
  const found = [...model.podsIn('shop')].find(({ labels }) => labels.app === app);
  return found?.name ?? '';
}

function relabel(name: string): void {
  demo.faults.edit('/pods', 'shop', name, (object) => ({
    ...object,
    metadata: { ...object.metadata, labels: { ...object.metadata.labels, touched: 'yes' } },
  }));
}

test('with cluster-wide permissions everything is live, and kinds that are not installed are absent', async () => {
  await start();
  await live('pods', 'namespaces', 'services', 'nodes', 'networkpolicies');
  await eventually(() => expect(stateOf('clusternetworkpolicies')).toEqual({ state: 'absent' }));
  expect(scopes).toEqual([undefined]);
  expect([...model.namespaces()].map(({ name }) => name)).toContain('monitoring');
  expect([...model.nodes()].map(({ name }) => name)).toEqual(['node-a', 'node-b', 'node-c']);
  expect(model.policy('NetworkPolicy', 'shop', 'db-only-api')).toBeDefined();
  expect(states.get('pods')).toEqual([{ state: 'connecting' }, { state: 'live' }]);
});

test('changes and deletions arrive', async () => {
  await start();
  await live('pods', 'networkpolicies');
  const web = nameOf('web');
  relabel(web);
  await eventually(() => expect(model.pod('shop', web)?.labels.touched).toBe('yes'));
  demo.faults.edit('networking.k8s.io/networkpolicies', 'shop', 'db-only-api', () => undefined);
  await eventually(() => expect(model.policy('NetworkPolicy', 'shop', 'db-only-api')).toBeUndefined());
});

test('dropped watches resume without a state change', async () => {
  await start();
  await live('pods');
  demo.faults.dropWatches();
  const web = nameOf('web');
  relabel(web);
  await eventually(() => expect(model.pod('shop', web)?.labels.touched).toBe('yes'));
  expect(states.get('pods')).toEqual([{ state: 'connecting' }, { state: 'live' }]);
});

test('an expired version leads to a new list, without objects deleted meanwhile', async () => {
  await start();
  await live('pods');
  const web = nameOf('web');
  const old = nameOf('backup');
  demo.faults.expireWatches(20);
  demo.faults.dropWatches();
  demo.faults.edit('/pods', 'shop', old, () => undefined);
  relabel(web);
  await eventually(() => {
    expect(model.pod('shop', web)?.labels.touched).toBe('yes');
    expect(model.pod('shop', old)).toBeUndefined();
  });
  await live('pods');
});

test('an unreachable server shows as stale, and is live again when it is back', async () => {
  await start();
  await live('pods', 'nodes');
  await demo.faults.shut();
  await eventually(() => expect(stateOf('pods')).toMatchObject({ state: 'stale' }));
  expect(stateOf('pods')).toMatchObject({ reason: expect.stringContaining('connection refused') });
  expect(model.podCount()).toBeGreaterThan(0);
  await demo.faults.reopen();
  await live('pods', 'nodes');
});

test('expired credentials are reported', async () => {
  await start();
  await live('pods');
  const undo = demo.faults.unauthorized();
  demo.faults.dropWatches();
  await eventually(() => expect(stateOf('pods')).toMatchObject({ state: 'stale' }));
  expect(stateOf('pods')).toMatchObject({
    reason: expect.stringContaining('requires credentials'),
  });
  undo();
  await live('pods');
});

test('with permissions in only one namespace, that one is watched and reported', async () => {
  const namespaces = ['shop'];
  const user = demo.faults.addUser({
    username: 'dev',
    rules: [
      { ...EVERYWHERE, resources: ['pods', 'services', 'networkpolicies'], namespaces },
      { verbs: ['get'], groups: [''], resources: ['namespaces'], namespaces },
    ],
  });
  await start(user);
  await live('pods', 'services', 'networkpolicies');
  expect(scopes).toEqual(['shop']);
  await eventually(() => expect(stateOf('namespaces')).toMatchObject({ state: 'denied' }));
  expect(stateOf('namespaces')).toMatchObject({
    reason: expect.stringContaining('User "dev" cannot list namespaces'),
  });
  expect(stateOf('nodes')).toEqual({
    state: 'denied',
    reason: 'User "dev" cannot list nodes at the cluster scope',
  });
  expect([...model.namespaces()]).toMatchObject([{ name: 'shop' }]);
  expect(new Set([...model.pods()].map(({ namespace }) => namespace))).toEqual(new Set(['shop']));
});

test('a namespace that cannot be read is built from its name', async () => {
  const user = demo.faults.addUser({
    username: 'dev',
    rules: [{ ...EVERYWHERE, resources: ['pods'], namespaces: ['monitoring'] }],
  });
  await start(user, 'monitoring');
  await live('pods');
  expect(scopes).toEqual(['monitoring']);
  await eventually(() =>
    expect([...model.namespaces()]).toEqual([
      {
        kind: 'Namespace',
        name: 'monitoring',
        labels: { 'kubernetes.io/metadata.name': 'monitoring' },
        deleting: false,
      },
    ]),
  );
});

test('each kind degrades independently, and comes back when permission is granted', async () => {
  const undo = demo.faults.forbid({ resource: 'networkpolicies' });
  await start();
  await live('pods', 'services');
  await eventually(() =>
    expect(stateOf('networkpolicies')).toEqual({
      state: 'denied',
      reason: 'User "responder@demo" cannot list networkpolicies in namespace "shop"',
    }),
  );
  expect([...model.policies()].filter(({ kind }) => kind === 'NetworkPolicy')).toEqual([]);
  undo();
  await live('networkpolicies');
  expect(model.policy('NetworkPolicy', 'shop', 'db-only-api')).toBeDefined();
});

test('a kind that stays away is told to be empty once, however often it is tried again', async () => {
  demo.faults.forbid({ resource: 'networkpolicies' });
  await start();
  const tries = () => asked.filter((path) => path === '/apis/networking.k8s.io/v1/networkpolicies').length;
  await eventually(() => expect(tries()).toBeGreaterThan(6));
  expect(resets.filter((source) => source === 'networkpolicies')).toEqual(['networkpolicies']);
});

test('a revoked permission removes the objects', async () => {
  await start();
  await live('networkpolicies');
  demo.faults.forbid({ resource: 'networkpolicies' });
  demo.faults.dropWatches();
  await eventually(() => expect(stateOf('networkpolicies')).toMatchObject({ state: 'denied' }));
  expect([...model.policies()].filter(({ kind }) => kind === 'NetworkPolicy')).toEqual([]);
});

test('a server that is down at the start is retried', async () => {
  await demo.faults.shut();
  await start();
  await eventually(() => expect(stateOf('pods')).toMatchObject({ state: 'stale' }));
  await demo.faults.reopen();
  await live('pods', 'namespaces');
});

test('no watches are left when it ends', async () => {
  await start();
  await live('pods');
  abort.abort();
  await running;
  const told = JSON.stringify([...states]);
  await demo.faults.shut();
  expect(JSON.stringify([...states])).toBe(told);
});
