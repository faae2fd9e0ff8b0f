import { type FileHandle, open, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../core/common/common.ts';

const DAY = /^\d{8}\.jsonl$/;

/** The UTC day of a time (ms since the epoch) as files are named by it: `20261122`. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10).replaceAll('-', '');
}

/** The name of the file for a time (ms since the epoch): `20261122.jsonl`. */
export function dayFile(time: number): string {
  return `${dayOf(time)}.jsonl`;
}

/** Names of the files with records, oldest first; none if the directory does not exist. */
export function dayFiles(directory: string): Promise<readonly string[]> {
  return namesIn(directory, DAY);
}

/** Names of the files with kept checkpoints, oldest first: `20261122.checkpoint`, `20261122-1.checkpoint`. */
export function checkpointFiles(directory: string): Promise<readonly string[]> {
  return namesIn(directory, /^\d{8}(-\d+)?\.checkpoint$/);
}

async function namesIn(directory: string, pattern: RegExp): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).filter((name) => pattern.test(name)).sort();
  } catch (error) {
    if (isMissingFile(error)) return [];
    throw error;
  }
}

/** Replaces a small file atomically and durably. */
export async function replaceFile(directory: string, name: string, text: string): Promise<void> {
  const draft = join(directory, `${name}.new`);
  await withFile(draft, 'w', async (file) => {
    await file.writeFile(text);
    await file.datasync();
  });
  await rename(draft, join(directory, name));
  await syncDirectory(directory);
}

/** Makes new and renamed entries of a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  await withFile(directory, 'r', (folder) => folder.sync());
}

/** Opens a file that only its owner can access, and always closes it. */
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

/** Whether an error means that a file does not exist. */
export function isMissingFile(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

/** The system error code, such as `ENOSPC`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const CAUSES: Readonly<Record<string, readonly [what: string, next: string]>> = {
  ENOSPC: ['the disk is full', 'Free some disk space.'],
  EDQUOT: ['the disk quota is exceeded', 'Free some disk space.'],
  EFBIG: ['the file is too large', 'Raise the file size limit.'],
  EACCES: ['permission denied', 'Check the owner of the directory, or set XDG_STATE_HOME to another one.'],
  EPERM: [
    'operation not permitted',
    'Check the owner of the directory, or set XDG_STATE_HOME to another one.',
  ],
  EROFS: ['the file system is read-only', 'Set XDG_STATE_HOME to a writable directory.'],
  ENOTDIR: ['part of the path is not a directory', 'Set XDG_STATE_HOME to a writable directory.'],
  EEXIST: ['part of the path is not a directory', 'Set XDG_STATE_HOME to a writable directory.'],
  ELOOP: ['its file is a symbolic link', 'Remove the link.'],
};

/** The error for a failed log operation; grants depend on the log, so the hint has the next step. */
export function auditTrouble(directory: string, error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const [what, next] = CAUSES[codeOf(error) ?? ''] ?? [
    error instanceof Error ? error.message : String(error),
    'Check the directory.',
  ];
  return new SluiceError(
    'failed',
    `Unable to write the audit log in ${directory}: ${what}.`,
    `${next} Grants require an audit record.`,
    error,
  );
}
