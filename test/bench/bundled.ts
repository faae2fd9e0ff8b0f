import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { execa } from 'execa';
import { bundleBlessed } from '../../scripts/bundle-blessed.ts';
import { bundleInk } from '../../scripts/bundle-ink.ts';

/** Runs a file as the app is shipped (production React, esbuild) in a process of its own; gives what it printed. */
export async function runBundled(name: string, args: readonly string[] = []): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `sluice-${name}-`));
  try {
    await build({
      entryPoints: { [name]: `test/bench/${name}.ts` },
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      minify: true,
      platform: 'node',
      format: 'esm',
      target: 'node22',
      supported: { 'regexp-set-notation': true },
      jsx: 'automatic',
      define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
      alias: { 'react-devtools-core': './scripts/empty.cjs' },
      plugins: [bundleBlessed, bundleInk],
      banner: {
        js: "import { createRequire as __r } from 'node:module'; const require = __r(import.meta.url);",
      },
    });
    const { stdout } = await execa(process.execPath, ['--expose-gc', join(folder, `${name}.mjs`), ...args]);
    return stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}
