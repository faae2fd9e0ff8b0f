import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { plural, safeText } from '../core/common/common.ts';
import type { AuditRecord, AuditType } from '../core/ports/ports.ts';
import { auditTrouble, dayFiles } from './files.ts';
import { logLines, textOf } from './read.ts';
import { GENESIS, hashOf, parseRecord } from './record.ts';
import { EMPTY_HEAD, readHead } from './tail.ts';

/**
 * The state of a log. `ok`: the records form a hash chain up to the checkpoint, so no single one was edited, removed or
 * moved. The hashes have no key: recomputing all of them and the checkpoint goes undetected. `recovered`: how often a
 * writer found the log damaged and recorded it. `unfinished`: a warning, not a fault of the log. `text`: a summary in a
 * sentence or two.
 */
export type Verification = {
  readonly ok: boolean;
  readonly records: number;
  readonly files: number;
  readonly recovered: number;
  readonly firstBad?: Finding;
  readonly unfinished: readonly Unfinished[];
  readonly text: string;
};

/**
 * Streams through one cluster's log from its first record to its checkpoint and finds records and files that were edited,
 * removed, reordered, inserted or truncated. An empty directory is a finding too, because every log starts with a
 * checkpoint. Takes no lock, so it can run alongside writers (AUD-4).
 */
export async function verifyAuditLog(directory: string): Promise<Verification> {
  try {
    for (let attempt = 1; ; attempt += 1) {
      const { torn, ...result } = await check(directory);
      if (!torn || attempt === 5 || !(await isBeingWritten(directory))) return result;
      await wait(20);
    }
  } catch (error) {
    throw auditTrouble(directory, error);
  }
}

async function check(directory: string): Promise<Verification & { readonly torn: boolean }> {
  const head = await readHead(directory);
  const chain = new ChainCheck(typeof head === 'string' ? 0 : head.seq);
  const files = await dayFiles(directory);
  let torn = false;
  for (const file of files) {
    for await (const line of logLines(join(directory, file))) {
      const text = line.whole ? textOf(line) : undefined;
      const record = text === undefined ? undefined : parseRecord(text);
      if (record !== undefined) chain.take(record, file, line.number);
      else chain.bad(file, line.number, line.whole ? 'it is not a record' : UNFINISHED_LINE);
      torn = !line.whole && file === files.at(-1);
    }
  }
  if (typeof head !== 'string') await checkEnd(directory, head, chain);
  else if (head === 'broken') chain.bad('head', 0, 'the checkpoint was not written by sluice');
  else if (files.length > 0) chain.bad('head', 0, 'the checkpoint is missing, so records may be missing too');
  else {
    chain.bad('head', 0, 'there are no records and no checkpoint: it was emptied, or was never a log');
    torn = true;
  }
  return { ...verification(chain, files.length), torn };
}

const UNFINISHED_LINE = 'it is incomplete: truncated, or left by a crash, which the next record will repair';

/** Compares the end of the chain with the checkpoint, which a running writer may have advanced meanwhile. */
async function checkEnd(
  directory: string,
  head: { readonly seq: number; readonly hash: string; readonly file: string },
  chain: ChainCheck,
): Promise<void> {
  const found = chain.recordAt(head.seq);
  if (found === undefined) {
    chain.bad(
      head.file,
      0,
      `it ends with record ${chain.last.seq}, but record ${head.seq} had been written`,
      head.seq,
    );
  } else if (found.hash !== head.hash || found.file !== head.file) {
    chain.bad(head.file, 0, `record ${head.seq} was modified`, head.seq);
  }
  const now = await readHead(directory);
  if (typeof now !== 'string' && chain.last.seq > now.seq + 1) {
    chain.bad(now.file, 0, `records after ${now.seq + 1} were added past the checkpoint`, chain.last.seq);
  }
}

async function isBeingWritten(directory: string): Promise<boolean> {
  return lstat(join(directory, 'lock')).then(
    () => true,
    () => false,
  );
}

