import { cp, mkdir, mkdtemp, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAuditLog } from '../../src/audit/log.ts';
import { GENESIS, parseRecord, sealed } from '../../src/audit/record.ts';
import { writeHead } from '../../src/audit/tail.ts';
import { verifyAuditLog } from '../../src/audit/verify.ts';
import type { AuditRecord } from '../../src/core/ports/ports.ts';
import { auditEntry, inFolder, NOON } from '../helpers/audit/audit-entries.ts';
import { headOf } from '../helpers/audit/write-log.ts';
import { runs } from '../helpers/runs.ts';

const DAY = 86_400_000;

describe('any tampering with a log of three days is found', () => {
  let root = '';
  const files = new Map<string, Buffer>();

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'sluice-audit-'));
    const log = await openAuditLog({ directory: root, cluster: 'whole', version: '1' });
    for (let number = 0; number < 9; number += 1) {
      const id = `g${number >> 1}`;
      const grant = { id, source: 'web', destination: 'db', ports: '5432/tcp' };
      const type = number % 2 === 0 ? 'intent' : 'granted';
      await log.append(
        auditEntry({ time: NOON + DAY * Math.floor(number / 3), type, grant, outcome: `${number}` }),
      );
    }
    for (const name of await readdir(log.path)) files.set(name, await readFile(join(log.path, name)));
  });
  afterAll(() => rm(root, { recursive: true }));

  const days = ['20261121.jsonl', '20261122.jsonl', '20261123.jsonl'];
  const bytesOf = (name: string) => files.get(name) ?? Buffer.alloc(0);
  const linesOf = (name: string) =>
    bytesOf(name)
      .toString('utf8')
      .split(/(?<=\n)/);

  /** Verifies a copy of the log with some files replaced, or removed if undefined. */
  async function verified(changes: Record<string, Buffer | string | undefined>) {
    const copy = join(root, 'copy');
    await rm(copy, { recursive: true, force: true });
    await mkdir(copy);
    for (const [name, bytes] of files) {
      const put = name in changes ? changes[name] : bytes;
      if (put !== undefined) await writeFile(join(copy, name), put);
    }
    return verifyAuditLog(copy);
  }

  test('unchanged, it is intact', async () => {
    expect(await verified({})).toMatchObject({
      ok: true,
      records: 9,
      files: 3,
      signed: 9,
      unfinished: [{ grant: 'g4', what: 'intent', seq: 9 }],
      text: '9 records in 3 files, hash chain and signatures intact. 1 intent without an outcome: g4.',
    });
  });

  test('any byte changed', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...days, 'head'),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (name, at, by) => {
          const bytes = Buffer.from(bytesOf(name));
          const index = at % bytes.length;
          bytes[index] = (bytes[index] ?? 0) ^ by;
          expect(await verified({ [name]: bytes })).toMatchObject({ ok: false });
        },
      ),
      runs(50, 150),
    ));

  test('any byte removed or inserted', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...days, 'head'),
        fc.nat(),
        fc.nat({ max: 255 }),
        fc.boolean(),
        async (name, at, byte, out) => {
          const bytes = bytesOf(name);
          const index = at % bytes.length;
          const put = Buffer.concat([
            bytes.subarray(0, index),
            out ? Buffer.alloc(0) : Buffer.of(byte),
            bytes.subarray(out ? index + 1 : index),
          ]);
          expect(await verified({ [name]: put })).toMatchObject({ ok: false });
        },
      ),
      runs(35, 100),
    ));

  test('any line removed or duplicated', async () => {
    for (const name of days) {
      const lines = linesOf(name);
      for (let index = 0; index < lines.length; index += 1) {
        const without = lines.toSpliced(index, 1).join('');
        expect(await verified({ [name]: without }), `${name} without line ${index}`).toMatchObject({
          ok: false,
        });
        const twice = lines.toSpliced(index, 0, lines[index] ?? '').join('');
        expect(await verified({ [name]: twice }), `${name} with line ${index} twice`).toMatchObject({
          ok: false,
        });
      }
    }
  });

  test('any two lines swapped, even across days', async () => {
    const all = days.flatMap((name) => linesOf(name).map((line, index) => ({ name, index, line })));
    for (const a of all) {
      for (const b of all.slice(all.indexOf(a) + 1)) {
        const changes: Record<string, string> = {};
        for (const name of days) {
          changes[name] = linesOf(name)
            .map((line, index) =>
              name === a.name && index === a.index
                ? b.line
                : name === b.name && index === b.index
                  ? a.line
                  : line,
            )
            .join('');
        }
        expect(await verified(changes)).toMatchObject({ ok: false });
      }
    }
  });

  test('the end truncated anywhere', () =>
    fc.assert(
      fc.asyncProperty(fc.constantFrom(...days), fc.nat(), async (name, at) => {
        const bytes = bytesOf(name);
        expect(await verified({ [name]: bytes.subarray(0, at % bytes.length) })).toMatchObject({ ok: false });
      }),
      runs(20, 60),
    ));

  test('any day missing, and the head missing', async () => {
    for (const name of [...days, 'head'])
      expect(await verified({ [name]: undefined })).toMatchObject({ ok: false });
  });

  test('a record rewritten with its own valid hash', async () => {
    const { parseRecord, sealed } = await import('../../src/audit/record.ts');
    const lines = linesOf(days[1] ?? '');
    const record = parseRecord((lines[1] ?? '').trimEnd());
    if (record === undefined) throw new Error('no record');
    const forged = lines.with(1, sealed({ ...record, reason: 'nothing to see' }).line).join('');
    expect(await verified({ [days[1] ?? '']: forged })).toMatchObject({
      ok: false,
      findings: expect.arrayContaining([
        expect.objectContaining({
          file: days[1],
          line: 3,
          seq: 6,
          what: 'it does not follow the previous record',
        }),
      ]),
    });
  });

  test('valid records added past the head', async () => {
    const copy = join(root, 'forged');
    await cp(join(root, 'whole'), copy, { recursive: true });
    const log = await openAuditLog({ directory: root, cluster: 'forged', version: '1' });
    const head = await readFile(join(copy, 'head'));
    await log.append(auditEntry({ time: NOON + 2 * DAY }));
    await log.append(auditEntry({ time: NOON + 2 * DAY }));
    await writeFile(join(copy, 'head'), head);
    expect(await verifyAuditLog(copy)).toMatchObject({ ok: false });
  });
});

