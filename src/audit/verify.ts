import { lstat, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { plural, safeText } from '../core/common/common.ts';
import { ChainCheck } from './chain-check.ts';
import { checkWitnesses } from './check-witnesses.ts';
import { readCheckpoint } from './checkpoint.ts';
import { auditTrouble, checkpointFiles, dayFiles } from './files.ts';
import { type Bad, type Finding, NEXT, type Witness } from './finding.ts';
import type { Kept } from './kept.ts';
import { createLedger, isKeyOf, type Ledger, wasSigned } from './ledger.ts';
import { keyFile, readKey } from './log-key.ts';
import { readVerifier } from './note.ts';
import { recordLines } from './read.ts';
import { treeOf } from './signing.ts';
import { type Head, readHead } from './tail.ts';
import { type Verification, verificationText } from './verification.ts';

export type VerifyOptions = {
  readonly against?: readonly Kept[];
  /** When grants count as over, ms since the epoch. */
  readonly now?: number;
};

/**
 * Streams through one cluster's log from its first record to its head and finds records and files that were edited,
 * removed, reordered, inserted or truncated, and what does not match its checkpoints or those kept elsewhere. An empty
 * directory is a finding too, because every log starts with a head. Takes no lock, so it can run alongside writers
 * (AUD-4). What is found with what is AUD-8.
 */
export async function verifyAuditLog(directory: string, options: VerifyOptions = {}): Promise<Verification> {
  try {
    for (let attempt = 1; ; attempt += 1) {
      // What a writer is about to finish looks damaged until then; it may have finished since.
      const { isUnsettled, ...result } = await check(directory, options);
      const isFinal = attempt > 1 && !(await isBeingWritten(directory));
      if (!isUnsettled || isFinal || attempt === 6) return result;
      if (attempt > 1) await wait(20);
    }
  } catch (error) {
    throw auditTrouble(directory, error);
  }
}

/** More findings than this nobody reads. */
const MOST = 100;

async function check(
  directory: string,
  { against = [], now = Date.now() }: VerifyOptions,
): Promise<Verification & { readonly isUnsettled: boolean }> {
  const findings: Finding[] = [];
  const bad: Bad = (kind, file, line, what, seq) => {
    if (findings.length === MOST) return;
    const place = { file: safeText(file), line, ...(seq === undefined ? {} : { seq }) };
    findings.push({ kind, ...place, what, next: NEXT[kind] });
  };
  const key = await readKey(directory).catch(() => undefined);
  const head = await readHead(directory);
  const own = await ownWitnesses(directory, head, bad);
  const witnesses = [...own, ...witnessesIn(against, bad)];
  const ledger = createLedger(witnesses.map(({ checkpoint }) => checkpoint.size));
  const chain = new ChainCheck(typeof head === 'string' ? 0 : head.seq, ledger, bad);
  const files = await dayFiles(directory);
  let isUnsettled = false;
  for await (const lines of recordLines(directory, files)) {
    for (const line of lines) {
      const { file, number, whole, record } = line;
      if (whole && record !== undefined) chain.take(line);
      else bad('unreadable', file, number, whole ? 'it is not a record' : UNFINISHED_LINE);
      isUnsettled = !whole && file === files.at(-1);
    }
  }
  if (typeof head !== 'string') await checkEnd(directory, head, chain, ledger, bad);
  else if (head === 'broken') bad('checkpoint', 'head', 0, 'the head was not written by sluice');
  else if (files.length > 0)
    bad('checkpoint', 'head', 0, 'the head is missing, so records may be missing too');
  else {
    bad('removed', 'head', 0, 'there are no records and no head: it was emptied, or was never a log');
    isUnsettled = true;
  }
  if (key !== undefined && chain.records > 0 && !isKeyOf(ledger, key.verifier)) {
    const what = `no record names key ${key.verifier.id}, which lies beside the log`;
    bad('key', basename(keyFile(directory)), 0, what);
    isUnsettled = true;
  }
  const pins = against.filter(({ text }) => readVerifier(text.trim()) !== undefined);
  const matched = checkWitnesses(ledger, witnesses, pins, bad);
  const facts = {
    ok: findings.length === 0,
    records: chain.records,
    files: files.length,
    signed: Math.max(0, ...own.map(({ checkpoint }) => checkpoint.size)),
    matched,
    recovered: chain.recovered,
    findings,
    unfinished: chain.unfinished(now),
  };
  return { ...facts, text: verificationText(facts, against.length), isUnsettled };
}

const UNFINISHED_LINE = 'it is incomplete: truncated, or left by a crash, which the next record will repair';

/** The checkpoints in the folder: the newest in the head, and one for each day before. */
async function ownWitnesses(
  directory: string,
  head: Head | 'missing' | 'broken',
  bad: Bad,
): Promise<readonly Witness[]> {
  const texts = await Promise.all(
    (await checkpointFiles(directory)).map(async (from) => ({
      from,
      text: await readFile(join(directory, from), 'utf8'),
    })),
  );
  if (typeof head !== 'string' && head.checkpoint !== undefined) {
    texts.push({ from: 'head', text: head.checkpoint });
  }
  return texts.flatMap(({ from, text }) => {
    const checkpoint = readCheckpoint(text);
    if (checkpoint === undefined) bad('checkpoint', from, 0, 'its checkpoint is not one that sluice wrote');
    return checkpoint === undefined ? [] : [{ from, checkpoint, isElsewhere: false }];
  });
}

function witnessesIn(against: readonly Kept[], bad: Bad): readonly Witness[] {
  return against.flatMap(({ from, text }) => {
    const checkpoint = readCheckpoint(text);
    if (checkpoint !== undefined) return [{ from, checkpoint, isElsewhere: true }];
    if (readVerifier(text.trim()) === undefined) {
      bad('foreign', from, 0, 'it is neither a checkpoint nor a public key');
    }
    return [];
  });
}

/** Compares the end of the chain with the head, which a running writer may have advanced meanwhile. */
async function checkEnd(
  directory: string,
  head: Head,
  chain: ChainCheck,
  ledger: Ledger,
  bad: Bad,
): Promise<void> {
  const found = chain.recordAt(head.seq);
  if (found === undefined) {
    const what = `it ends with record ${chain.last.seq}, but record ${head.seq} had been written`;
    bad('truncated', head.file, 0, what, head.seq);
  } else if (found.hash !== head.hash || found.file !== head.file) {
    bad('edited', head.file, 0, `record ${head.seq} was modified`, head.seq);
  }
  const checkpoint = readCheckpoint(head.checkpoint ?? '');
  if (wasSigned(ledger, head.seq) && head.checkpoint === undefined) {
    bad('checkpoint', 'head', 0, 'its signed checkpoint was removed');
  } else if (checkpoint !== undefined && checkpoint.size !== head.seq) {
    const what = `its checkpoint covers ${plural(checkpoint.size, 'record')}, not ${head.seq}`;
    bad('rewritten', 'head', 0, what, head.seq);
  } else if (checkpoint !== undefined && treeOf(head, checkpoint) === undefined) {
    bad('checkpoint', 'head', 0, 'its subtrees do not belong to its checkpoint');
  }
  const now = await readHead(directory);
  if (typeof now !== 'string' && chain.last.seq > now.seq + 1) {
    const what = `records after ${now.seq + 1} were added past the head`;
    bad('inserted', now.file, 0, what, chain.last.seq);
  }
}

async function isBeingWritten(directory: string): Promise<boolean> {
  return lstat(join(directory, 'lock')).then(
    () => true,
    () => false,
  );
}
