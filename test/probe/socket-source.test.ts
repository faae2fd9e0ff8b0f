import { expect, test } from 'vitest';
import type { Pod } from '../../src/core/cluster/objects.ts';
import { SluiceError } from '../../src/core/common/errors.ts';
import type { Exec, TrafficState } from '../../src/core/ports/ports.ts';
import type { Flow } from '../../src/core/traffic/flow.ts';
import { createSocketSource } from '../../src/probe/socket-source.ts';
import { PATIENCE } from '../helpers/eventually.ts';
import { localExec } from '../helpers/probe/local-exec.ts';
import { blackHole } from '../helpers/probe/peers.ts';
import { probePod } from '../helpers/probe/probe-pods.ts';
import { type Call, scriptedExec } from '../helpers/probe/scripted-exec.ts';
import * as table from '../helpers/probe/socket-tables.ts';

const WEB = probePod('web-1', '10.244.0.5');
const NOW = 1_000_000;
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: PATIENCE });

/** Runs a source until the test ends, keeping what it delivers. */
function watch(exec: Exec, pods: readonly Pod[], more: { concurrency?: number; interval?: number } = {}) {
  const flows: Flow[] = [];
  const states: TrafficState[] = [];
  const abort = new AbortController();
  const source = createSocketSource({ exec, now: () => NOW, interval: 20, ...more });
  const context = { pods: () => pods, podAt: (ip: string) => pods.find(({ ips }) => ips.includes(ip)) };
  const sink = {
    flows: (some: readonly Flow[]) => flows.push(...some),
    state: (state: TrafficState) => states.push(state),
  };
  const ended = source.run(context, sink, abort.signal);
  return {
    flows,
    states,
    last: () => states.at(-1),
    [Symbol.asyncDispose]: async () => {
      abort.abort();
      await ended;
    },
  };
}

const isSh = ({ command }: Call) => command[0] === 'sh';

test('a dropped attempt is reported once per SYN, dated by the uptime of its look', async () => {
  const stdout =
    table.look(100, { tcp: [table.SYN_230] }) +
    table.look(100.52, { tcp: [table.SYN_750] }) +
    table.look(101.03, { tcp: [table.SYN_AGAIN] });
  const { exec } = scriptedExec((call) => (isSh(call) ? { stdout } : undefined));
  await using source = watch(exec, [WEB]);
  await eventually(() => source.flows.length).toBeGreaterThanOrEqual(2);
  expect(source.flows.slice(0, 2)).toMatchObject([
    { verdict: 'dropped', time: NOW - 510 - 750, destination: { ip: '10.96.225.211', port: 5432 } },
    { verdict: 'dropped', time: NOW },
  ]);
});

test('an unchanged socket is reported once, regardless of the number of looks', async () => {
  const { exec, calls } = scriptedExec((call) =>
    isSh(call) ? { stdout: table.look(100, { tcp: [table.OPEN] }) } : undefined,
  );
  await using source = watch(exec, [WEB]);
  await eventually(() => calls.length).toBeGreaterThan(5);
  expect(source.flows).toHaveLength(1);
  expect(source.flows[0]).toMatchObject({ verdict: 'forwarded', seen: 'socket', source: { pod: 'web-1' } });
});

test('a connection between two pods that are both read is reported only by its opener', async () => {
  const prometheus = probePod('prometheus-1', '10.244.0.4');
  const opener =
    '   0: 0400F40A:A0FE 0500F40A:1F90 01 00000000:00000000 00:00000000 00000000     0        0 85001 1 00000000af025c46 20 4 30 10 -1';
  let webMayAnswer = false;
  const { exec, calls } = scriptedExec((call) => {
    if (!isSh(call)) return undefined;
    if (call.pod === 'prometheus-1') return { stdout: table.look(100, { tcp: [opener] }) };
    return {
      stdout: table.look(100, { tcp6: webMayAnswer ? [table.LISTEN_8080, table.ACCEPTED_8080] : [] }),
    };
  });
  await using source = watch(exec, [WEB, prometheus]);
  await eventually(() => source.flows.length).toBe(1);
  webMayAnswer = true;
  const before = calls.length;
  await eventually(() => calls.length).toBeGreaterThan(before + 6);
  expect(source.flows).toMatchObject([
    { direction: 'egress', source: { pod: 'prometheus-1' }, destination: { pod: 'web-1' } },
  ]);
});

