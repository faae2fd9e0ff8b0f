import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../../src/core/common/limits.ts';
import type { FeedState } from '../../../src/core/live/events.ts';
import { type Demo, startDemo } from '../../../src/demo/demo.ts';
import { type Runtime, startRuntime } from '../../../src/session/runtime/runtime.ts';
import { connectionTo } from '../../helpers/demo/live-demo.ts';
import { eventually } from '../../helpers/eventually.ts';
import { verdictOf } from '../../helpers/verdict-of.ts';

let demo: Demo;
let folder: string;
let runtime: Runtime;
let states: Map<string, FeedState>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-lists-'));
  demo = await startDemo();
  states = new Map();
});

afterEach(async () => {
  await runtime.dispose();
  await demo.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Starts as somebody with these verbs on everything. */
async function startWith(verbs: readonly string[]): Promise<void> {
  const rules = [
    { verbs: [...verbs], groups: ['*'], resources: ['*'] },
    { verbs: ['create'], groups: ['authentication.k8s.io', 'authorization.k8s.io'], resources: ['*'] },
  ];
  const kubeconfig = demo.faults.addUser({ username: 'viewer', rules });
  runtime = await startRuntime(
    await connectionTo(demo, folder, kubeconfig),
    {
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      version: 'test',
      limits: DEFAULT_LIMITS,
      traffic: false,
      listener: { feed: (feed, state) => states.set(feed, state) },
    },
    new AbortController().signal,
  );
}

test('without the watch permission lists are complete, and shown as stale', async () => {
  await startWith(['get', 'list']);
  await runtime.ready;
  expect(runtime.unlisted()).toEqual([]);
  expect(runtime.model.podCount()).toBeGreaterThan(0);
  await eventually(() =>
    expect(states.get('pods')).toMatchObject({
      state: 'stale',
      reason: 'User "viewer" cannot watch pods at the cluster scope; listing every 30s instead',
    }),
  );
});

test('who may watch but not list has whole lists where the server streams them', async () => {
  await startWith(['get', 'watch']);
  await runtime.ready;
  expect(runtime.unlisted()).toEqual([]);
  expect(runtime.model.podCount()).toBeGreaterThan(0);
  expect(states.get('pods')).toEqual({ state: 'live' });
});

test('policies that may not be listed are named in what a verdict rests on', async () => {
  const undo = demo.faults.forbid({ verb: 'list', resource: 'networkpolicies' });
  const undoWatch = demo.faults.forbid({ verb: 'watch', resource: 'networkpolicies' });
  await startWith(['get', 'list', 'watch']);
  await runtime.ready;
  const pods = [...runtime.model.podsIn('shop')];
  const [source, destination] = [
    pods.find(({ labels }) => labels.app === 'web'),
    pods.find(({ labels }) => labels.app === 'db'),
  ];
  if (source === undefined || destination === undefined) throw new Error('the world has no story');
  const verdict = verdictOf(runtime.engine, {
    from: { type: 'pod', pod: source },
    to: { type: 'pod', pod: destination },
    port: 5_432,
    protocol: 'TCP',
  });
  expect(verdict.assumptions).toContain('NetworkPolicy could not be read: the verdict ignores it');
  undo();
  undoWatch();
});