function verification(chain: ChainCheck, files: number): Verification {
  const { records, recovered, firstBad, unfinished } = chain;
  const facts = { ok: firstBad === undefined, records, files, recovered, unfinished };
  return {
    ...facts,
    ...(firstBad === undefined ? {} : { firstBad }),
    text: sentence({ ...facts, firstBad }),
  };
}

function sentence({
  records,
  files,
  recovered,
  firstBad,
  unfinished,
}: Omit<Verification, 'text' | 'ok' | 'firstBad'> & { readonly firstBad: Finding | undefined }): string {
  const sentences = [
    firstBad === undefined
      ? `${plural(records, 'record')} in ${plural(files, 'file')}, hash chain intact.`
      : `Not intact: ${place(firstBad)}: ${firstBad.what}.`,
  ];
  if (recovered > 0) sentences.push(`${plural(recovered, 'repair')} recorded.`);
  if (unfinished.length > 0) {
    const ids = unfinished.map(({ grant }) => grant).join(', ');
    sentences.push(`${plural(unfinished.length, 'intent')} without an outcome: ${ids}.`);
  }
  return sentences.join(' ');
}

function place({ file, line, seq }: Finding): string {
  const record = seq === undefined ? '' : `, record ${seq}`;
  return line === 0 ? file : `${file} line ${line}${record}`;
}

/** A problem and its location; `line` counts from 1, 0 means the whole file. */
type Finding = {
  readonly file: string;
  readonly line: number;
  readonly seq?: number;
  readonly what: string;
};

/** An intent without a recorded outcome. */
type Unfinished = { readonly grant: string; readonly seq: number; readonly time: number };

/** Record types that complete an intent. */
const ENDS: ReadonlySet<AuditType> = new Set([
  'granted',
  'refused',
  'failed',
  'revoked',
  'expired',
  'closed',
  'swept',
]);

/** Checks a chain record by record, keeping the first problem. */
class ChainCheck {
  records = 0;
  recovered = 0;
  firstBad: Finding | undefined;
  /** The last record so far. */
  last = { seq: 0, hash: GENESIS };
  readonly #open = new Map<string, Unfinished>();
  readonly #found = new Map<number, { readonly hash: string; readonly file: string }>();
  readonly #wanted: number;

  /** `wanted`: the number of the record that `recordAt` will be called with. */
  constructor(wanted: number) {
    this.#wanted = wanted;
  }

  bad(file: string, line: number, what: string, seq?: number): void {
    this.firstBad ??= { file: safeText(file), line, ...(seq === undefined ? {} : { seq }), what };
  }

  take(record: AuditRecord, file: string, line: number): void {
    const { seq, hash, prev } = record;
    this.records += 1;
    if (hashOf(record) !== hash) this.bad(file, line, 'it was modified after it was written', seq);
    else if (seq !== this.last.seq + 1) this.bad(file, line, outOfOrder(seq, this.last.seq), seq);
    else if (prev !== this.last.hash) this.bad(file, line, 'it does not follow the previous record', seq);
    this.last = { seq, hash };
    if (seq === this.#wanted) this.#found.set(seq, { hash, file });
    this.#note(record);
  }

  /** Hash and file of the wanted record; undefined if it was not found. */
  recordAt(seq: number): { readonly hash: string; readonly file: string } | undefined {
    return seq === 0 ? EMPTY_HEAD : this.#found.get(seq);
  }

  get unfinished(): readonly Unfinished[] {
    return [...this.#open.values()];
  }

  #note({ type, grant, seq, time }: AuditRecord): void {
    if (type === 'recovered') this.recovered += 1;
    if (grant === undefined) return;
    if (type === 'intent') this.#open.set(grant.id, { grant: safeText(grant.id), seq, time });
    else if (ENDS.has(type)) this.#open.delete(grant.id);
  }
}

function outOfOrder(seq: number, before: number): string {
  if (seq <= before) return `record ${seq} comes after record ${before}: duplicated or moved`;
  const missing = seq - before - 1;
  return missing === 1
    ? `record ${before + 1} before it is missing`
    : `${missing} records before it are missing`;
}