test('if the opener is unreadable, the accepting side reports the connection', async () => {
  const { exec } = scriptedExec((call) =>
    isSh(call) ? { stdout: table.look(100, { tcp6: [table.LISTEN_8080, table.ACCEPTED_8080] }) } : undefined,
  );
  await using source = watch(exec, [WEB]);
  await eventually(() => source.flows.length).toBe(1);
  expect(source.flows[0]).toMatchObject({
    direction: 'ingress',
    source: { ip: '10.244.0.4' },
    destination: { port: 8080 },
  });
});

test('concurrency is limited, and each pod gets its turn', async () => {
  const pods = Array.from({ length: 12 }, (_, i) => probePod(`p${i}-1`, `10.244.1.${i + 1}`));
  const { exec, calls, count } = scriptedExec((call) =>
    isSh(call) ? { stdout: table.look(100, {}) } : undefined,
  );
  await using source = watch(exec, pods, { concurrency: 3 });
  await eventually(() => new Set(calls.map(({ pod }) => pod)).size).toBe(12);
  expect(count.most).toBeLessThanOrEqual(3);
  await eventually(() => source.last()).toMatchObject({ status: 'live', detail: 'sockets of 12/12 pods' });
});

test('a pod without a shell is read with head, another container or another language, and that is remembered', async () => {
  const pod = probePod('web-1', '10.244.0.5', { containers: ['app', 'sidecar'] });
  const { exec, calls } = scriptedExec(({ container, command }) =>
    container === 'sidecar' && command[0] === 'head'
      ? { stdout: table.look(100, { tcp: [table.OPEN] }) }
      : undefined,
  );
  await using source = watch(exec, [pod]);
  await eventually(() => calls.filter(({ command }) => command[0] === 'head').length).toBeGreaterThan(3);
  const found = calls.findIndex(({ container, command }) => container === 'sidecar' && command[0] === 'head');
  expect(
    calls.slice(found).every(({ container, command }) => container === 'sidecar' && command[0] === 'head'),
  ).toBe(true);
  expect(source.flows).toHaveLength(1);
});

test('a pod where nothing works is marked, counted and skipped', async () => {
  const db = probePod('db-0', '10.244.0.3');
  const { exec, calls } = scriptedExec((call) =>
    call.pod !== 'db-0' && isSh(call) ? { stdout: table.look(100, {}) } : undefined,
  );
  await using source = watch(exec, [WEB, db, { ...probePod('agent-1', '172.31.255.1'), hostNetwork: true }]);
  await eventually(() => source.last()).toMatchObject({
    status: 'live',
    detail: 'sockets of 1/3 pods · 1 without a tool to read them · 1 on the host network',
  });
  const asked = calls.filter(({ pod }) => pod === 'db-0').length;
  await eventually(() => calls.filter(({ pod }) => pod === 'web-1').length).toBeGreaterThan(10);
  expect(calls.filter(({ pod }) => pod === 'db-0')).toHaveLength(asked);
  expect(calls.some(({ pod }) => pod === 'agent-1')).toBe(false);
});

test('a pod that was too slow gets another turn', async () => {
  let slow = true;
  const { exec } = scriptedExec((call) => {
    if (slow) return new SluiceError('failed', 'sh in pod payments/web-1 did not end in 7 s.', 'Repeat.');
    return isSh(call) ? { stdout: table.look(100, { tcp: [table.OPEN] }) } : undefined;
  });
  await using source = watch(exec, [WEB]);
  await eventually(() => source.last()).toMatchObject({ status: 'connecting' });
  slow = false;
  await eventually(() => source.last()).toMatchObject({ status: 'live', detail: 'sockets of 1/1 pods' });
});

const noKubelet = new SluiceError(
  'failed',
  'error dialing backend: dial tcp 192.0.2.7:10250: connect: connection refused',
  'Repeat.',
);

