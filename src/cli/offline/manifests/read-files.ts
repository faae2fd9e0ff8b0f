import { readFile, stat } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { SluiceError } from '../../../core/errors.ts';
import { safeText } from '../../../core/safe-text.ts';
import { NoText, textOfBytes } from '../../../core/yaml/text-of-bytes.ts';
import { type FoundFile, findFiles } from './walk.ts';

/** A file of manifests: its name as errors tell it, and its contents. */
export type ManifestFile = {
  readonly name: string;
  readonly text: string;
  /** How it was found: named itself, in a folder, or among the templates of a Helm chart. */
  readonly as?: 'named' | 'in a folder' | 'chart template';
};

export type ManifestFiles = {
  readonly files: readonly ManifestFile[];
  /** Links in folders that lead nowhere. */
  readonly dangling: readonly string[];
};

/** How many files are read at once: a folder of 50,000 must not open as many. */
const TOGETHER = 64;

/**
 * Reads the files and folders (recursively, in the order of their names) that paths name; `-` is stdin. What two paths
 * or links lead to is read once.
 *
 * @throws SluiceError `usage` for a path that can't be read, `failed` for what is no text
 */
export async function readManifestFiles(paths: readonly string[]): Promise<ManifestFiles> {
  const files: ManifestFile[] = [];
  const dangling: string[] = [];
  const seen = new Set<string>();
  for (const path of paths) {
    if (path === '-') {
      files.push({ name: 'stdin', text: textOf(await buffer(process.stdin), 'stdin'), as: 'named' });
      continue;
    }
    const found = await filesAt(path, seen);
    dangling.push(...found.dangling);
    for (let start = 0; start < found.files.length; start += TOGETHER) {
      const some = found.files.slice(start, start + TOGETHER);
      files.push(
        ...(await Promise.all(some.map(async (file) => ({ ...file, text: await read(file.name) })))),
      );
    }
  }
  return { files, dangling };
}

/**
 * Reads one file that a user names; `-` is stdin.
 *
 * @throws SluiceError as `readManifestFiles`
 */
export async function readNamedFile(path: string): Promise<ManifestFile> {
  if (path !== '-' && (await statusOf(path)).isDirectory()) {
    throw new SluiceError('usage', `${path} is a folder.`, 'Name a file.');
  }
  const name = path === '-' ? 'stdin' : path;
  const text = path === '-' ? textOf(await buffer(process.stdin), name) : await read(path);
  return { name, text, as: 'named' };
}

async function filesAt(
  path: string,
  seen: Set<string>,
): Promise<{ readonly files: readonly FoundFile[]; readonly dangling: readonly string[] }> {
  if ((await statusOf(path)).isDirectory())
    return findFiles(path, seen).catch((error) => unreadable(path, error));
  return { files: [{ name: path, as: 'named' }], dangling: [] };
}

function statusOf(path: string) {
  return stat(path).catch((error: unknown) => unreadable(path, error));
}

async function read(name: string): Promise<string> {
  const bytes = await readFile(name).catch((error: unknown) => unreadable(name, error));
  return textOf(bytes, name);
}

function textOf(bytes: Uint8Array, name: string): string {
  try {
    return textOfBytes(bytes);
  } catch (error) {
    if (!(error instanceof NoText)) throw error;
    throw new SluiceError(
      'failed',
      `${safeText(name)} is no text of manifests: line ${error.line} ${error.message}.`,
      'Save it as UTF-8, or leave it out.',
      error,
    );
  }
}

function unreadable(path: string, error: unknown): never {
  const why = error instanceof Error ? error.message.replace(/^(\w+): ([^,]*),.*$/s, '$2') : String(error);
  const at = error instanceof Error && 'path' in error ? String(error.path) : path;
  throw new SluiceError('usage', `${at} can't be read: ${why}.`, 'Check the path.', error);
}
