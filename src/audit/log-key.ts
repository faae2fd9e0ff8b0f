import { randomBytes } from 'node:crypto';
import { readFile, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SluiceError } from '../core/common/common.ts';
import { isMissingFile, replaceFile, syncDirectory } from './files.ts';
import { newSigner, readSecret, type Signer, secretText } from './note.ts';

/*
 * The key of a log is beside its folder, not in it: a copy of the folder proves what it proves without the secret.
 */

/** The file with the secret key of a log: `…/audit/CLUSTER.key`. */
export function keyFile(directory: string): string {
  return join(dirname(directory), `${basename(directory)}.key`);
}

/** The file with the next key, while the log changes from one to the other. */
function nextFile(directory: string): string {
  return `${basename(keyFile(directory))}.next`;
}

/** The key that signs for a log; undefined if it has none yet. Throws `failed` for a file that is not a key. */
export function readKey(directory: string): Promise<Signer | undefined> {
  return readKeyFile(keyFile(directory));
}

async function readKeyFile(path: string): Promise<Signer | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissingFile(error)) return undefined;
    throw error;
  }
  const signer = readSecret(text.trimEnd());
  if (signer !== undefined) return signer;
  throw new SluiceError(
    'failed',
    `${path} is not a signing key.`,
    'Restore it from a copy, or delete it: the next record then makes a new one, and says so. Grants require an audit record.',
  );
}

/** Makes the first key of a log. Its name tells apart the logs of several machines about one cluster. */
export async function makeKey(directory: string, name: string | undefined): Promise<Signer> {
  const signer = newSigner(
    name ?? `sluice.dev/audit/${basename(directory)}/${randomBytes(4).toString('hex')}`,
  );
  await replaceFile(dirname(directory), basename(keyFile(directory)), `${secretText(signer)}\n`);
  return signer;
}

/** Puts a next key of the same name beside the present one, which it does not replace yet. */
export async function makeNextKey(directory: string, { verifier }: Signer): Promise<Signer> {
  const signer = newSigner(verifier.name);
  await replaceFile(dirname(directory), nextFile(directory), `${secretText(signer)}\n`);
  return signer;
}

/** The next key, if a change of keys was not finished. */
export function readNextKey(directory: string): Promise<Signer | undefined> {
  return readKeyFile(join(dirname(directory), nextFile(directory)));
}

/** Finishes a change of keys: the present key is gone after it. */
export async function takeNextKey(directory: string): Promise<void> {
  await rename(join(dirname(directory), nextFile(directory)), keyFile(directory));
  await syncDirectory(dirname(directory));
}
