import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { SluiceError } from '../../src/core/common/errors.ts';
import { createConnectProbe } from '../../src/probe/connect-test.ts';
import { shellScript } from '../../src/probe/shell.ts';
import { connectTarget } from '../../src/probe/target.ts';
import { INTERPRETERS, TOOLS } from '../../src/probe/tools.ts';
import { eventually, PATIENCE } from '../helpers/eventually.ts';
import { localExec } from '../helpers/probe/local-exec.ts';
import { closedPeer, openPeer } from '../helpers/probe/peers.ts';
import { probePod } from '../helpers/probe/probe-pods.ts';
import { scriptedExec } from '../helpers/probe/scripted-exec.ts';

const POD = probePod('web-1', '10.244.0.5');
const signal = AbortSignal.timeout(2 * PATIENCE);
const to = (port: number, host = '127.0.0.1') => ({ host, port, protocol: 'TCP' as const });

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A PATH with only these programs, each a link to the real one or a script. */
function pathWith(programs: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-path-'));
  folders.push(folder);
  for (const [name, what] of Object.entries(programs)) {
    if (what.startsWith('/')) symlinkSync(what, join(folder, name));
    else writeFileSync(join(folder, name), `#!/bin/sh\n${what}\n`, { mode: 0o755 });
  }
  return folder;
}

test('whoever asks is told each command that runs in the pod', async () => {
  const peer = await openPeer();
  const { exec } = localExec(pathWith({ sh: '/bin/sh', nc: 'exit 0' }));
  const told: unknown[] = [];
  await createConnectProbe({ exec }).connect(POD, to(peer.port), signal, (target, [program, flag]) =>
    told.push([target.pod, program, flag]),
  );
  await peer.close();
  expect(told).toEqual([['web-1', 'sh', '-c']]);
});

test('a pod with a shell needs one exec, and the conclusive tool is named', async () => {
  const peer = await openPeer();
  const { exec, asked } = localExec(pathWith({ sh: '/bin/sh', nc: 'exit 0' }));
  const result = await createConnectProbe({ exec }).connect(POD, to(peer.port), signal);
  await peer.close();
  expect(result).toMatchObject({ outcome: 'open', how: 'nc -z' });
  expect(asked).toHaveLength(1);
});

test('programs of an image without a shell are tried one by one', async () => {
  const peer = await openPeer();
  const { exec, asked } = localExec(pathWith({ node: process.execPath }));
  const probe = createConnectProbe({ exec });
  expect(await probe.connect(POD, to(peer.port), signal)).toMatchObject({ outcome: 'open', how: 'node' });
  await peer.close();
  expect(await probe.connect(POD, to(peer.port), signal)).toMatchObject({ outcome: 'refused', how: 'node' });
  expect(asked.filter(({ command }) => command[0] === 'nc')).toHaveLength(2);
});

test('the test image that has only its own netcat still works', async () => {
  const { exec, calls } = scriptedExec(({ command }) =>
    command[0] === 'netcat' ? { code: 2, stdout: 'timeout\n' } : undefined,
  );
  expect(await createConnectProbe({ exec }).connect(POD, to(5432, '10.244.0.3'), signal)).toMatchObject({
    outcome: 'timeout',
    how: 'netcat dial',
  });
  expect(calls.at(-1)?.command).toEqual(['netcat', 'dial', 'tcp', '10.244.0.3:5432', '3s']);
});

test('an inconclusive tool is followed by the next', async () => {
  const peer = await closedPeer();
  const path = pathWith({
    sh: '/bin/sh',
    nc: 'echo "nc: invalid option -- z" >&2; exit 1',
    node: process.execPath,
  });
  const { exec } = localExec(path);
  expect(await createConnectProbe({ exec }).connect(POD, to(peer.port), signal)).toMatchObject({
    outcome: 'refused',
    how: 'node',
  });
});

test('a program that crashes or prints nonsense is inconclusive', async () => {
  const { exec } = localExec(
    pathWith({ sh: '/bin/sh', nc: 'kill -SEGV $$', wget: 'echo open; exit 139', netcat: 'echo opened' }),
  );
  expect(await createConnectProbe({ exec }).connect(POD, to(1), signal)).toMatchObject({
    outcome: 'unknown',
    how: 'inconclusive: nc -z, nc -e, wget, netcat dial',
  });
});

test('another container of the pod is tried if the first has no tools', async () => {
  const { exec } = scriptedExec(({ container, command }) =>
    container === 'second' && command[0] === 'nc' ? { code: 0 } : undefined,
  );
  const pod = probePod('web-1', '10.244.0.5', { containers: ['first', 'second'] });
  expect(await createConnectProbe({ exec }).connect(pod, to(1), signal)).toMatchObject({ outcome: 'open' });
});

