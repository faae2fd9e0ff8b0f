import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { SluiceError, safeText } from '../../core/common/common.ts';
import { NoText, textOfBytes } from '../../core/yaml/yaml.ts';

/** A manifest file: its name as shown in errors, and its contents. */
export type ManifestFile = {
  readonly name: string;
  readonly text: string;
  /** How it was found: passed by name, in a directory, or among the templates of a Helm chart. */
  readonly as?: 'named' | 'in a folder' | 'chart template';
};

export type ManifestFiles = {
  readonly files: readonly ManifestFile[];
  /** Broken symlinks in directories. */
  readonly dangling: readonly string[];
};

/** How many files are read at once: a directory of 50,000 must not open them all. */
const TOGETHER = 64;

/**
 * Reads files and directories (recursively, sorted by name); `-` is stdin. A file that several paths or links lead to
 * is read once.
 *
 * @throws SluiceError `usage` for an unreadable path, `failed` for a file that is not text
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
 * Reads one file passed by name; `-` is stdin.
 *
 * @throws SluiceError as `readManifestFiles`
 */
export async function readNamedFile(path: string): Promise<ManifestFile> {
  if (path !== '-' && (await statusOf(path)).isDirectory()) {
    throw new SluiceError('usage', `${path} is a directory.`, 'Pass a file.');
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
      `${safeText(name)}: line ${error.line} ${error.message}.`,
      'Save it as UTF-8, or leave it out.',
      error,
    );
  }
}

function unreadable(path: string, error: unknown): never {
  const why = error instanceof Error ? error.message.replace(/^(\w+): ([^,]*),.*$/s, '$2') : String(error);
  const at = error instanceof Error && 'path' in error ? String(error.path) : path;
  throw new SluiceError('usage', `Unable to read ${at}: ${why}.`, 'Check the path.', error);
}

/** A manifest file, and how it was found. */
type FoundFile = { readonly name: string; readonly as: 'named' | 'in a folder' | 'chart template' };

type Found = { readonly files: FoundFile[]; readonly dangling: string[] };

/** Files in directories that hold manifests; a file passed by name may have any extension. */
const MANIFEST = /\.(?:ya?ml|json)$/i;

/**
 * The manifest files below a directory, sorted by name. Links are followed, and each file and directory counts once, by
 * the real paths in `seen`: links may form cycles, and those of a mounted ConfigMap lead to the same file twice. `.git`
 * is skipped.
 */
async function findFiles(folder: string, seen: Set<string>): Promise<Found> {
  const found: Found = { files: [], dangling: [] };
  await walk({ shown: folder, real: await realpath(folder), as: 'in a folder' }, seen, found);
  found.files.sort((a, b) => (a.name < b.name ? -1 : 1));
  return found;
}

/** A directory, by the path that the user gave and by its real path. */
type Folder = { readonly shown: string; readonly real: string; readonly as: FoundFile['as'] };

async function walk({ shown, real, as }: Folder, seen: Set<string>, found: Found): Promise<void> {
  if (isKnown(seen, real)) return;
  const entries = await readdir(real, { withFileTypes: true });
  const isChart = entries.some(({ name }) => name === 'Chart.yaml');
  const folders: Folder[] = [];
  for (const entry of entries) {
    const name = join(shown, entry.name);
    const target = entry.isSymbolicLink()
      ? await targetOf(join(real, entry.name))
      : { ...kindOf(entry), real: join(real, entry.name) };
    if (target === undefined) {
      if (MANIFEST.test(name)) found.dangling.push(name);
    } else if (target.isFolder) {
      const isTemplates = isChart && entry.name === 'templates';
      if (entry.name !== '.git')
        folders.push({ shown: name, real: target.real, as: isTemplates ? 'chart template' : as });
    } else if (target.isFile && MANIFEST.test(name) && !isKnown(seen, target.real)) {
      found.files.push({ name, as });
    }
  }
  for (const folder of folders) await walk(folder, seen, found);
}

function isKnown(seen: Set<string>, path: string): boolean {
  if (seen.has(path)) return true;
  seen.add(path);
  return false;
}

type Kind = { readonly isFolder: boolean; readonly isFile: boolean };

function kindOf(entry: { isDirectory(): boolean; isFile(): boolean }): Kind {
  return { isFolder: entry.isDirectory(), isFile: entry.isFile() };
}

/** Undefined for a link that is broken, or leads to itself. */
async function targetOf(link: string): Promise<(Kind & { readonly real: string }) | undefined> {
  try {
    const real = await realpath(link);
    return { ...kindOf(await stat(real)), real };
  } catch {
    return undefined;
  }
}
