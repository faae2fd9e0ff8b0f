import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Pod } from '../../src/core/cluster/objects.ts';
import { createClusterModel } from '../../src/core/live/model.ts';
import type { Exec, TrafficState } from '../../src/core/ports/ports.ts';
import type { Flow } from '../../src/core/traffic/flow.ts';
import { type Cluster, connect } from '../../src/kube/kube.ts';
import { createConnectProbe } from '../../src/probe/connect-test.ts';
import { createConnectionTable } from '../../src/probe/connection-table.ts';
import { createSocketReader } from '../../src/probe/socket-reader.ts';
import { createSocketSource } from '../../src/probe/socket-source.ts';
import { serviceResolver } from '../../src/probe/target.ts';
import { eventually } from '../helpers/eventually.ts';
import { findRealCluster, hasSampleWorld } from '../helpers/real-cluster.ts';

const found = await findRealCluster();
const hasWorld = await hasSampleWorld(found);
const ever = new AbortController().signal;

describe.skipIf(!hasWorld)('the probe in a real cluster', () => {
  const model = createClusterModel();
  const stop = new AbortController();
  let cluster: Cluster;
  let fed: Promise<void>;

  beforeAll(async () => {
    cluster = await connect({ kubeconfig: found?.alice.kubeconfig ?? '' });
    fed = cluster.feed.run(
      {
        onEvents: (events) => {
          for (const event of events) model.apply(event);
        },
        onState: () => undefined,
        onScope: () => undefined,
      },
      stop.signal,
    );
    await eventually(() => expect(['web', 'db', 'api'].every((app) => podsOf(app).length > 0)).toBe(true));
    await eventually(() => expect([...model.services()].length).toBeGreaterThan(3));
  });

  afterAll(async () => {
    stop.abort();
    await fed;
    await cluster.dispose();
  });

  const podsOf = (app: string) =>
    model
      .podsIn('payments')
      .filter((pod) => pod.labels.app === app && pod.phase === 'Running' && !pod.deleting);
  const pod = (app: string): Pod => {
    const [first] = podsOf(app);
    if (first === undefined) throw new Error(`no pod ${app}`);
    return first;
  };
  const ip = (app: string) => pod(app).ips[0] ?? '';
  const exec: Exec = (target, command, options) => cluster.exec(target, command, options);

  async function watch<T>(
    pods: () => readonly Pod[],
    use: (seen: { flows: Flow[]; last: () => TrafficState | undefined }) => Promise<T>,
  ) {
    const flows: Flow[] = [];
    const states: TrafficState[] = [];
    const abort = new AbortController();
    const source = createSocketSource({ exec, services: serviceResolver(model), now: Date.now });
    const ended = source.run(
      { pods, podAt: model.podAt },
      { flows: (some) => flows.push(...some), state: (state) => states.push(state) },
      abort.signal,
    );
    try {
      return await use({ flows, last: () => states.at(-1) });
    } finally {
      abort.abort();
      await ended;
    }
  }

  test('shows the dropped attempts of web to db within 5 s, and open paths', () =>
    watch(
      () => model.podsIn('payments'),
      async ({ flows, last }) => {
        const between = (source: string, destination: string, verdict: string) =>
          flows.some(
            (flow) =>
              flow.verdict === verdict &&
              flow.source.labels?.app === source &&
              (flow.destination.labels?.app === destination ||
                flow.destination.service?.name === destination),
          );
        await expect.poll(() => between('web', 'db', 'dropped'), { timeout: 5_000 }).toBe(true);
        const drop = flows.find(
          ({ verdict, destination }) => verdict === 'dropped' && destination.labels?.app === 'db',
        );
        expect(drop).toMatchObject({
          seen: 'socket',
          protocol: 'TCP',
          direction: 'egress',
          source: { namespace: 'payments', workload: { kind: 'Deployment', name: 'web' } },
          destination: { pod: 'db-0', port: 5432, service: { namespace: 'payments', name: 'db' } },
        });
        await expect.poll(() => between('web', 'api', 'forwarded'), { timeout: 10_000 }).toBe(true);
        await expect.poll(() => between('api', 'db', 'forwarded'), { timeout: 10_000 }).toBe(true);
        await expect.poll(() => between('api', 'web', 'dropped'), { timeout: 15_000 }).toBe(true);
        expect(between('web', 'api', 'dropped')).toBe(false);
        expect(between('api', 'db', 'dropped')).toBe(false);
        const live = { status: 'live', detail: expect.stringContaining('1 without a tool to read them') };
        await expect.poll(last, { timeout: 5_000 }).toMatchObject(live);
      },
    ));

  test('what it runs in a pod exits on its own when the app is killed', async () => {
    // Another process watches web, and is killed during a look.
    const script = join(import.meta.dirname, '../helpers/probe/probe-forever.ts');
    const child = spawn(
      process.execPath,
      [script, found?.alice.kubeconfig ?? '', JSON.stringify(pod('web'))],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const loops = async () => {
      const target = { namespace: 'payments', pod: pod('web').name, container: 'web' };
      const { stdout } = await exec(target, ['sh', '-c', 'ps | grep -c "[p]roc/uptime /proc/net/tcp"'], {
        signal: ever,
        timeout: 10_000,
      });
      return Number(stdout);
    };
    await expect.poll(loops, { timeout: 15_000, interval: 200 }).toBeGreaterThan(0);
    child.kill('SIGKILL');
    await expect.poll(loops, { timeout: 6_000, interval: 200 }).toBe(0);
  });

  test('connect tests agree with the policies, with a shell and without', async () => {
    const probe = createConnectProbe({ exec });
    const attempt = async (from: string, host: string, port: number, protocol: 'TCP' | 'UDP' = 'TCP') =>
      (await probe.connect(pod(from), { host, port, protocol }, ever)).outcome;
    expect(await attempt('web', ip('api'), 8080)).toBe('open');
    expect(await attempt('web', 'api.payments', 80)).toBe('open');
    expect(await attempt('web', ip('db'), 5432)).toBe('timeout');
    expect(await attempt('web', 'nosuch.invalid', 80)).toBe('dns-failure');
    expect(await attempt('web', 'api.payments', 81)).toBe('refused');
    expect(await attempt('api', ip('db'), 5432)).toBe('open');
    expect(await attempt('api', ip('db'), 5432, 'UDP')).toBe('unknown');
    expect(await attempt('db', ip('web'), 8080)).toBe('timeout');
    expect(await attempt('db', ip('db'), 5432)).toBe('open');
  });

  test('counts an open connection, but not closed ones', async () => {
    const { established } = createConnectionTable({ exec });
    const targets = [`${ip('db')}:5432/TCP`];
    const abort = new AbortController();
    const holding = exec(
      { namespace: 'payments', pod: pod('api').name, container: 'api' },
      ['timeout', '20', 'netcat', 'hold', 'tcp', `${ip('db')}:5432`, '1s'],
      { signal: abort.signal, timeout: 30_000 },
    ).catch(() => undefined);
    await expect
      .poll(async () => (await established(pod('api'), targets, ever)).length, { timeout: 15_000 })
      .toBeGreaterThanOrEqual(1);
    expect(await established(pod('web'), targets, ever)).toEqual([]);
    abort.abort();
    await holding;
  });

  test('a pod with only one program is distinguished from one that is gone', async () => {
    const reader = createSocketReader(exec);
    expect(await reader.look(pod('db'), 1, ever)).toMatchObject({ type: 'unreadable' });
    expect(await reader.look({ ...pod('db'), name: 'db-99' }, 1, ever)).toMatchObject({ type: 'failed' });
  });

  test('missing permissions of a user are reported', async () => {
    const restricted = await connect({ kubeconfig: found?.restricted.kubeconfig ?? '' });
    try {
      const reader = createSocketReader(restricted.exec);
      expect(await reader.look(pod('web'), 1, ever)).toMatchObject({
        type: 'denied',
        error: { code: 'forbidden' },
      });
    } finally {
      await restricted.dispose();
    }
  });
});