/** The times between the calls, ms. */
function gaps(times: readonly number[]): readonly number[] {
  return times.slice(1).map((time, index) => time - (times[index] ?? time));
}

test('one pod at a time is tried on a node whose kubelet does not answer, ever more seldom, until it does', async () => {
  const away = ['api-1', 'api-2', 'api-3'].map((name, index) => ({
    ...probePod(name, `10.244.3.${index + 1}`),
    node: 'node-7',
  }));
  let isAway = true;
  const tried: number[] = [];
  const { exec } = scriptedExec((call) => {
    if (call.pod !== 'web-1' && isAway) {
      tried.push(performance.now());
      return noKubelet;
    }
    return isSh(call) ? { stdout: table.look(100, {}) } : undefined;
  });
  await using source = watch(exec, [WEB, ...away], { concurrency: 1 });
  await eventually(() => source.last()).toMatchObject({
    status: 'live',
    detail: 'sockets of 1/4 pods · 3 on nodes whose kubelet does not answer',
  });
  await eventually(() => tried.length).toBe(3);
  const [first = 0, second = 0] = gaps(tried);
  expect(first).toBeGreaterThanOrEqual(2_000);
  expect(second).toBeGreaterThanOrEqual(4_000);
  isAway = false;
  await eventually(() => source.last()).toMatchObject({ status: 'live', detail: 'sockets of 4/4 pods' });
});

test('while no look succeeds, all slots together slow down', async () => {
  const pods = Array.from({ length: 40 }, (_, i) => ({
    ...probePod(`p${i}-1`, `10.244.1.${i + 1}`),
    node: `node-${i}`,
  }));
  const tried: number[] = [];
  const { exec } = scriptedExec(() => {
    tried.push(performance.now());
    return noKubelet;
  });
  await using source = watch(exec, pods, { concurrency: 2 });
  await eventually(() => tried.length).toBeGreaterThanOrEqual(7);
  const [before = 0, , after = 0] = tried.slice(4);
  expect(after - before).toBeGreaterThanOrEqual(400);
  expect(source.last()).toMatchObject({ status: 'connecting' });
});

test('without permission to exec the source fails, and names the namespace', async () => {
  const { exec } = scriptedExec(
    () => new SluiceError('forbidden', 'alice may not create pods/exec.', 'Ask.'),
  );
  await using source = watch(exec, [WEB]);
  await eventually(() => source.last()).toMatchObject({
    status: 'failed',
    detail: 'sockets of 0/1 pods · 1 in payments: exec forbidden',
  });
});

test('an unreachable API server is retried', async () => {
  let away = true;
  const { exec } = scriptedExec((call) => {
    if (away) return new SluiceError('unreachable', 'https://127.0.0.1:1 does not answer.', 'Check.');
    return isSh(call) ? { stdout: table.look(100, { tcp: [table.OPEN] }) } : undefined;
  });
  await using source = watch(exec, [WEB]);
  await eventually(() => source.last()).toMatchObject({
    status: 'reconnecting',
    detail: 'https://127.0.0.1:1 does not answer.',
  });
  away = false;
  await eventually(() => source.last()).toMatchObject({ status: 'live' });
  expect(source.flows).toHaveLength(1);
});

test('a socket of a real kernel to a black hole is seen as dropped', async () => {
  const { spawn } = await import('node:child_process');
  const hole = await blackHole();
  // Loopback is excluded from a pod's traffic, so the tables are printed with other addresses.
  const { exec } = localExec();
  const moved: Exec = async (target, command, options) => {
    const answer = await exec(target, command, options);
    return { ...answer, stdout: answer.stdout.replaceAll('0100007F:', '0500F40A:') };
  };
  const client = spawn(process.execPath, ['-e', `require('net').connect(${hole.port}, '127.0.0.1')`]);
  try {
    await using source = watch(moved, [probePod('web-1', '10.9.9.9')]);
    const drops = () =>
      source.flows.filter(
        ({ verdict, destination }) => verdict === 'dropped' && destination.port === hole.port,
      );
    await eventually(() => drops().length).toBeGreaterThanOrEqual(2);
  } finally {
    client.kill('SIGKILL');
    await hole.close();
  }
});
