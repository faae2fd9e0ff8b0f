/**
 * What the screen costs: `node test/bench/frame.ts`. The app as it is bundled (production React, esbuild) on a terminal
 * of 160×52 that is a sink, with 10,000 pods and 5,000 rows of attempts. Prints one JSON object.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { execa } from 'execa';
import { bundleBlessed } from '../../scripts/bundle-blessed.ts';
import { bundleInk } from '../../scripts/bundle-ink.ts';

const folder = await mkdtemp(join(tmpdir(), 'sluice-frame-'));
try {
  await build({
    entryPoints: { frame: 'test/bench/frame-app.ts' },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    alias: { 'react-devtools-core': './scripts/empty.cjs' },
    plugins: [bundleBlessed, bundleInk],
    banner: {
      js: "import { createRequire as __r } from 'node:module'; const require = __r(import.meta.url);",
    },
  });
  const { stdout } = await execa(process.execPath, [join(folder, 'frame.mjs')]);
  console.log(stdout);
} finally {
  await rm(folder, { recursive: true });
}
