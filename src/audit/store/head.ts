import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { canonicalJson } from '../chain/canonical.ts';
import { GENESIS } from '../chain/record.ts';
import { isMissingFile, replaceFile } from './files.ts';

const NAME = 'head';

/**
 * The last record that was written, kept beside the log: a chain alone can't show that its end was cut off (AUD-2).
 * `seq` 0 is an empty log.
 */
export type Head = { readonly seq: number; readonly hash: string; readonly file: string };

export const EMPTY_HEAD: Head = { seq: 0, hash: GENESIS, file: '' };

const SCHEMA = v.strictObject({
  seq: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  hash: v.pipe(v.string(), v.regex(/^[\da-f]{64}$/)),
  file: v.string(),
});

/** The checkpoint of a log; `missing`, or `broken` when it can't be one that this program wrote. */
export async function readHead(directory: string): Promise<Head | 'missing' | 'broken'> {
  let text: string;
  try {
    text = await readFile(join(directory, NAME), 'utf8');
  } catch (error) {
    if (isMissingFile(error)) return 'missing';
    throw error;
  }
  try {
    const value: unknown = JSON.parse(text);
    const result = v.safeParse(SCHEMA, value);
    return result.success && text === lineOf(result.output) ? result.output : 'broken';
  } catch {
    return 'broken';
  }
}

/** Writes the checkpoint, whole or not at all. */
export async function writeHead(directory: string, head: Head): Promise<void> {
  await replaceFile(directory, NAME, lineOf(head));
}

function lineOf(head: Head): string {
  return `${canonicalJson(head)}\n`;
}
