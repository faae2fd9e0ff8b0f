import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { openAuditLog } from '../../src/audit/log.ts';
import { readAuditLog } from '../../src/audit/read.ts';
import { verifyAuditLog } from '../../src/audit/verify.ts';
import type { AuditLog, AuditRecord } from '../../src/core/ports/ports.ts';
import { auditEntry, inFolder, NOON } from '../helpers/audit/audit-entries.ts';

const DAY = 86_400_000;
const open = (directory: string) => openAuditLog({ directory, cluster: 'c', version: '1.2.3' });

async function recordsOf({ path }: AuditLog): Promise<AuditRecord[]> {
  return Array.fromAsync(readAuditLog(path));
}

test('records are numbered from 1, each with the hash of the previous one', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    const first = await log.append(auditEntry());
    const second = await log.append(auditEntry({ type: 'granted' }));
    expect(first).toMatchObject({
      v: 1,
      seq: 1,
      prev: '0'.repeat(64),
      writer: { version: '1.2.3', pid: process.pid },
    });
    expect(second).toMatchObject({ seq: 2, prev: first.hash, type: 'granted' });
    expect(await recordsOf(log)).toEqual([first, second]);
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: true, records: 2, files: 1, unfinished: [] });
  }));

test('only the owner can access the directory and its files', () =>
  inFolder(async (folder) => {
    await mkdir(join(folder, 'c'), { mode: 0o777 });
    const log = await open(folder);
    await log.append(auditEntry());
    expect((await stat(log.path)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(log.path)) {
      expect([name, (await stat(join(log.path, name))).mode & 0o777]).toEqual([name, 0o600]);
    }
  }));

test('only the log and its head are left behind', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    await log.append(auditEntry());
    expect((await readdir(log.path)).sort()).toEqual(['20261121.jsonl', 'head']);
  }));

test('a new day starts a new file and continues the chain', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    const last = await log.append(auditEntry());
    const next = await log.append(auditEntry({ time: NOON + DAY }));
    expect(next).toMatchObject({ seq: 2, prev: last.hash });
    expect(await readdir(log.path)).toContain('20261122.jsonl');
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: true, files: 2 });
  }));

test('a clock that goes back does not reopen an older file', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    await log.append(auditEntry({ time: NOON + DAY }));
    await log.append(auditEntry());
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: true, files: 1, records: 2 });
  }));

test('another log in the same directory continues the chain', () =>
  inFolder(async (folder) => {
    const first = await (await open(folder)).append(auditEntry());
    expect(await (await open(folder)).append(auditEntry())).toMatchObject({ seq: 2, prev: first.hash });
  }));

test('concurrent appends are written one after the other', () =>
  inFolder(async (folder) => {
    const logs = [await open(folder), await open(folder)];
    const written = await Promise.all(
      Array.from({ length: 20 }, (_, i) => logs[i % 2]?.append(auditEntry({ outcome: `${i}` }))),
    );
    expect(written.map((record) => record?.seq).sort((a = 0, b = 0) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    expect(await verifyAuditLog(join(folder, 'c'))).toMatchObject({ ok: true, records: 20 });
  }));

test('eight processes that append at once leave one intact chain and tree', () =>
  inFolder(async (folder) => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const writers = names.map((name) => startWriter(folder, name, 25));
    const codes = await Promise.all(writers.map(async (child) => (await once(child, 'exit'))[0]));
    expect(codes).toEqual(names.map(() => 0));
    const result = await verifyAuditLog(join(folder, 'c'));
    expect(result).toMatchObject({ ok: true, records: 200, signed: 200, recovered: 0 });
    const outcomes = (await Array.fromAsync(readAuditLog(join(folder, 'c')))).map(({ outcome }) => outcome);
    for (const name of names) {
      const own = outcomes.filter((outcome) => outcome.startsWith(`${name} `));
      expect(own.map((outcome) => outcome.split(' ')[1])).toEqual(
        Array.from({ length: 25 }, (_, i) => `${i + 1}`),
      );
    }
  }));

test('a process killed while appending loses no acknowledged record', () =>
  inFolder(async (folder) => {
    let told = 0;
    for (let round = 1; round <= 6; round += 1) {
      const child = startWriter(folder, `r${round}`, 1_000);
      const lines = createInterface({ input: child.stdout });
      let inThisRound = 0;
      for await (const _ of lines) {
        inThisRound += 1;
        if (inThisRound === 4 * round) child.kill('SIGKILL');
      }
      told += inThisRound;
    }
    const log = await open(folder);
    const { seq } = await log.append(auditEntry());
    expect(seq).toBeGreaterThan(told);
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: true, records: seq });
  }));

