import { constants } from 'node:fs';
import { type FileHandle, open, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { codeOf, dayFiles, isMissingFile, replaceFile, syncDirectory, withFile } from './files.ts';
import { canonicalJson, GENESIS, parseRecord } from './record.ts';

/** The end of a log: its last record, the newest file, and any bytes after that record. */
export type Tail = {
  readonly seq: number;
  readonly hash: string;
  readonly file?: string;
  readonly torn?: { readonly file: string; readonly offset: number; readonly bytes: Buffer };
};

const { O_RDONLY, O_NOFOLLOW } = constants;

const CHUNK = 64 * 1024;

/** Finds the last record of a log, reading only the ends of its newest files. */
export async function readTail(directory: string): Promise<Tail> {
  const files = await dayFiles(directory);
  const newest = files.at(-1);
  let torn: Tail['torn'];
  for (const file of files.toReversed()) {
    const end = await withFile(join(directory, file), O_RDONLY | O_NOFOLLOW, lastRecord);
    if (end.rest.length > 0) torn ??= { file, offset: end.offset, bytes: end.rest };
    if (end.record === undefined) continue;
    const { seq, hash } = end.record;
    return {
      seq,
      hash,
      ...(newest === undefined ? {} : { file: newest }),
      ...(torn === undefined ? {} : { torn }),
    };
  }
  return {
    seq: 0,
    hash: GENESIS,
    ...(newest === undefined ? {} : { file: newest }),
    ...(torn === undefined ? {} : { torn }),
  };
}

/** The last record of a file, and the bytes after it with their offset. */
async function lastRecord(file: FileHandle) {
  const { size } = await file.stat();
  for (let length = Math.min(size, CHUNK); ; length = Math.min(size, length * 4)) {
    const bytes = Buffer.alloc(length);
    await file.read(bytes, 0, length, size - length);
    const found = lastIn(bytes, length === size);
    if (found !== undefined) return { ...found, offset: size - length + found.offset };
    if (length === size) return { record: undefined, offset: 0, rest: bytes };
  }
}

/** Finds the last complete line that is a record, backwards; only lines whose start is in `bytes` count. */
function lastIn(bytes: Buffer, whole: boolean) {
  let end = bytes.lastIndexOf(10);
  while (end >= 0) {
    const before = end === 0 ? -1 : bytes.lastIndexOf(10, end - 1);
    if (before < 0 && !whole) return undefined;
    const record = parseRecord(bytes.toString('utf8', before + 1, end));
    if (record !== undefined) return { record, offset: end + 1, rest: bytes.subarray(end + 1) };
    end = before;
  }
  return undefined;
}

/** Moves the bytes after the last record to their own file, `20261122.jsonl.torn-1`; returns its name. */
export async function moveTornAside(
  directory: string,
  { file, offset, bytes }: NonNullable<Tail['torn']>,
): Promise<string> {
  for (let number = 1; ; number += 1) {
    const name = `${file}.torn-${number}`;
    try {
      const aside = await open(join(directory, name), 'wx', 0o600);
      try {
        await aside.writeFile(bytes);
        await aside.sync();
      } finally {
        await aside.close();
      }
    } catch (error) {
      if (codeOf(error) === 'EEXIST') continue;
      throw error;
    }
    await truncate(join(directory, file), offset);
    await syncDirectory(directory);
    return name;
  }
}

const NAME = 'head';

/**
 * How far the log goes, stored next to it, because a chain alone can't show that its end was cut off (AUD-2). `seq` 0 is
 * an empty log. `checkpoint` is the signed one of the tree over all records, and `peaks` the complete subtrees of that
 * tree, base64; logs of earlier versions have neither.
 */
export type Head = {
  readonly seq: number;
  readonly hash: string;
  readonly file: string;
  readonly checkpoint?: string;
  readonly peaks?: readonly string[];
};

export const EMPTY_HEAD: Head = { seq: 0, hash: GENESIS, file: '' };

const SCHEMA = v.strictObject({
  seq: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  hash: v.pipe(v.string(), v.regex(/^[\da-f]{64}$/)),
  file: v.string(),
  checkpoint: v.exactOptional(v.string()),
  peaks: v.exactOptional(v.array(v.pipe(v.string(), v.regex(/^[A-Za-z\d+/]{43}=$/)))),
});

/** The head of a log; `missing`, or `broken` if this program did not write it. */
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

/** Writes the head atomically. */
export async function writeHead(directory: string, head: Head): Promise<void> {
  await replaceFile(directory, NAME, lineOf(head));
}

function lineOf(head: Head): string {
  return `${canonicalJson(head)}\n`;
}
