import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/** One file of a package and what becomes of it in the bundle. */
export type Patch = {
  readonly file: RegExp;
  readonly change: (source: string, path: string) => string | Promise<string>;
};

/** An esbuild plugin that changes files of packages while they are bundled. */
export function patchPlugin(name: string, patches: readonly Patch[]): Plugin {
  return {
    name,
    setup: (build) => {
      for (const { file, change } of patches) {
        build.onLoad({ filter: file }, async ({ path }) => ({
          contents: await change(await readFile(path, 'utf8'), path),
          loader: 'js',
        }));
      }
    },
  };
}

/** The source with a text replaced that must be in it: a package that has changed must fail the build. */
export function replaced(source: string, before: string | RegExp, after: string): string {
  const isThere = typeof before === 'string' ? source.includes(before) : before.test(source);
  if (!isThere) throw new Error(`A package has changed: "${before}" is not in it any more.`);
  return source.replace(before, () => after);
}
