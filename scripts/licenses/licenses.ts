import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What `package.json` says of a package. */
type About = {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly author?: string | { readonly name: string };
};

const TEXTS = new URL('.', import.meta.url);
const LICENSE_FILE = /^(un)?licen[cs]e|^copying|^notice/i;
const COPYRIGHT = /\bcopyright (?:\(c\)|©).*/i;

/**
 * The license texts of the packages that files come from, as these licenses ask: what a package brings along, notices
 * included, else the standard text of its license with the copyright line of its author.
 *
 * @param files paths of what went into the bundle, from the folder of the project
 */
export function licensesOf(files: readonly string[]): string {
  const folders = Map.groupBy(files, (file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0]);
  const texts = [...folders].flatMap(([folder, inside]) =>
    folder === undefined ? [] : [sectionOf(folder, inside)],
  );
  return [...new Set(texts)].sort().join('\n');
}

function sectionOf(folder: string, files: readonly string[]): string {
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as About;
  const own = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && LICENSE_FILE.test(entry.name))
    .map(({ name }) => readFileSync(join(folder, name), 'utf8').trim());
  const texts = own.length > 0 ? own : [standardText(about, files)];
  return `---- ${about.name} ${about.version} (${about.license})\n${texts.join('\n\n')}\n`;
}

function standardText(about: About, files: readonly string[]): string {
  const inCode = files.flatMap((file) => COPYRIGHT.exec(readFileSync(file, 'utf8')) ?? []);
  const author = typeof about.author === 'object' ? about.author.name : about.author;
  const copyright = inCode[0] ?? (author === undefined ? undefined : `Copyright (c) ${author}`);
  if (copyright === undefined) throw new Error(`${about.name} names nobody who holds its copyright.`);
  try {
    return `${copyright}\n\n${readFileSync(new URL(`${about.license}.txt`, TEXTS), 'utf8').trim()}`;
  } catch (error) {
    const text = `${about.name} brings no license along: put the text of ${about.license} beside this file.`;
    throw new Error(text, { cause: error });
  }
}
