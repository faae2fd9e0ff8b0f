import { readdir, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkpointOf, readCheckpoint } from '../../src/audit/checkpoint.ts';
import { openAuditLog } from '../../src/audit/log.ts';
import { readKey } from '../../src/audit/log-key.ts';
import { emptyTree, leafHash } from '../../src/audit/merkle.ts';
import { isSignedBy, newSigner, readSecret, readVerifier, secretText } from '../../src/audit/note.ts';
import { readAuditLog } from '../../src/audit/read.ts';
import { EMPTY_HEAD, readHead, writeHead } from '../../src/audit/tail.ts';
import { verifyAuditLog } from '../../src/audit/verify.ts';
import { auditEntry, inFolder, NOON } from '../helpers/audit/audit-entries.ts';
import { headOf, treeOver, writeLog } from '../helpers/audit/write-log.ts';

const DAY = 86_400_000;
const open = (directory: string) => openAuditLog({ directory, cluster: 'c', version: '1' });

async function linesOf(directory: string): Promise<readonly string[]> {
  const days = (await readdir(directory)).filter((name) => name.endsWith('.jsonl')).sort();
  const texts = await Promise.all(days.map((day) => readFile(join(directory, day), 'utf8')));
  return texts.join('').trimEnd().split('\n');
}

const keyOf = async (folder: string) => (await readKey(join(folder, 'c'))) ?? expect.fail('no key');

/** The log of a version without trees: records, and a head without a checkpoint. */
async function plainLog(folder: string, count: number): Promise<void> {
  const { path } = await open(folder);
  const writer = { user: 'u', host: 'h', version: '0', pid: 1 };
  const entries = Array.from({ length: count }, (_, at) => ({
    ...auditEntry({ outcome: `${at + 1}` }),
    writer,
  }));
  await writeLog(path, entries);
}

test('the first record makes a key beside the folder that only the owner can read, and names it', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    expect(await readdir(folder)).toEqual(['c']);
    const first = await log.append(auditEntry());
    const second = await log.append(auditEntry());
    const { verifier } = await keyOf(folder);
    expect((await stat(join(folder, 'c.key'))).mode & 0o777).toBe(0o600);
    expect(first.key).toEqual({ verifier: verifier.text });
    expect(second.key).toBeUndefined();
    expect(verifier.name).toMatch(/^sluice\.dev\/audit\/c\/[0-9a-f]{8}$/);
    expect(await readdir(log.path)).not.toContain('c.key');
  }));

test('after each record, the checkpoint is signed and has the root over the lines of all records', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    expect(log.checkpoint()).toBeUndefined();
    const tree = emptyTree();
    for (let size = 1; size <= 9; size += 1) {
      await log.append(auditEntry({ time: NOON + DAY * (size % 3), outcome: `${size}` }));
      tree.add(leafHash((await linesOf(log.path)).at(-1) ?? ''));
      const checkpoint = readCheckpoint(log.checkpoint() ?? '') ?? expect.fail();
      expect(checkpoint).toMatchObject({ size, root: tree.root() });
      expect(isSignedBy(checkpoint.note, (await keyOf(folder)).verifier)).toBe(true);
      expect(await readHead(log.path)).toMatchObject({ checkpoint: log.checkpoint() });
    }
  }));

test('the last checkpoint of a day is kept when the next day begins', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    await log.append(auditEntry());
    await log.append(auditEntry());
    const kept = log.checkpoint();
    await log.append(auditEntry({ time: NOON + DAY }));
    expect(await readFile(join(log.path, '20261121.checkpoint'), 'utf8')).toBe(kept);
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: true, signed: 3 });
  }));

test('the first new record of a log without a tree signs for all records before it', () =>
  inFolder(async (folder) => {
    await plainLog(folder, 5);
    const path = join(folder, 'c');
    expect(await verifyAuditLog(path)).toMatchObject({
      ok: true,
      signed: 0,
      text: expect.stringContaining('hash chain intact, not signed'),
    });
    const log = await open(folder);
    expect(await log.append(auditEntry())).toMatchObject({ seq: 6, key: {} });
    expect(readCheckpoint(log.checkpoint() ?? '')).toMatchObject({ size: 6 });
    expect(await verifyAuditLog(path)).toMatchObject({ ok: true, signed: 6, recovered: 0 });
  }));