test('an incomplete line from a crash is moved aside, and that is recorded', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    await log.append(auditEntry());
    const file = join(log.path, '20261121.jsonl');
    await appendFile(file, '{"actor":{"extra":{},"gro');
    expect(await verifyAuditLog(log.path)).toMatchObject({
      ok: false,
      findings: expect.arrayContaining([expect.objectContaining({ line: 2 })]),
    });
    expect(await log.append(auditEntry({ type: 'granted' }))).toMatchObject({ seq: 3 });
    expect(await readFile(`${file}.torn-1`, 'utf8')).toBe('{"actor":{"extra":{},"gro');
    expect(await recordsOf(log)).toMatchObject([
      { type: 'intent' },
      {
        type: 'recovered',
        actor: { username: 'alice' },
        outcome: expect.stringContaining('20261121.jsonl.torn-1'),
      },
      { type: 'granted' },
    ]);
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: true, recovered: 1 });
  }));

test('a second incomplete line gets another name; a block of zeros counts as incomplete', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    await log.append(auditEntry());
    for (const _ of [1, 2]) {
      await appendFile(join(log.path, '20261121.jsonl'), Buffer.alloc(200_000));
      await log.append(auditEntry());
    }
    expect(await readdir(log.path)).toEqual(
      expect.arrayContaining(['20261121.jsonl.torn-1', '20261121.jsonl.torn-2']),
    );
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: true, recovered: 2, records: 5 });
  }));

test('a file whose only line is incomplete continues the previous file', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    const last = await log.append(auditEntry());
    await writeFile(join(log.path, '20261122.jsonl'), '{"ac', { mode: 0o600 });
    expect(await log.append(auditEntry({ time: NOON + DAY }))).toMatchObject({ seq: 3 });
    expect((await recordsOf(log))[1]).toMatchObject({ type: 'recovered', prev: last.hash });
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: true, files: 2 });
  }));

test('a writer killed between record and head is not a finding, and leaves a tree that goes on', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    await log.append(auditEntry());
    const before = await readFile(join(log.path, 'head'));
    await log.append(auditEntry());
    await writeFile(join(log.path, 'head'), before);
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: true, records: 2 });
    await log.append(auditEntry());
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: true, records: 3, signed: 3, recovered: 0 });
  }));

test('records truncated at the end stay missing, even after more are appended', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    await log.append(auditEntry());
    const { size } = await stat(join(log.path, '20261121.jsonl'));
    await log.append(auditEntry());
    await log.append(auditEntry());
    await truncate(join(log.path, '20261121.jsonl'), size);
    await log.append(auditEntry());
    expect(await recordsOf(log)).toMatchObject([
      { seq: 1 },
      { seq: 4, type: 'recovered', outcome: 'records 2 to 3 were missing at the end of the log' },
      { seq: 5 },
    ]);
    expect(await verifyAuditLog(log.path)).toMatchObject({
      ok: false,
      findings: expect.arrayContaining([
        expect.objectContaining({ line: 2, seq: 4, what: '2 records before it are missing' }),
      ]),
    });
  }));

test('a removed head is noticed, and its loss recorded', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    await log.append(auditEntry());
    await rm(join(log.path, 'head'));
    expect(await verifyAuditLog(log.path)).toMatchObject({
      ok: false,
      findings: expect.arrayContaining([expect.objectContaining({ file: 'head' })]),
    });
    await (await open(folder)).append(auditEntry());
    expect((await recordsOf(log))[1]).toMatchObject({
      type: 'recovered',
      outcome: 'the head was missing',
    });
  }));

