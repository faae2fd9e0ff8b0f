/**
 * Applies `patches/*.patch` to `node_modules`: what tests and the bundle both run. Made with `git diff`; a hunk replaces
 * a block of lines wherever it stands, and a package that has changed fails the install.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

for (const name of readdirSync('patches')) apply(readFileSync(join('patches', name), 'utf8'));

function apply(patch: string): void {
  const path = /^\+\+\+ b\/(.+)$/m.exec(patch)?.[1] ?? '';
  const hunks = patch.split(/^@@.*@@.*\n/m).slice(1);
  const patched = hunks.reduce(
    (source, hunk) => {
      const [before, after] = [linesOf(hunk, '-'), linesOf(hunk, '+')];
      if (source.includes(before)) return source.replace(before, () => after);
      if (!source.includes(after)) throw new Error(`${path} has changed. Make its patch anew.`);
      return source;
    },
    readFileSync(path, 'utf8'),
  );
  writeFileSync(path, patched);
}

function linesOf(hunk: string, sign: '-' | '+'): string {
  const lines = hunk.split('\n').filter((line) => line.startsWith(sign) || line.startsWith(' '));
  return lines.map((line) => line.slice(1)).join('\n');
}