test('a container where exec fails is skipped, and its error reported if all fail', async () => {
  const broken = new SluiceError(
    'failed',
    'Nothing can be run in pod payments/web-1: container not running.',
    'Repeat.',
  );
  const pod = probePod('web-1', '10.244.0.5', { containers: ['first', 'second'] });
  const one = scriptedExec(({ container, command }) =>
    container === 'first' ? broken : command[0] === 'nc' ? { code: 0 } : undefined,
  );
  expect(await createConnectProbe(one).connect(pod, to(1), signal)).toMatchObject({ outcome: 'open' });
  expect(one.calls.filter(({ container }) => container === 'first')).toHaveLength(1);
  const both = scriptedExec(() => broken);
  await expect(createConnectProbe(both).connect(pod, to(1), signal)).rejects.toBe(broken);
});

test('a pod without tools is unknown, with the reason', async () => {
  const { exec } = scriptedExec(() => undefined);
  expect(await createConnectProbe({ exec }).connect(POD, to(1), signal)).toMatchObject({
    outcome: 'unknown',
    how: 'no suitable tool in the pod',
  });
});

test('a user without permission to exec gets that error after one try', async () => {
  const forbidden = new SluiceError(
    'forbidden',
    'alice may not create pods/exec in payments.',
    'Ask for it.',
  );
  const { exec, calls } = scriptedExec(() => forbidden);
  await expect(createConnectProbe({ exec }).connect(POD, to(1), signal)).rejects.toBe(forbidden);
  expect(calls).toHaveLength(1);
});

test('at most four probes run at once, and an aborted one stops', async () => {
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const { exec, count, calls } = scriptedExec(async () => {
    await gate;
    return { stdout: 'sluice-try 2 0\n' };
  });
  const probe = createConnectProbe({ exec });
  const abort = new AbortController();
  const all = Array.from({ length: 10 }, () =>
    probe.connect(POD, to(1), abort.signal).catch((error: Error) => error.name),
  );
  await eventually(() => expect(count.running).toBe(4));
  expect(calls).toHaveLength(4);
  abort.abort();
  open();
  expect(new Set(await Promise.all(all))).toEqual(new Set(['AbortError']));
  expect(count.most).toBe(4);
});

test('hosts that are neither an IP address nor a name never reach a pod', async () => {
  const { exec, calls } = scriptedExec(() => ({}));
  const probe = createConnectProbe({ exec });
  const hosts = [
    '',
    '-h',
    '$(id)',
    'a b',
    "a'b",
    'a;b',
    '127.1',
    '0x7f000001',
    '2130706433',
    'a..b',
    '-a.b',
    'fe80::1%eth0',
    'a\nb',
    `${'a'.repeat(64)}.b`,
  ];
  for (const host of hosts) {
    await expect(probe.connect(POD, to(80, host), signal), host).rejects.toMatchObject({ code: 'usage' });
  }
  for (const port of [0, -1, 65_536, 1.5, Number.NaN]) {
    await expect(probe.connect(POD, to(port), signal)).rejects.toMatchObject({ code: 'usage' });
  }
  expect(calls).toEqual([]);
});

test('accepted hosts have only letters, digits, dots, dashes, underscores and colons', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.domain(), fc.ipV4(), fc.ipV6(), fc.string({ unit: 'binary' })),
      (host) => {
        try {
          expect(connectTarget(host, 80, 'TCP').host).toMatch(/^[\da-z_:][\da-z._:-]*$/i);
        } catch (error) {
          expect(error).toMatchObject({ code: 'usage' });
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

test('IPv6 addresses get brackets before a port', () => {
  const target = connectTarget('fd00::5', 80, 'TCP');
  expect(target).toMatchObject({ form: 'ipv6', address: '[fd00::5]:80' });
  const commands = [...TOOLS, ...INTERPRETERS].map((tool) => [tool.name, tool.command(target)] as const);
  expect(Object.fromEntries(commands).curl?.at(-1)).toBe('telnet://[fd00::5]:80');
  expect(Object.fromEntries(commands).perl).toBeUndefined();
});

test('the script is valid for a plain POSIX shell', async () => {
  const { exec } = localExec();
  const script = shellScript([...TOOLS, ...INTERPRETERS], connectTarget('db.payments', 5432, 'TCP'));
  const checked = await exec({ namespace: 'n', pod: 'p', container: 'c' }, ['sh', '-n', '-c', script], {
    signal,
    timeout: PATIENCE,
  });
  expect(checked).toMatchObject({ code: 0, stderr: '' });
});
