import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text as textOfStream } from 'node:stream/consumers';
import { SluiceError } from '../../../core/errors.ts';

/** A file of manifests: its name as errors tell it, and its contents. */
export type ManifestFile = { readonly name: string; readonly text: string };

/** Files of a folder that hold manifests; a file that is named itself may be called anything. */
const MANIFEST = /\.(?:ya?ml|json)$/i;

/** How many files are read at once: a folder of 50,000 must not open as many. */
const TOGETHER = 64;

/**
 * Reads the files and folders (recursively, in the order of their names) that paths name; `-` is stdin.
 *
 * @throws SluiceError `usage` for a path that can't be read
 */
export async function readManifestFiles(paths: readonly string[]): Promise<readonly ManifestFile[]> {
  const files: ManifestFile[] = [];
  for (const path of paths) {
    if (path === '-') {
      files.push({ name: 'stdin', text: await textOfStream(process.stdin) });
      continue;
    }
    const names = await namesBelow(path);
    for (let start = 0; start < names.length; start += TOGETHER) {
      const some = names.slice(start, start + TOGETHER);
      files.push(...(await Promise.all(some.map(async (name) => ({ name, text: await read(name) })))));
    }
  }
  return files;
}

async function namesBelow(path: string): Promise<readonly string[]> {
  const about = await stat(path).catch((error: unknown) => unreadable(path, error));
  if (!about.isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch((error: unknown) =>
    unreadable(path, error),
  );
  const kept = await Promise.all(
    entries
      .filter(({ name }) => MANIFEST.test(name))
      .map(async (entry) => ((await isFile(entry)) ? [join(entry.parentPath, entry.name)] : [])),
  );
  return kept.flat().sort();
}

/** Links count as what they lead to: the files of a mounted ConfigMap are links. */
async function isFile(entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile();
  const target = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
  return target?.isFile() === true;
}

function read(name: string): Promise<string> {
  return readFile(name, 'utf8').catch((error: unknown) => unreadable(name, error));
}

function unreadable(path: string, error: unknown): never {
  const why = error instanceof Error ? error.message.replace(/^(\w+): ([^,]*),.*$/s, '$2') : String(error);
  throw new SluiceError('usage', `${path} can't be read: ${why}.`, 'Check the path.', error);
}
