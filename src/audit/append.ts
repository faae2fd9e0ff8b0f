import { constants } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '../core/common/common.ts';
import type { AuditEntry, AuditRecord } from '../core/ports/ports.ts';
import { checkpointOf } from './checkpoint.ts';
import { dayFile, syncDirectory, withFile } from './files.ts';
import { endorsementText } from './ledger.ts';
import { makeNextKey, takeNextKey } from './log-key.ts';
import { leafHash } from './merkle.ts';
import { type Signer, signNote } from './note.ts';
import { parseRecord, sealed } from './record.ts';
import { keepCheckpoint, signingOf } from './signing.ts';
import { type Head, moveTornAside, readHead, readTail, type Tail, writeHead } from './tail.ts';

/** A record, and the checkpoint that covers it. */
export type Appended = { readonly record: AuditRecord; readonly checkpoint: string };

/**
 * Appends a record to a log whose lock is held. An incomplete record at the end is moved aside first, and whatever else was
 * found damaged gets a `recovered` record before this one. With `rotate`, this record is the first that a new key signs.
 */
export async function appendTo(
  directory: string,
  entry: AuditEntry,
  writer: AuditRecord['writer'],
  rotate = false,
): Promise<Appended> {
  const tail = await readTail(directory);
  const aside = tail.torn === undefined ? undefined : await moveTornAside(directory, tail.torn);
  const head = await readHead(directory);
  const end = continueFrom(tail, head, aside);
  const { tree, signer, introduced, repairs } = await signingOf(directory, head, end.seq);
  const today = dayFile(entry.time);
  const file = tail.file !== undefined && tail.file > today ? tail.file : today;
  if (typeof head !== 'string' && head.file !== file) await keepCheckpoint(directory, head);

  let { seq, hash } = end;
  const write = async (next: AuditEntry, by: Signer, key: AuditRecord['key']): Promise<Appended> => {
    const { record, line } = sealed({
      ...next,
      ...(key === undefined ? {} : { key }),
      v: 1,
      seq: seq + 1,
      prev: hash,
      writer,
    });
    const leaf = line.slice(0, -1);
    if (parseRecord(leaf) === undefined) throw unfit(next);
    tree.add(leafHash(leaf));
    const checkpoint = checkpointOf(tree, by);
    const peaks = tree.peaks().map((peak) => peak.toString('base64'));
    await writeLine(directory, file, line, () =>
      writeHead(directory, { seq: record.seq, hash: record.hash, file, checkpoint, peaks }),
    );
    seq = record.seq;
    hash = record.hash;
    return { record, checkpoint };
  };

  const found = [...end.repairs, ...repairs];
  if (found.length > 0) await write(recovery(entry, found), signer, introduced);
  const isIntroduced = introduced === undefined || found.length > 0;
  // A key that the log does not know yet is new already.
  if (!rotate || !isIntroduced) return write(entry, signer, isIntroduced ? undefined : introduced);
  const next = await makeNextKey(directory, signer);
  const endorsement = signNote(endorsementText(next.verifier, seq + 1), signer);
  const appended = await write(entry, next, { verifier: next.verifier.text, endorsement });
  await takeNextKey(directory);
  return appended;
}

/** Appends and syncs; if that or `then` fails, the file is restored. */
async function writeLine(
  directory: string,
  name: string,
  line: string,
  then: () => Promise<void>,
): Promise<void> {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  await withFile(join(directory, name), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, async (file) => {
    const { size } = await file.stat();
    try {
      await file.writeFile(line);
      await file.datasync();
      if (size === 0) await syncDirectory(directory);
      await then();
    } catch (error) {
      await file.truncate(size).catch(() => undefined);
      throw error;
    }
  });
}

function recovery({ time, actor, cluster }: AuditEntry, repairs: readonly string[]): AuditEntry {
  return { type: 'recovered', time, actor, cluster, outcome: repairs.join('; ') };
}

function unfit({ type }: AuditEntry): SluiceError {
  return new SluiceError('bug', `Invalid audit record of type ${type}.`, 'Report this bug.');
}

/**
 * Where the chain continues, and the repairs to record. If records before the head are missing, the chain continues
 * from the head, so that the gap stays visible.
 */
function continueFrom(
  tail: Tail,
  head: Head | 'missing' | 'broken',
  aside: string | undefined,
): { readonly seq: number; readonly hash: string; readonly repairs: readonly string[] } {
  const repairs =
    aside === undefined ? [] : [`an incomplete record at the end of the log was moved to ${aside}`];
  if (head === 'missing' || head === 'broken') {
    return {
      ...endOf(tail),
      repairs: [...repairs, `the head was ${head === 'missing' ? 'missing' : 'unreadable'}`],
    };
  }
  if (head.seq > tail.seq) {
    return {
      ...endOf(head),
      repairs: [...repairs, `${records(tail.seq + 1, head.seq)} missing at the end of the log`],
    };
  }
  if (head.seq === tail.seq && head.hash !== tail.hash) {
    return { ...endOf(head), repairs: [...repairs, `record ${tail.seq} was modified`] };
  }
  // With one record more than the head, its writer was killed between the two.
  if (tail.seq > head.seq + 1) {
    repairs.push(`${records(head.seq + 2, tail.seq)} written without a head`);
  }
  return { ...endOf(tail), repairs };
}

function endOf({ seq, hash }: { readonly seq: number; readonly hash: string }) {
  return { seq, hash };
}

function records(first: number, last: number): string {
  return first === last ? `record ${first} was` : `records ${first} to ${last} were`;
}
