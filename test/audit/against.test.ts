import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkpointOf } from '../../src/audit/checkpoint.ts';
import { openAuditLog } from '../../src/audit/log.ts';
import { readKey } from '../../src/audit/log-key.ts';
import { newSigner, type Signer } from '../../src/audit/note.ts';
import { readAuditLog } from '../../src/audit/read.ts';
import type { Verification } from '../../src/audit/verification.ts';
import { verifyAuditLog } from '../../src/audit/verify.ts';
import type { AuditRecord } from '../../src/core/ports/ports.ts';
import { auditEntry, inFolder } from '../helpers/audit/audit-entries.ts';
import { treeOver, writeLog } from '../helpers/audit/write-log.ts';

const RECORDS = 14;
const FILE = '20261121.jsonl';

/** A log of grants, the key that signed it, and the checkpoint that someone took elsewhere. */
type Taken = {
  readonly path: string;
  readonly records: readonly AuditRecord[];
  readonly key: Signer;
  readonly checkpoint: string;
};

async function takeLog(folder: string): Promise<Taken> {
  const log = await openAuditLog({ directory: folder, cluster: 'c', version: '1' });
  for (let number = 0; number < RECORDS; number += 1) {
    const grant = { id: `g${number >> 1}`, source: 'web', destination: 'db', ports: '5432/tcp' };
    const type = number % 2 === 0 ? 'intent' : 'granted';
    const objects = [{ kind: 'Job', namespace: 'shop', name: `sluice-${number}`, uid: `u${number}` }];
    await log.append(auditEntry({ type, grant, objects, ticket: 'INC-1', outcome: `${number}` }));
  }
  const key = (await readKey(log.path)) ?? expect.fail();
  const records = await Array.fromAsync(readAuditLog(log.path));
  return { path: log.path, records, key, checkpoint: log.checkpoint() ?? expect.fail() };
}

/** Writes a log anew as whoever has its key could. */
const writeAnew = (path: string, records: readonly AuditRecord[], key: Signer) =>
  writeLog(
    path,
    records.map(({ hash: _, ...record }) => record),
    key,
  );

type Change = (records: readonly AuditRecord[], at: number) => readonly AuditRecord[];

/** Changes one field of one record. */
function edit(change: (record: AuditRecord) => Partial<AuditRecord>): Change {
  return (records, at) =>
    records.map((record, index) => (index === at ? { ...record, ...change(record) } : record));
}

const at = (records: readonly AuditRecord[], index: number) => records[index] ?? expect.fail();

const CHANGES: Readonly<Record<string, Change>> = {
  'another user': edit(({ actor }) => ({ actor: { ...actor, username: 'mallory' } })),
  'another group': edit(({ actor }) => ({ actor: { ...actor, groups: ['dev'] } })),
  'another reason': edit(() => ({ reason: 'routine' })),
  'no reason': edit(() => ({ reason: undefined })),
  'another ticket': edit(() => ({ ticket: 'INC-2' })),
  'another outcome': edit(() => ({ outcome: 'nothing happened' })),
  'an earlier time': edit(({ time }) => ({ time: time - 1 })),
  'another type': edit(() => ({ type: 'refused' })),
  'another port': edit(({ grant }) => (grant === undefined ? {} : { grant: { ...grant, ports: '22/tcp' } })),
  'another destination': edit(({ grant }) =>
    grant === undefined ? {} : { grant: { ...grant, destination: 'cache' } },
  ),
  'another object': edit(() => ({ objects: [] })),
  'another host': edit(({ writer }) => ({ writer: { ...writer, host: 'elsewhere' } })),
  'another cluster': edit(({ cluster }) => ({ cluster: { ...cluster, context: 'kind-test' } })),
  'a record removed': (records, index) => records.toSpliced(index, 1),
  'a record twice': (records, index) =>
    records.toSpliced(index, 0, at(records, (index + 1) % records.length)),
  'a record put in': (records, index) =>
    records.toSpliced(index, 0, { ...at(records, index), outcome: 'forged' }),
  'two records swapped': (records, index) => {
    const other = (index + 1) % records.length;
    return records.with(index, at(records, other)).with(other, at(records, index));
  },
  'the end cut off': (records, index) => records.slice(0, Math.max(1, index)),
  'the end written anew': (records, index) =>
    records.map((record, number) => (number < index ? record : { ...record, outcome: 'forged' })),
  'the beginning cut off': (records, index) => records.slice(Math.min(index + 1, records.length - 1)),
};

/** Verifies against what was kept elsewhere, and tells the findings about it. */
async function against(path: string, text: string): Promise<Verification> {
  return verifyAuditLog(path, { against: [{ from: 'elsewhere', text }] });
}

describe('whoever has the key can write a log anew that looks whole, but not one that matches an old checkpoint', () => {
  test.each(Object.keys(CHANGES))('%s, anywhere', (name) =>
    inFolder(async (folder) => {
      const { path, records, key, checkpoint } = await takeLog(folder);
      expect(await against(path, checkpoint)).toMatchObject({ ok: true, matched: 1 });
      for (let index = 0; index < RECORDS; index += 1) {
        await writeAnew(path, CHANGES[name]?.(records, index) ?? expect.fail(), key);
        expect((await verifyAuditLog(path)).findings, `record ${index + 1}, the folder alone`).toEqual([]);
        const { findings, matched } = await against(path, checkpoint);
        expect(findings, `record ${index + 1}`).toMatchObject([
          { file: 'elsewhere', kind: expect.stringMatching(/^(rewritten|rolled-back)$/) },
        ]);
        expect(matched).toBe(0);
      }
    }),
  );

  test('these are more than 200 changes', () => {
    expect(Object.keys(CHANGES).length * RECORDS).toBeGreaterThanOrEqual(200);
  });
});

