import { readFileSync } from 'node:fs';
import type { BuildOptions } from 'esbuild';
import { bundleBlessed } from './bundle-blessed.ts';
import { bundleClientNode } from './bundle-client-node.ts';

/** How the app is bundled as it is shipped: production React, ESM for Node, in chunks. */
export const BUNDLE: BuildOptions = {
  bundle: true,
  splitting: true,
  minify: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  // Else each literal becomes a call that parses its text anew, in the middle of measuring a line too.
  supported: { 'regexp-set-notation': true },
  jsx: 'automatic',
  define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
  plugins: [bundleBlessed, bundleClientNode],
  alias: { 'react-devtools-core': './scripts/empty.cjs' },
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
};

/** The app itself, as users run it. */
export function shipped(): BuildOptions {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  return {
    ...BUNDLE,
    entryPoints: { sluice: 'src/cli/bin.ts', 'kubectl_complete-sluice': 'src/cli/kubectl-complete.ts' },
    legalComments: 'none',
    loader: { '.proto': 'text', '.bash': 'text', '.zsh': 'text', '.fish': 'text' },
    define: { ...BUNDLE.define, __SLUICE_VERSION__: JSON.stringify(version) },
  };
}
