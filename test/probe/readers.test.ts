import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseSamples } from '../../src/probe/proc-net.ts';
import { READERS } from '../../src/probe/readers.ts';
import { eventually, PATIENCE } from '../helpers/eventually.ts';
import { localExec } from '../helpers/probe/local-exec.ts';
import { openPeer } from '../helpers/probe/peers.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-readers-'));
afterAll(() => rmSync(folder, { recursive: true }));
const { exec } = localExec();
const TARGET = { namespace: 'n', pod: 'p', container: 'c' };
const readerNamed = (name: string) => {
  const reader = READERS.find((each) => each.name === name);
  if (reader === undefined) throw new Error(name);
  return reader;
};

test.each(READERS)('$name, if it exists, reads the real tables of this machine', async (reader) => {
  const peer = await openPeer();
  const { code, stdout } = await exec(TARGET, reader.command(2), {
    signal: AbortSignal.timeout(PATIENCE),
    timeout: PATIENCE,
  });
  await peer.close();
  if (code === 127) return;
  const samples = parseSamples(stdout);
  expect(samples).toHaveLength(reader.many ? 2 : 1);
  for (const { uptime, rows } of samples) {
    expect(uptime).toBeGreaterThan(0);
    expect(rows.some(({ state, local }) => state === 'listen' && local.port === peer.port)).toBe(true);
  }
});

test('a loop leaves no process behind', async () => {
  const child = spawn('sh', ['-c', 'exec "$@" >/dev/null', 'sh', ...readerNamed('sh, cat').command(2)], {
    detached: true,
    stdio: 'ignore',
  });
  const group = child.pid ?? 0;
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(() => process.kill(-group, 0)).toThrow('ESRCH');
});

test.each(['sh, cat', 'sh alone'])(
  '%s is killed by its guard when its output is no longer read',
  async (name) => {
    // A table larger than a pipe holds, at the path of the real file.
    writeFileSync(join(folder, 'cat'), '#!/bin/sh\nexec head -c 3000000 /dev/zero | tr "\\000" x\n');
    chmodSync(join(folder, 'cat'), 0o755);
    writeFileSync(join(folder, 'table'), `${'x'.repeat(100)}\n`.repeat(30_000));
    const command = readerNamed(name)
      .command(4, 1)
      .map((word) => word.replaceAll('/proc/net/tcp6', join(folder, 'table')));
    const [program = '', ...rest] = command;
    const child = spawn(program, rest, {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
    });
    const group = child.pid ?? 0;
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    await eventually(() => expect(isEmpty(group)).toBe(true));
    child.stdout.destroy();
  },
);

/** Whether a process group is empty. */
function isEmpty(group: number): boolean {
  try {
    process.kill(-group, 0);
    return false;
  } catch {
    return true;
  }
}