test('a finding names the records between the last checkpoint that matches and the first that does not', () =>
  inFolder(async (folder) => {
    const { path, records, key, checkpoint } = await takeLog(folder);
    const lines = (await readFile(join(path, FILE), 'utf8')).trimEnd().split('\n');
    const tree = treeOver(lines.slice(0, 5));
    await writeAnew(path, CHANGES['another user']?.(records, 8) ?? [], key);
    const kept = [
      { from: 'later', text: checkpoint },
      { from: 'earlier', text: checkpointOf(tree, key) },
    ];
    const { findings, matched, text } = await verifyAuditLog(path, { against: kept });
    expect(matched).toBe(1);
    expect(findings).toMatchObject([
      {
        file: 'later',
        seq: 6,
        what: 'of records 6 to 14, some are not as signed: rewritten, or the log was forked',
      },
    ]);
    expect(text).toContain('1 of 2 kept elsewhere matches.');
  }));

test('a log that was put back to an earlier state lacks what was signed since', () =>
  inFolder(async (folder) => {
    const log = await openAuditLog({ directory: folder, cluster: 'c', version: '1' });
    await log.append(auditEntry());
    await cp(log.path, join(folder, 'old'), { recursive: true });
    await log.append(auditEntry());
    await log.append(auditEntry());
    const [found] = (await against(join(folder, 'old'), log.checkpoint() ?? '')).findings;
    expect(found).toMatchObject({
      kind: 'rolled-back',
      what: '3 records had been signed for, but the log has 1',
      next: expect.stringContaining('backup'),
    });
  }));

test('a log that goes on from a copy is a fork', () =>
  inFolder(async (folder) => {
    const log = await openAuditLog({ directory: folder, cluster: 'c', version: '1' });
    await log.append(auditEntry());
    await cp(log.path, join(folder, 'd'), { recursive: true });
    await cp(join(folder, 'c.key'), join(folder, 'd.key'));
    const fork = await openAuditLog({ directory: folder, cluster: 'd', version: '1' });
    await fork.append(auditEntry({ outcome: 'in the copy' }));
    await log.append(auditEntry({ outcome: 'in the log' }));
    expect(await verifyAuditLog(fork.path)).toMatchObject({ ok: true });
    expect(await against(log.path, fork.checkpoint() ?? '')).toMatchObject({
      findings: [{ kind: 'rewritten', what: expect.stringContaining('or the log was forked') }],
    });
  }));

test('a log written anew with another key lacks the key that was kept elsewhere', () =>
  inFolder(async (folder) => {
    const { path, records, key, checkpoint } = await takeLog(folder);
    const swapped = newSigner(key.verifier.name);
    await writeAnew(path, records, swapped);
    expect(await verifyAuditLog(path)).toMatchObject({
      ok: false,
      findings: [{ kind: 'key', file: 'c.key' }],
    });
    await rm(join(folder, 'c.key'));
    expect(await verifyAuditLog(path)).toMatchObject({ ok: true });
    expect(await against(path, checkpoint)).toMatchObject({
      findings: [{ kind: 'key', what: expect.stringContaining('but is not a key of the log') }],
    });
    expect(await against(path, key.verifier.text)).toMatchObject({
      findings: [{ kind: 'key', what: `the log was never signed with key ${key.verifier.id}` }],
    });
    await writeAnew(path, records, newSigner('sluice.dev/audit/c/other'));
    expect(await against(path, checkpoint)).toMatchObject({
      findings: [{ kind: 'foreign', what: expect.stringContaining('another, or made anew') }],
    });
  }));

test('a checkpoint whose signature is not valid proves nothing', () =>
  inFolder(async (folder) => {
    const { path, checkpoint } = await takeLog(folder);
    const forged = checkpoint.replace('\n14\n', '\n13\n');
    expect(await against(path, forged)).toMatchObject({
      ok: false,
      matched: 0,
      findings: [
        {
          kind: 'key',
          what: expect.stringMatching(/^the signature of key [0-9a-f]{8} for 13 records is not valid$/),
        },
      ],
    });
  }));

test('a key that was replaced can sign for nothing after that', () =>
  inFolder(async (folder) => {
    const log = await openAuditLog({ directory: folder, cluster: 'c', version: '1' });
    await log.append(auditEntry());
    const stolen = (await readKey(log.path)) ?? expect.fail();
    await log.rotate(auditEntry({ type: 'key' }));
    const tree = treeOver((await readFile(join(log.path, FILE), 'utf8')).trimEnd().split('\n'));
    expect(await against(log.path, checkpointOf(tree, stolen))).toMatchObject({
      findings: [{ kind: 'key', what: expect.stringContaining('but was not in force then') }],
    });
  }));

test('what is neither a checkpoint nor a key is told', () =>
  inFolder(async (folder) => {
    const { path } = await takeLog(folder);
    expect(await against(path, 'hello\n')).toMatchObject({ ok: false, findings: [{ kind: 'foreign' }] });
  }));