test('the lock of a dead process is taken over', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    await symlink(
      JSON.stringify(await identityLike({ pid: child.pid ?? 0, started: '1' })),
      join(log.path, 'lock'),
    );
    expect(await log.append(auditEntry())).toMatchObject({ seq: 1 });
  }));

test('a lock whose PID now belongs to another process is taken over too', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    await symlink(
      JSON.stringify(await identityLike({ pid: process.pid, started: '1' })),
      join(log.path, 'lock'),
    );
    expect(await log.append(auditEntry())).toMatchObject({ seq: 1 });
  }));

test('the lock of a live process is never broken: the wait ends with its PID', () =>
  inFolder(async (folder) => {
    await open(folder);
    await symlink(JSON.stringify(await identityLike({ pid: process.pid })), join(folder, 'c', 'lock'));
    await expect(
      openAuditLog({ directory: folder, cluster: 'c', version: '1', patience: 100 }),
    ).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining(`process ${process.pid}`),
    });
  }));

test('a lock from another machine is never broken', () =>
  inFolder(async (folder) => {
    await open(folder);
    const far = { pid: 999_999_999, started: '1', place: 'elsewhere boot pid:[1]', nonce: 'n' };
    await symlink(JSON.stringify(far), join(folder, 'c', 'lock'));
    await expect(
      openAuditLog({ directory: folder, cluster: 'c', version: '1', patience: 50 }),
    ).rejects.toMatchObject({
      code: 'failed',
    });
  }));

test('a directory that cannot be created is an error before any change in the cluster', () =>
  inFolder(async (folder) => {
    await writeFile(join(folder, 'file'), '');
    await expect(
      openAuditLog({ directory: join(folder, 'file'), cluster: 'c', version: '1' }),
    ).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('part of the path is not a directory'),
      hint: expect.stringContaining('Grants require an audit record'),
    });
  }));

test('with a file size limit, opening fails and leaves nothing behind', () =>
  inFolder(async (folder) => {
    const script = `ulimit -f 8; exec "$0" ${WRITER} "$1" a 1`;
    const child = spawn('sh', ['-c', script, process.execPath, folder], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    await once(child, 'exit');
    expect(stderr).toContain('the file is too large');
    expect((await readdir(join(folder, 'c'))).sort()).toEqual(['head']);
  }));

test('an append that fails halfway leaves the log unchanged', () =>
  inFolder(async (folder) => {
    // 40 blocks of 512 bytes: room for the trial at the start, and for some twenty records.
    const script = `ulimit -f 40; exec "$0" ${WRITER} "$1" a 1000`;
    const child = spawn('sh', ['-c', script, process.execPath, folder], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let told = 0;
    for await (const _ of createInterface({ input: child.stdout })) told += 1;
    expect(told).toBeGreaterThan(5);
    expect(await verifyAuditLog(join(folder, 'c'))).toMatchObject({ ok: true, records: told });
  }));

test('a log file that is a symbolic link is not followed', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    await writeFile(join(folder, 'elsewhere'), '');
    await symlink(join(folder, 'elsewhere'), join(log.path, '20261121.jsonl'));
    await expect(log.append(auditEntry())).rejects.toMatchObject({ code: 'failed' });
    expect(await readFile(join(folder, 'elsewhere'), 'utf8')).toBe('');
  }));

test('an entry that JSON cannot represent is rejected before it is written', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    await expect(log.append(auditEntry({ reason: 'a\ud800' }))).rejects.toThrow();
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: true, records: 0 });
  }));

test('a cluster name that would escape the directory is rejected', async () => {
  for (const cluster of ['..', 'a/b', '', '.hidden']) {
    await expect(openAuditLog({ directory: '/tmp', cluster, version: '1' })).rejects.toMatchObject({
      code: 'bug',
    });
  }
});

const WRITER = join(import.meta.dirname, '../helpers/audit/audit-writer.ts');

function startWriter(folder: string, name: string, count: number) {
  return spawn(process.execPath, [WRITER, folder, name, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function identityLike(fields: { pid: number; started?: string }) {
  const { ownIdentity } = await import('../../src/process-identity.ts');
  return { ...(await ownIdentity()), ...fields };
}
