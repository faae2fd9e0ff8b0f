/**
 * Makes blessed fit into a bundle: it looks widgets up by file name and reads terminfo from its own folder, which a
 * bundle does not have. Only what the charts use goes in.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Plugin } from 'esbuild';

/** The widgets that blessed-contrib's charts stand on. */
const WIDGETS = ['Node', 'Screen', 'Element', 'Box'];

/** Replaces, in one file of a package, texts that must be there: a changed package must fail the build. */
type Patch = {
  readonly file: RegExp;
  readonly change: (source: string, path: string) => Promise<string>;
};

const PATCHES: readonly Patch[] = [
  {
    file: /[\\/]blessed[\\/]lib[\\/]widget\.js$/,
    change: async () =>
      WIDGETS.map(
        (name) =>
          `exports.${name} = exports.${name.toLowerCase()} = require('./widgets/${name.toLowerCase()}');`,
      ).join('\n'),
  },
  {
    file: /[\\/]blessed[\\/]lib[\\/]tput\.js$/,
    change: async (source, path) => {
      const terminfo = await readFile(join(dirname(path), '../usr/xterm-256color'));
      const withFile = replaced(source, 'path.normalize(this._prefix(term))', "'xterm-256color'");
      return replaced(
        withFile,
        'fs.readFileSync(file);\n  info',
        `Buffer.from('${terminfo.toString('base64')}', 'base64');\n  info`,
      );
    },
  },
  {
    file: /[\\/]blessed-contrib[\\/]lib[\\/]widget[\\/]charts[\\/]line\.js$/,
    change: async (source) => replaced(source, "require('lodash')", "{ max: require('lodash/max') }"),
  },
  {
    file: /[\\/]drawille-blessed-contrib[\\/]index\.js$/,
    change: async (source) => replaced(source, 'new Buffer(', 'Buffer.alloc('),
  },
];

/** The plugin for esbuild. */
export const bundleBlessed: Plugin = {
  name: 'bundle-blessed',
  setup: (build) => {
    for (const { file, change } of PATCHES) {
      build.onLoad({ filter: file }, async ({ path }) => ({
        contents: await change(await readFile(path, 'utf8'), path),
        loader: 'js',
      }));
    }
  },
};

function replaced(source: string, before: string, after: string): string {
  if (!source.includes(before)) throw new Error(`blessed has changed: "${before}" is not in it any more.`);
  return source.replace(before, () => after);
}
