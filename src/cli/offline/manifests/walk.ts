import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file of manifests that was found, and how. */
export type FoundFile = { readonly name: string; readonly as: 'named' | 'in a folder' | 'chart template' };

type Found = { readonly files: FoundFile[]; readonly dangling: string[] };

/** Files of a folder that hold manifests; a file that is named itself may be called anything. */
const MANIFEST = /\.(?:ya?ml|json)$/i;

/**
 * The files of manifests below a folder, in the order of their names. Links count as what they lead to, and each file
 * and folder counts once, by the real paths in `seen`: links may lead in circles, and those of a mounted ConfigMap
 * lead to the same file twice. Git's own folder is passed over.
 */
export async function findFiles(folder: string, seen: Set<string>): Promise<Found> {
  const found: Found = { files: [], dangling: [] };
  await walk({ shown: folder, real: await realpath(folder), as: 'in a folder' }, seen, found);
  found.files.sort((a, b) => (a.name < b.name ? -1 : 1));
  return found;
}

/** A folder by the name that the user gave it, and by the one that it has. */
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

/** Undefined where a link leads nowhere, or to itself. */
async function targetOf(link: string): Promise<(Kind & { readonly real: string }) | undefined> {
  try {
    const real = await realpath(link);
    return { ...kindOf(await stat(real)), real };
  } catch {
    return undefined;
  }
}
