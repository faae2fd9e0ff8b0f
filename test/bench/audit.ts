/**
 * What checking the audit log costs: `node test/bench/audit.ts`. A log of 100,000 records, each with two objects, is
 * verified with hashes, tree, checkpoint and schema, three times; the best counts. Held against reading the same lines
 * with JSON.parse and SHA-256 alone, which nothing that looks at every record can do without: the ratio is the machine's
 * load and speed aside. Prints one JSON object.
 */
import { hash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newSigner } from '../../src/audit/note.ts';
import { verifyAuditLog } from '../../src/audit/verify.ts';
import { auditEntry } from '../helpers/audit/audit-entries.ts';
import { writeLog } from '../helpers/audit/write-log.ts';

const RECORDS = 100_000;
const BUDGET = { seconds: 2, ratio: 5 };

function* entries() {
  const writer = { user: 'alice', host: 'laptop', version: '1', pid: 4_711 };
  for (let number = 0; number < RECORDS; number += 1) {
    const name = `sluice-${number.toString(36)}-in`;
    const ids = { uid: crypto.randomUUID(), auditId: crypto.randomUUID() };
    const objects = ['Job', 'NetworkPolicy'].map((kind) => ({ kind, namespace: 'shop', name, ...ids }));
    const grant = { id: `g${number >> 1}`, source: 'shop/web', destination: 'shop/db', ports: '5432/tcp' };
    yield { ...auditEntry({ type: number % 2 === 0 ? 'intent' : 'granted', grant, objects }), writer };
  }
}

/** CPU used so far, ms. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

async function best(work: () => Promise<unknown>): Promise<number> {
  const costs: number[] = [];
  for (let run = 0; run < 3; run += 1) {
    const began = cpu();
    await work();
    costs.push(cpu() - began);
  }
  return Math.min(...costs);
}

const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
try {
  await writeLog(folder, entries(), newSigner('sluice.dev/audit/bench'));
  const text = await readFile(join(folder, '20261121.jsonl'), 'utf8');
  const bare = await best(async () => {
    for (const line of text.trimEnd().split('\n')) {
      JSON.parse(line);
      hash('sha256', line, 'hex');
    }
  });
  const check = await best(async () => {
    const { ok, records } = await verifyAuditLog(folder);
    if (!ok || records !== RECORDS) throw new Error(`${records} records, ${ok ? 'intact' : 'not intact'}`);
  });
  const ratio = Math.round((check / bare) * 10) / 10;
  console.log(
    JSON.stringify({
      bench: 'audit',
      records: RECORDS,
      bareMs: Math.round(bare),
      checkMs: Math.round(check),
      ratio,
    }),
  );
  if (ratio > BUDGET.ratio && check > BUDGET.seconds * 1_000) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}
