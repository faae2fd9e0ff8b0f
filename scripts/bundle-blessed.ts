/**
 * Makes blessed fit into a bundle: it looks widgets up by file name and reads terminfo from its own folder, which a
 * bundle does not have. Only what the charts use goes in.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { patchPlugin, replaced } from './patch-plugin.ts';

/** The widgets that blessed-contrib's charts stand on. */
const WIDGETS = ['Node', 'Screen', 'Element', 'Box'];

/** The plugin for esbuild. */
export const bundleBlessed = patchPlugin('bundle-blessed', [
  {
    file: /[\\/]blessed[\\/]lib[\\/]widget\.js$/,
    change: () =>
      WIDGETS.map((name) => {
        const file = name.toLowerCase();
        return `exports.${name} = exports.${file} = require('./widgets/${file}');`;
      }).join('\n'),
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
    change: (source) => replaced(source, "require('lodash')", "{ max: require('lodash/max') }"),
  },
  {
    file: /[\\/]drawille-blessed-contrib[\\/]index\.js$/,
    change: (source) => replaced(source, 'new Buffer(', 'Buffer.alloc('),
  },
]);
