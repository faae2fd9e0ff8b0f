import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

/** The modules below some folders, and who imports whom: static, dynamic and type imports alike. */
export type Imports = {
  readonly files: readonly string[];
  /** The files that a file imports. */
  readonly of: ReadonlyMap<string, ReadonlySet<string>>;
  /** The files that import a file. */
  readonly importers: ReadonlyMap<string, ReadonlySet<string>>;
};

const MODULE = /(?<!\.d)\.tsx?$/;
const SPECIFIER = /\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g;

/** Reads the modules below `roots`, as paths relative to `house`. Imports of what is not below them are left out. */
export function readImports(roots: readonly string[], house = '.'): Imports {
  const files = roots.flatMap((root) => modulesBelow(house, root));
  const known = new Set(files);
  const importers = new Map(files.map((file) => [file, new Set<string>()]));
  const of = new Map<string, ReadonlySet<string>>();
  for (const file of files) {
    const text = readFileSync(join(house, file), 'utf8');
    const targets = [...text.matchAll(SPECIFIER)].map(([, specifier = '']) =>
      posix.join(dirname(file), specifier),
    );
    of.set(file, new Set(targets.filter((target) => known.has(target))));
    for (const target of targets) importers.get(target)?.add(file);
  }
  return { files, of, importers };
}

function modulesBelow(house: string, folder: string): readonly string[] {
  return readdirSync(join(house, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) return modulesBelow(house, path);
      return MODULE.test(path) ? [path] : [];
    });
}

/** The same arrows between the folders that the files are in. */
export function folderImports({ files, of }: Imports): ReadonlyMap<string, ReadonlySet<string>> {
  const arrows = new Map(files.map((file) => [dirname(file), new Set<string>()]));
  for (const [file, targets] of of) {
    for (const target of targets) {
      if (dirname(target) !== dirname(file)) arrows.get(dirname(file))?.add(dirname(target));
    }
  }
  return arrows;
}

/** Groups of nodes that reach each other: a graph without cycles has none. Tarjan's algorithm. */
export function cyclesOf(arrows: ReadonlyMap<string, ReadonlySet<string>>): readonly (readonly string[])[] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const cycles: string[][] = [];
  const lower = (node: string, to: number) => low.set(node, Math.min(low.get(node) ?? to, to));
  const visit = (node: string) => {
    order.set(node, order.size);
    lower(node, order.size - 1);
    open.push(node);
    for (const next of arrows.get(node) ?? []) {
      if (!order.has(next)) {
        visit(next);
        lower(node, low.get(next) ?? 0);
      } else if (open.includes(next)) lower(node, order.get(next) ?? 0);
    }
    if (low.get(node) !== order.get(node)) return;
    const group = open.splice(open.indexOf(node));
    if (group.length > 1) cycles.push(group.sort());
  };
  for (const node of arrows.keys()) if (!order.has(node)) visit(node);
  return cycles;
}

/**
 * Imports of a file from outside its folder by another way than the folder's entry, the file that bears its name, as
 * `importer → file`. A folder that holds folders only is no room; in a room within a room the outer entry counts.
 */
export function pastEntries({ files, of }: Imports): readonly string[] {
  const rooms = new Set(files.map(dirname).filter((folder) => !ROOTS.has(folder)));
  return [...of].flatMap(([file, targets]) =>
    [...targets]
      .filter((target) => {
        const room = outermostRoom(rooms, target, file);
        return room !== undefined && !isEntry(room, target);
      })
      .map((target) => `${file} → ${target}`),
  );
}

/** Folders without an entry: nothing is above them that could import past one. */
const ROOTS: ReadonlySet<string> = new Set(['src', 'views']);

function outermostRoom(rooms: ReadonlySet<string>, target: string, importer: string): string | undefined {
  const folders = dirname(target).split('/');
  return folders
    .map((_, at) => folders.slice(0, at + 1).join('/'))
    .find((folder) => rooms.has(folder) && !importer.startsWith(`${folder}/`));
}

function isEntry(room: string, file: string): boolean {
  return [`${room}/${posix.basename(room)}.ts`, `${room}/${posix.basename(room)}.tsx`].includes(file);
}
