import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkpointOf } from '../../../src/audit/checkpoint.ts';
import { emptyTree, leafHash, type Tree } from '../../../src/audit/merkle.ts';
import type { Signer } from '../../../src/audit/note.ts';
import { GENESIS, sealed } from '../../../src/audit/record.ts';
import { type Head, readHead, writeHead } from '../../../src/audit/tail.ts';
import type { AuditEntry, AuditRecord } from '../../../src/core/ports/ports.ts';

/**
 * Writes a whole log at once, as the owner of its key could: numbers, hashes, tree and head all made to fit, and signed
 * with the key, which the first record names. Without a key it is a log of a version without trees.
 */
export async function writeLog(
  path: string,
  entries: Iterable<AuditEntry & Pick<AuditRecord, 'writer'>>,
  key?: Signer,
): Promise<void> {
  const tree = emptyTree();
  const file = '20261121.jsonl';
  const lines: string[] = [];
  let hash = GENESIS;
  for (const entry of entries) {
    const seq = lines.length + 1;
    const named = seq === 1 && key !== undefined ? { verifier: key.verifier.text } : undefined;
    const { record, line } = sealed({ ...entry, key: named, v: 1, seq, prev: hash });
    hash = record.hash;
    lines.push(line);
    tree.add(leafHash(line.slice(0, -1)));
  }
  await writeFile(join(path, file), lines.join(''), { mode: 0o600 });
  const peaks = tree.peaks().map((peak) => peak.toString('base64'));
  const signed = key === undefined ? {} : { checkpoint: checkpointOf(tree, key), peaks };
  await writeHead(path, { seq: lines.length, hash, file, ...signed });
}

/** The tree over lines, or other leaves. */
export function treeOver(leaves: Iterable<string | Uint8Array>): Tree {
  const tree = emptyTree();
  for (const leaf of leaves) tree.add(leafHash(leaf));
  return tree;
}

/** The head of a log, which must have one. */
export async function headOf(path: string): Promise<Head> {
  const head = await readHead(path);
  if (typeof head === 'string') throw new Error(`The head of ${path} is ${head}.`);
  return head;
}