test('a writer killed at its first record leaves a key that the log knows', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    await log.append(auditEntry());
    await writeHead(log.path, EMPTY_HEAD);
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: true });
    expect((await log.append(auditEntry())).key).toBeUndefined();
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: true, signed: 2, recovered: 0 });
  }));

test('a new key is signed for by the one before it, which is then gone; both sign for their time', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    await log.append(auditEntry());
    const [old, checkpoint] = [await keyOf(folder), log.checkpoint() ?? ''];
    const record = await log.rotate(auditEntry({ type: 'key', outcome: 'rotated' }));
    await log.append(auditEntry());
    const now = await keyOf(folder);
    expect(now.verifier.name).toBe(old.verifier.name);
    expect(now.verifier.id).not.toBe(old.verifier.id);
    expect(record).toMatchObject({ type: 'key', key: { verifier: now.verifier.text } });
    expect(record.key?.endorsement).toContain(`key ${now.verifier.text}\nrecord 2\n`);
    expect(await readdir(folder)).toEqual(['c', 'c.key']);
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: true, signed: 3 });
    const against = [
      { from: 'a copy', text: checkpoint },
      { from: 'the old key', text: old.verifier.text },
      { from: 'the new key', text: `${now.verifier.text}\n` },
    ];
    expect(await verifyAuditLog(log.path, { against })).toMatchObject({ ok: true, matched: 3 });
  }));

test('a change of keys that was interrupted is finished by the next record', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    await log.append(auditEntry());
    const old = await readFile(join(folder, 'c.key'));
    await log.rotate(auditEntry({ type: 'key' }));
    await rename(join(folder, 'c.key'), join(folder, 'c.key.next'));
    await writeFile(join(folder, 'c.key'), old);
    const now = readSecret((await readFile(join(folder, 'c.key.next'), 'utf8')).trimEnd());
    expect((await log.append(auditEntry())).key).toBeUndefined();
    expect((await keyOf(folder)).verifier.id).toBe(now?.verifier.id);
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: true, signed: 3, recovered: 0 });
  }));

test('a change of keys that was interrupted before its record leaves the present key', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    await log.append(auditEntry());
    const { verifier } = await keyOf(folder);
    await writeFile(join(folder, 'c.key.next'), `${secretText(newSigner(verifier.name))}\n`);
    await log.append(auditEntry());
    await log.rotate(auditEntry({ type: 'key' }));
    await log.append(auditEntry());
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: true, signed: 4, recovered: 0 });
  }));

test.each([
  ['lost', (path: string) => unlink(path)],
  ['swapped', (path: string) => writeFile(path, `${secretText(newSigner('sluice.dev/audit/c/1'))}\n`)],
])('a key that was %s is recorded, and stays a finding', (_, spoil) =>
  inFolder(async (folder) => {
    const log = await open(folder);
    await log.append(auditEntry());
    await spoil(join(folder, 'c.key'));
    await log.append(auditEntry());
    await log.append(auditEntry());
    expect((await Array.fromAsync(readAuditLog(log.path)))[1]).toMatchObject({
      type: 'recovered',
      outcome: 'the key that signed until now was missing or replaced',
    });
    expect(await verifyAuditLog(log.path)).toMatchObject({
      ok: false,
      recovered: 1,
      findings: [{ kind: 'key', seq: 2, what: expect.stringContaining('took over without a signature') }],
    });
  }),
);

test('a key file that is not a key stops grants with a next step', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    await log.append(auditEntry());
    await writeFile(join(folder, 'c.key'), 'nonsense');
    await expect(log.append(auditEntry())).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('c.key is not a signing key'),
      hint: expect.stringContaining('delete it'),
    });
  }));