test('a log with all hashes recomputed no longer matches its signed checkpoint', () =>
  inFolder(async (folder) => {
    const log = await openAuditLog({ directory: folder, cluster: 'c', version: '1' });
    for (const outcome of ['one', 'two', 'three']) await log.append(auditEntry({ outcome }));
    const file = join(log.path, '20261121.jsonl');
    const forge = async (change: (record: AuditRecord) => Partial<AuditRecord>) => {
      let prev = GENESIS;
      const lines = (await readFile(file, 'utf8'))
        .trim()
        .split('\n')
        .map((line) => {
          const { hash: _, ...record } = parseRecord(line) ?? expect.fail(line);
          const forged = sealed({ ...record, prev, ...change({ ...record, hash: '' }) });
          prev = forged.record.hash;
          return forged.line;
        });
      await writeFile(file, lines.join(''));
      return prev;
    };
    const hash = await forge(({ outcome }) => ({ outcome: `${outcome} forged` }));
    const head = await headOf(log.path);
    await writeHead(log.path, { ...head, hash });
    expect(await verifyAuditLog(log.path)).toMatchObject({
      ok: false,
      findings: [{ kind: 'rewritten', file: 'head', seq: 1 }],
    });
    await writeHead(log.path, { seq: 3, hash, file: head.file });
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: false, findings: [{ kind: 'checkpoint' }] });

    const plain = await forge(() => ({ key: undefined }));
    await writeHead(log.path, { seq: 3, hash: plain, file: head.file });
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: false, findings: [{ kind: 'key' }] });
    await unlink(join(folder, 'c.key'));
    expect((await verifyAuditLog(log.path)).text).toMatch(
      /^3 records in 1 file, hash chain intact, not signed\. 1 intent/,
    );
  }));

