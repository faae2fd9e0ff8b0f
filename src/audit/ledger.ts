import type { AuditRecord } from '../core/ports/ports.ts';
import type { Checkpoint } from './checkpoint.ts';
import { dayFiles } from './files.ts';
import { emptyTree, type Hash, leafHash, type Tree } from './merkle.ts';
import { isSignedBy, readNote, readVerifier, type Verifier } from './note.ts';
import { type RecordLine, recordLines } from './read.ts';

/** A key that signs for a log from a record on, which is leaf `from` of the tree, counted from 1. */
export type LogKey = {
  readonly from: number;
  readonly seq: number;
  readonly verifier: Verifier;
  /** Whether the key before it signed for it; true for the first. */
  readonly isEndorsed: boolean;
};

/** The tree over the records of a log, its keys, and its roots at the sizes that were asked for. */
export type Ledger = {
  readonly tree: Tree;
  /** The keys so far, oldest first. */
  readonly keys: readonly LogKey[];
  /** Adds the next record; returns the key that it introduces, or `unreadable` if that is not one. */
  readonly take: (record: AuditRecord, line: Uint8Array) => LogKey | 'unreadable' | undefined;
  /** The root over the first `size` records; undefined if there are less, or it was not asked for. */
  readonly rootAt: (size: number) => Hash | undefined;
};

/** @param sizes at which roots will be asked for */
export function createLedger(sizes: Iterable<number>): Ledger {
  const tree = emptyTree();
  const wanted = new Set(sizes);
  const roots = new Map<number, Hash>([[0, tree.root()]]);
  const keys: LogKey[] = [];
  return {
    tree,
    keys,
    take: ({ seq, key }, line) => {
      tree.add(leafHash(line));
      const size = tree.size();
      if (wanted.has(size)) roots.set(size, tree.root());
      if (key === undefined) return undefined;
      const verifier = readVerifier(key.verifier);
      if (verifier === undefined) return 'unreadable';
      const before = keys.at(-1)?.verifier;
      const isEndorsed = before === undefined || isEndorsement(key.endorsement, verifier, seq, before);
      const added = { from: size, seq, verifier, isEndorsed };
      keys.push(added);
      return added;
    },
    rootAt: (size) => roots.get(size),
  };
}

/** What a key signs about the next one: the log, the key, and the record with which it begins (AUD-7). */
export function endorsementText(next: Verifier, seq: number): string {
  return `${next.name}\nkey ${next.text}\nrecord ${seq}\n`;
}

function isEndorsement(text: string | undefined, next: Verifier, seq: number, by: Verifier): boolean {
  const note = readNote(text ?? '');
  return note !== undefined && note.text === endorsementText(next, seq) && isSignedBy(note, by);
}

/** The key that signs the checkpoint of a size: the last that began by then (AUD-7). */
export function keyAt(keys: readonly LogKey[], size: number): LogKey | undefined {
  return keys.findLast(({ from }) => from <= size);
}

/** Whether a key signed for the records up to number `seq`, so that a head of that number has a checkpoint. */
export function wasSigned({ keys }: Ledger, seq: number): boolean {
  const [first] = keys;
  return first !== undefined && first.seq <= seq;
}

/** Whether a key ever signed for a log. */
export function isKeyOf({ keys }: Ledger, { text }: Verifier): boolean {
  return keys.some(({ verifier }) => verifier.text === text);
}

/** Whether the key that was in force signed a checkpoint. */
export function isSignedInTime({ keys }: Ledger, { size, note }: Checkpoint): boolean {
  const key = keyAt(keys, size);
  return key !== undefined && isSignedBy(note, key.verifier);
}

/** Whether the records are those that a checkpoint was made of, and the key in force then signed it. */
export function doesFit(ledger: Ledger, checkpoint: Checkpoint): boolean {
  const { size, root } = checkpoint;
  return isSignedInTime(ledger, checkpoint) && ledger.rootAt(size)?.equals(root) === true;
}

/** Reads all records of a log into a ledger. */
export async function readLedger(directory: string, sizes: Iterable<number>): Promise<Ledger> {
  const ledger = createLedger(sizes);
  for await (const { record, bytes } of wholeRecords(directory)) ledger.take(record, bytes);
  return ledger;
}

/** The hashes of all leaves of a log. */
export async function readLeaves(directory: string): Promise<readonly Hash[]> {
  const leaves: Hash[] = [];
  for await (const { bytes } of wholeRecords(directory)) leaves.push(leafHash(bytes));
  return leaves;
}

async function* wholeRecords(directory: string): AsyncGenerator<RecordLine> {
  for await (const lines of recordLines(directory, await dayFiles(directory))) {
    for (const line of lines) if (line.whole && line.record !== undefined) yield line;
  }
}
