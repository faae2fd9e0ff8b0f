/** Makes what users run: `dist/sluice.js` and the chunks that it loads when they are needed. */
import { chmod, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { shipped } from './bundle-options.ts';
import { licensesOf } from './licenses/licenses.ts';

const result = await build({ ...shipped(), outdir: 'dist', metafile: true });
for (const bin of ['sluice', 'kubectl_complete-sluice']) await chmod(`dist/${bin}.js`, 0o755);
await writeFile('dist/THIRD-PARTY-LICENSES.txt', licensesOf(Object.keys(result.metafile.inputs)));
await sweep([...Object.keys(result.metafile.outputs), 'dist/THIRD-PARTY-LICENSES.txt']);

/** Removes what earlier bundles left, after the new one stands: a program that runs meanwhile finds its chunks. */
async function sweep(kept: readonly string[]): Promise<void> {
  const names = new Set(kept.map((path) => basename(path)));
  const stale = (await readdir('dist')).filter((name) => !names.has(name));
  await Promise.all(stale.map((name) => rm(join('dist', name), { recursive: true, force: true })));
}
