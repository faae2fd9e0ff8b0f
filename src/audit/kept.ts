import { SluiceError } from '../core/common/common.ts';
import { type Checkpoint, notesIn, readCheckpoint } from './checkpoint.ts';
import { type LogKey, readLeaves, readLedger } from './ledger.ts';
import { consistencyProof, isConsistent } from './merkle.ts';
import { readVerifier } from './note.ts';
import { readHead } from './tail.ts';

/** Something kept elsewhere: a checkpoint of a log, or one of its public keys. `from` names the place. */
export type Kept = {
  readonly from: string;
  readonly text: string;
  /** The name of the log; absent for what is neither a checkpoint nor a key. */
  readonly origin?: string;
};

/** The checkpoints and public keys in a text; the text itself, without an origin, if it has none. */
export function keptIn(text: string, from: string): readonly Kept[] {
  const notes = notesIn(text).flatMap((note) => {
    const origin = readCheckpoint(note)?.origin;
    return origin === undefined ? [] : [{ text: note, origin }];
  });
  const keys = text.split('\n').flatMap((line) => {
    const verifier = readVerifier(line.trim());
    return verifier === undefined ? [] : [{ text: verifier.text, origin: verifier.name }];
  });
  const found = [...notes, ...keys];
  if (found.length === 0) return [{ from, text }];
  return found.map((each, index) => ({
    from: found.length === 1 ? from : `${from} (${index + 1})`,
    ...each,
  }));
}

/** The newest checkpoint of a log; undefined before the first signed record. */
export async function newestCheckpoint(directory: string): Promise<Checkpoint | undefined> {
  const head = await readHead(directory);
  return typeof head === 'string' ? undefined : readCheckpoint(head.checkpoint ?? '');
}

/** The keys that signed for a log, oldest first. */
export async function logKeys(directory: string): Promise<readonly LogKey[]> {
  return (await readLedger(directory, [])).keys;
}

/**
 * What a witness asks for to sign the newest checkpoint of a log: the size of the checkpoint that it knows, a proof that
 * nothing before it changed, and the newest checkpoint (AUD-10).
 *
 * @param from where the old checkpoint is from, for messages
 * @throws SluiceError `refused` if the log does not continue the old checkpoint, `usage` if the text is none
 */
export async function witnessRequest(directory: string, old: string, from: string): Promise<string> {
  const before = readCheckpoint(old);
  const now = await newestCheckpoint(directory);
  if (before === undefined || now === undefined) {
    throw new SluiceError(
      before === undefined ? 'usage' : 'refused',
      `${before === undefined ? from : directory} has no checkpoint.`,
      'Write one with sluice audit checkpoint, after a first grant.',
    );
  }
  const leaves = (await readLeaves(directory)).slice(0, now.size);
  const proof = consistencyProof(leaves, before.size);
  if (before.origin !== now.origin || leaves.length < now.size || !isConsistent(before, now, proof)) {
    throw new SluiceError(
      'refused',
      `The log ${now.origin} with ${now.size} records does not continue the checkpoint of ${before.origin} with ${before.size}.`,
      'Run sluice audit verify --against with the file to see what differs.',
    );
  }
  const lines = proof.map((hash) => `${hash.toString('base64')}\n`);
  return `old ${before.size}\n${lines.join('')}\n${now.text}`;
}
