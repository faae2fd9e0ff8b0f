import { type FileHandle, open, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../core/common/common.ts';

const DAY = /^\d{8}\.jsonl$/;

/** The name of the file for records of a moment (ms since the epoch), by its UTC day: `20261122.jsonl`. */
export function dayFile(time: number): string {
  return `${new Date(time).toISOString().slice(0, 10).replaceAll('-', '')}.jsonl`;
}

/** Names of the files with records, oldest first; none when the folder is not there. */
export async function dayFiles(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).filter((name) => DAY.test(name)).sort();
  } catch (error) {
    if (isMissingFile(error)) return [];
    throw error;
  }
}

/** Puts a small file in place whole or not at all, and on disk. */
export async function replaceFile(directory: string, name: string, text: string): Promise<void> {
  const draft = join(directory, `${name}.new`);
  await withFile(draft, 'w', async (file) => {
    await file.writeFile(text);
    await file.datasync();
  });
  await rename(draft, join(directory, name));
  await syncDirectory(directory);
}

/** Makes new and renamed names in a folder last. */
export async function syncDirectory(directory: string): Promise<void> {
  await withFile(directory, 'r', (folder) => folder.sync());
}

/** Opens a file for its owner alone, and closes it whatever happens. */
export async function withFile<T>(
  path: string,
  flags: string | number,
  use: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await open(path, flags, 0o600);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** Whether an error says that a file is not there. */
export function isMissingFile(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

/** The system's code of an error: `ENOSPC`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const CAUSES: Readonly<Record<string, readonly [what: string, next: string]>> = {
  ENOSPC: ['the disk is full', 'Free some space.'],
  EDQUOT: ['the disk quota is used up', 'Free some space.'],
  EFBIG: ['the file may not grow any further', 'Raise the limit for the size of files.'],
  EACCES: ['permission denied', 'Check who owns the folder, or set XDG_STATE_HOME to another one.'],
  EPERM: ['not permitted', 'Check who owns the folder, or set XDG_STATE_HOME to another one.'],
  EROFS: ['the file system is read-only', 'Set XDG_STATE_HOME to a folder that can be written.'],
  ENOTDIR: ['a part of the path is no folder', 'Set XDG_STATE_HOME to a folder that can be written.'],
  EEXIST: ['a part of the path is no folder', 'Set XDG_STATE_HOME to a folder that can be written.'],
  ELOOP: ['its file is a symbolic link', 'Remove the link.'],
};

/** What the system's refusal means for the log: without it nothing is granted, so the next step comes with it. */
export function auditTrouble(directory: string, error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const [what, next] = CAUSES[codeOf(error) ?? ''] ?? [
    error instanceof Error ? error.message : String(error),
    'Check the folder.',
  ];
  return new SluiceError(
    'failed',
    `The audit log in ${directory} can't be written: ${what}.`,
    `${next} Nothing is granted without a record.`,
    error,
  );
}
