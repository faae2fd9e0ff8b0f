import { appendFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openAuditLog } from '../../src/audit/log.ts';
import { readAuditLog } from '../../src/audit/read.ts';
import { auditRoot, listAuditLogs } from '../../src/audit/root.ts';
import { auditEntry, inFolder, NOON } from '../helpers/audit/audit-entries.ts';

test('records can be filtered by time, grant and type', () =>
  inFolder(async (folder) => {
    const log = await openAuditLog({ directory: folder, cluster: 'c', version: '1' });
    const grant = { id: 'g2', source: 'web', destination: 'db', ports: '5432/tcp' };
    await log.append(auditEntry({ outcome: 'one' }));
    await log.append(auditEntry({ outcome: 'two', time: NOON + 1_000, grant }));
    await log.append(auditEntry({ outcome: 'three', time: NOON + 2_000, type: 'granted', grant }));
    const outcomes = async (filter: Parameters<typeof readAuditLog>[1]) =>
      (await Array.fromAsync(readAuditLog(log.path, filter))).map(({ outcome }) => outcome);
    expect(await outcomes({})).toEqual(['one', 'two', 'three']);
    expect(await outcomes({ since: NOON + 1_000 })).toEqual(['two', 'three']);
    expect(await outcomes({ grant: 'g2' })).toEqual(['two', 'three']);
    expect(await outcomes({ type: 'intent' })).toEqual(['one', 'two']);
    expect(await outcomes({ grant: 'g2', type: 'granted' })).toEqual(['three']);
  }));

test('records are sanitized', () =>
  inFolder(async (folder) => {
    const log = await openAuditLog({ directory: folder, cluster: 'c', version: '1' });
    await log.append(auditEntry({ reason: 'a\u001b]52;c;x\u0007\u202eb' }));
    expect((await Array.fromAsync(readAuditLog(log.path)))[0]?.reason).toBe('a␛]52;c;x\\u{7}\\u{202e}b');
  }));

test('lines that are not records are reported and skipped', () =>
  inFolder(async (folder) => {
    const log = await openAuditLog({ directory: folder, cluster: 'c', version: '1' });
    await log.append(auditEntry());
    await appendFile(join(log.path, '20261121.jsonl'), '{"not": "a record"}\n\n');
    const told: string[] = [];
    const onUnreadable = (file: string, line: number) => told.push(`${file}:${line}`);
    expect(await Array.fromAsync(readAuditLog(log.path, { onUnreadable }))).toHaveLength(1);
    expect(told).toEqual(['20261121.jsonl:2', '20261121.jsonl:3']);
  }));

test('a log that does not exist has no records', () =>
  inFolder(async (folder) => {
    expect(await Array.fromAsync(readAuditLog(join(folder, 'none')))).toEqual([]);
  }));

test('logs are kept in the state directory of the user, only if it is absolute', () => {
  expect(auditRoot({ XDG_STATE_HOME: '/state' })).toBe('/state/sluice/audit');
  for (const env of [{}, { XDG_STATE_HOME: '' }, { XDG_STATE_HOME: 'relative' }]) {
    expect(auditRoot(env)).toBe(join(homedir(), '.local/state/sluice/audit'));
  }
});

test('the logs of a root are listed by cluster', () =>
  inFolder(async (folder) => {
    for (const cluster of ['b', 'a']) await openAuditLog({ directory: folder, cluster, version: '1' });
    await appendFile(join(folder, 'file'), '');
    expect(await listAuditLogs(folder)).toEqual([
      { cluster: 'a', path: join(folder, 'a') },
      { cluster: 'b', path: join(folder, 'b') },
    ]);
    expect(await listAuditLogs(join(folder, 'none'))).toEqual([]);
  }));
