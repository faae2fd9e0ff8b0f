import { join } from 'node:path';
import type { AuditRecord } from '../core/ports/ports.ts';
import { type Checkpoint, readCheckpoint } from './checkpoint.ts';
import { codeOf, dayOf, replaceFile, withFile } from './files.ts';
import { doesFit, isSignedInTime, readLedger, wasSigned } from './ledger.ts';
import { makeKey, readKey, readNextKey, takeNextKey } from './log-key.ts';
import { type Tree, treeFrom } from './merkle.ts';
import { isSignedBy, type Signer } from './note.ts';
import type { Head } from './tail.ts';

/** What signs the next record: the tree before it, and the key. */
export type Signing = {
  readonly tree: Tree;
  readonly signer: Signer;
  /** For the next record, if the log does not have this key yet. */
  readonly introduced: AuditRecord['key'];
  readonly repairs: readonly string[];
};

/**
 * The tree and the key with which a log goes on after record `seq`. Usually the head tells both; else all records are read:
 * the first time in a log of an earlier version, after a crash, and where something was tampered with.
 */
export async function signingOf(
  directory: string,
  head: Head | 'missing' | 'broken',
  seq: number,
): Promise<Signing> {
  const checkpoint = typeof head === 'string' ? undefined : readCheckpoint(head.checkpoint ?? '');
  const isNewest = typeof head !== 'string' && head.seq === seq && checkpoint?.size === seq;
  const kept = isNewest ? treeOf(head, checkpoint) : undefined;
  const present = await readKey(directory);
  if (kept !== undefined && checkpoint !== undefined && present !== undefined) {
    if (isSignedBy(checkpoint.note, present.verifier))
      return { tree: kept, signer: present, introduced: undefined, repairs: [] };
  }
  const ledger = await readLedger(directory, checkpoint === undefined ? [] : [checkpoint.size]);
  const known = ledger.keys.at(-1)?.verifier;
  const key = await signerOf(directory, present, known);
  const introduced = key.isKnown ? undefined : { verifier: key.signer.verifier.text };
  const repairs: string[] = [];
  if (known !== undefined && !key.isKnown) {
    repairs.push('the key that signed until now was missing or replaced');
  } else if (known === undefined && present !== undefined && seq > 0) {
    repairs.push('there was a signing key, but no record named it');
  }
  if (checkpoint === undefined) {
    if (typeof head !== 'string' && wasSigned(ledger, head.seq)) {
      repairs.push('the signed checkpoint was missing or unreadable');
    }
    return { tree: ledger.tree, signer: key.signer, introduced, repairs };
  }
  // Records may be missing at the end: the tree then goes on from where it was, so that the gap stays visible.
  if (kept !== undefined && isSignedInTime(ledger, checkpoint)) {
    return { tree: kept, signer: key.signer, introduced, repairs };
  }
  const { size } = checkpoint;
  const count = ledger.tree.size();
  if (!doesFit(ledger, checkpoint)) {
    const aside = await putAside(directory, checkpoint);
    repairs.push(`the log did not match its checkpoint of record ${size}, which is now in ${aside}`);
  } else if (count > size + 1) {
    // One record more than the checkpoint is what a killed writer leaves.
    repairs.push(`records ${size + 1} to ${count} were not signed for`);
  }
  return { tree: ledger.tree, signer: key.signer, introduced, repairs };
}

/** The tree of a head; undefined if the head has none, or one that does not belong to its checkpoint. */
export function treeOf({ peaks = [] }: Head, checkpoint: Checkpoint | undefined): Tree | undefined {
  if (checkpoint === undefined) return undefined;
  const hashes = peaks.map((peak) => Buffer.from(peak, 'base64'));
  const tree = treeFrom(checkpoint.size, hashes);
  return tree?.root().equals(checkpoint.root) === true ? tree : undefined;
}

/** The key in force if it is there, else the present one or a new one, which the log does not know. */
async function signerOf(
  directory: string,
  present: Signer | undefined,
  known: Signer['verifier'] | undefined,
): Promise<{ readonly signer: Signer; readonly isKnown: boolean }> {
  const isInForce = (signer: Signer | undefined) =>
    signer !== undefined && signer.verifier.text === known?.text;
  if (present !== undefined && isInForce(present)) return { signer: present, isKnown: true };
  const next = await readNextKey(directory);
  if (next !== undefined && isInForce(next)) {
    await takeNextKey(directory);
    return { signer: next, isKnown: true };
  }
  return { signer: present ?? (await makeKey(directory, known?.name)), isKnown: false };
}

/** Keeps the last checkpoint of a day, before the next day begins: `20261122.checkpoint`. */
export async function keepCheckpoint(directory: string, { file, checkpoint }: Head): Promise<void> {
  const [, day] = /^(\d{8})\.jsonl$/.exec(file) ?? [];
  if (day !== undefined && checkpoint !== undefined) {
    await replaceFile(directory, `${day}.checkpoint`, checkpoint);
  }
}

/** Keeps a checkpoint that the records do not match, for whoever looks into it; returns the name of its file. */
async function putAside(directory: string, { text }: Checkpoint): Promise<string> {
  const day = dayOf(Date.now());
  for (let number = 1; ; number += 1) {
    const name = `${day}-${number}.checkpoint`;
    try {
      await withFile(join(directory, name), 'wx', async (file) => {
        await file.writeFile(text);
        await file.datasync();
      });
      return name;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }
}