test('the first problem is reported with file, line and record', () =>
  inFolder(async (folder) => {
    const log = await openAuditLog({ directory: folder, cluster: 'c', version: '1' });
    for (const outcome of ['one', 'two', 'three']) await log.append(auditEntry({ outcome }));
    const file = join(log.path, '20261121.jsonl');
    await writeFile(file, (await readFile(file, 'utf8')).replace('"two"', '"TWO"'));
    const result = await verifyAuditLog(log.path);
    expect(result.findings[0]).toEqual({
      kind: 'edited',
      next: 'Compare the log with a copy of it.',
      file: '20261121.jsonl',
      line: 2,
      seq: 2,
      what: 'it was modified after it was written',
    });
    expect(result.text).toMatch(
      /^Not intact: 20261121\.jsonl line 2, record 2: it was modified after it was written\./,
    );
  }));

test('an intent is completed by an outcome of its own grant only', () =>
  inFolder(async (folder) => {
    const log = await openAuditLog({ directory: folder, cluster: 'c', version: '1' });
    const grant = (id: string) => ({ id, source: 'web', destination: 'db', ports: '5432/tcp' });
    await log.append(auditEntry({ grant: grant('a') }));
    await log.append(auditEntry({ grant: grant('b') }));
    await log.append(auditEntry({ type: 'failed', grant: grant('b') }));
    await log.append(auditEntry({ type: 'drift', grant: grant('a') }));
    expect(await verifyAuditLog(log.path)).toMatchObject({
      ok: true,
      unfinished: [{ grant: 'a', seq: 1, time: NOON }],
    });
  }));

test('an empty log is intact; a missing or emptied one is not', () =>
  inFolder(async (folder) => {
    const log = await openAuditLog({ directory: folder, cluster: 'c', version: '1' });
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: true, records: 0 });
    for (const name of await readdir(log.path)) await rm(join(log.path, name));
    for (const path of [log.path, join(folder, 'none')]) {
      const { ok, text } = await verifyAuditLog(path);
      expect({ ok, text }).toEqual({ ok: false, text: expect.stringContaining('it was emptied') });
    }
  }));

test('a log can be verified while it is being written', () =>
  inFolder(async (folder) => {
    const log = await openAuditLog({ directory: folder, cluster: 'c', version: '1' });
    let writing = true;
    const writer = (async () => {
      for (let number = 0; number < 60; number += 1) await log.append(auditEntry({ type: 'granted' }));
      writing = false;
    })();
    while (writing) expect(await verifyAuditLog(log.path)).toMatchObject({ ok: true });
    await writer;
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: true, records: 60 });
  }));

test('escape sequences in a log or its head never reach the text', () =>
  inFolder(async (folder) => {
    const log = await openAuditLog({ directory: folder, cluster: 'c', version: '1' });
    await log.append(
      auditEntry({ grant: { id: 'g\u001b]0;x', source: 'a', destination: 'b', ports: '1/tcp' } }),
    );
    const file = join(log.path, '20261121.jsonl');
    const safe = /^[^\p{Cc}\p{Cf}]*$/u;
    expect(JSON.stringify(await verifyAuditLog(log.path))).toMatch(safe);
    await unlink(file);
    await writeFile(join(log.path, 'head'), `{"file":"\\u001b[2J","hash":"${'0'.repeat(64)}","seq":7}\n`);
    expect(await verifyAuditLog(log.path)).toMatchObject({ ok: false, text: expect.stringMatching(safe) });
  }));