test('a writer that finds records changed keeps the checkpoint that shows it', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    for (const outcome of ['one', 'two', 'three']) await log.append(auditEntry({ outcome }));
    const kept = log.checkpoint();
    const head = await headOf(log.path);
    const file = join(log.path, '20261121.jsonl');
    await writeFile(file, (await readFile(file, 'utf8')).replace('"two"', '"TWO"'));
    await writeHead(log.path, { ...head, peaks: [] });
    await log.append(auditEntry());
    await log.append(auditEntry());
    const [aside = ''] = (await readdir(log.path)).filter((name) => /-1\.checkpoint$/.test(name));
    expect(await readFile(join(log.path, aside), 'utf8')).toBe(kept);
    expect((await Array.fromAsync(readAuditLog(log.path)))[3]?.outcome).toContain(`which is now in ${aside}`);
    const { findings } = await verifyAuditLog(log.path);
    expect(findings).toMatchObject([
      { kind: 'edited', seq: 2 },
      { kind: 'rewritten', file: aside },
    ]);
  }));

test('records after the checkpoint are not signed for in silence', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    await log.append(auditEntry());
    const old = await headOf(log.path);
    await log.append(auditEntry());
    const third = await log.append(auditEntry());
    await writeHead(log.path, { ...old, seq: 3, hash: third.hash });
    expect(await verifyAuditLog(log.path)).toMatchObject({
      ok: false,
      findings: [{ kind: 'rewritten', what: 'its checkpoint covers 1 record, not 3' }],
    });
    await log.append(auditEntry());
    expect((await Array.fromAsync(readAuditLog(log.path)))[3]).toMatchObject({
      type: 'recovered',
      outcome: 'records 2 to 3 were not signed for',
    });
  }));

test('a checkpoint signed with another key is put aside, and stays a finding', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    await log.append(auditEntry());
    const head = await headOf(log.path);
    const tree = treeOver(await linesOf(log.path));
    const { verifier } = await keyOf(folder);
    await writeHead(log.path, { ...head, checkpoint: checkpointOf(tree, newSigner(verifier.name)) });
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: false, findings: [{ kind: 'key' }] });
    await log.append(auditEntry());
    expect((await Array.fromAsync(readAuditLog(log.path)))[1]?.outcome).toContain(
      'did not match its checkpoint',
    );
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: false, findings: [{ kind: 'key' }] });
  }));

test('a log made to look like one without a tree leaves its key behind', () =>
  inFolder(async (folder) => {
    await (await open(folder)).append(auditEntry());
    await plainLog(folder, 5);
    const path = join(folder, 'c');
    expect(await verifyAuditLog(path)).toMatchObject({
      ok: false,
      findings: [{ kind: 'key', file: 'c.key', what: expect.stringContaining('which lies beside the log') }],
    });
    await (await open(folder)).append(auditEntry());
    expect((await Array.fromAsync(readAuditLog(path)))[5]).toMatchObject({
      type: 'recovered',
      outcome: 'there was a signing key, but no record named it',
    });
  }));

test('a removed checkpoint is a finding, and its loss is recorded', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    await log.append(auditEntry());
    const head = await headOf(log.path);
    const { checkpoint: _, peaks: __, ...plain } = head;
    await writeHead(log.path, plain);
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: false, findings: [{ kind: 'checkpoint' }] });
    await log.append(auditEntry());
    expect((await Array.fromAsync(readAuditLog(log.path)))[1]?.outcome).toContain('checkpoint was missing');
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: true, signed: 3 });
  }));

test('a removed head does not forget the tree', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    await log.append(auditEntry());
    await rm(join(log.path, 'head'));
    await log.append(auditEntry());
    expect(readCheckpoint(log.checkpoint() ?? '')).toMatchObject({ size: 3 });
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: true, signed: 3, recovered: 1 });
  }));

test('public keys are read from their own text', () =>
  inFolder(async (folder) => {
    const log = await open(folder);
    const { key } = await log.append(auditEntry());
    expect(readVerifier(key?.verifier ?? '')?.name).toMatch(/^sluice\.dev\/audit\/c\//);
  }));
