/** Counts what shows whether the tree still explains itself: `node scripts/house/count.ts`. */
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { cyclesOf, folderImports, pastEntries, readImports } from './imports.ts';

const imports = readImports(['src', 'views']);
const { files, importers } = imports;
const inSrc = files.filter((file) => file.startsWith('src/'));
const folders = new Set(inSrc.map(dirname));
const depths = [...folders].map((folder) => folder.split('/').length - 1);
const names = Map.groupBy(files, (file) => basename(file));
/** A folder's entry bears its folder's name. */
const named = (file: string) => basename(file).replace(/\.tsx?$/, '') === basename(dirname(file));
const often = [...names]
  .filter(([, at]) => at.filter((file) => !named(file)).length > 2)
  .sort(([, a], [, b]) => b.length - a.length);
const fileCycles = cyclesOf(imports.of);
const folderCycles = cyclesOf(folderImports(imports));

const lines = (list: readonly string[]) =>
  list.reduce((sum, file) => sum + readFileSync(file, 'utf8').split('\n').length - 1, 0);

const rows: readonly (readonly [string, string | number])[] = [
  ['files in src', inSrc.length],
  ['files in views', files.length - inSrc.length],
  ['lines in src', lines(inSrc)],
  ['lines in views', lines(files.filter((file) => !file.startsWith('src/')))],
  ['folders in src', folders.size],
  ['deepest folder below src', Math.max(...depths)],
  ['files with one importer', files.filter((file) => importers.get(file)?.size === 1).length],
  ['file cycles, type imports counted', fileCycles.length],
  ['files in them', fileCycles.flat().length],
  ['folder cycles, type imports counted', folderCycles.length],
  ['folders in them', folderCycles.flat().length],
  ['imports past the entry of a folder', pastEntries(imports).length],
  ['names of more than two files', often.map(([name, at]) => `${name} ×${at.length}`).join(', ') || 'none'],
];
for (const [what, count] of rows) console.log(`${what.padEnd(38)}${count}`);
for (const cycle of [...fileCycles, ...folderCycles]) console.log(`cycle: ${cycle.join(' ')}`);
