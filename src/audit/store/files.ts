import { type FileHandle, open, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';

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
