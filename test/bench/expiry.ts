/**
 * How late grants end: `node test/bench/expiry.ts`. A hundred grants with one deadline on the embedded cluster, ended
 * by the app over real HTTP. Budgets: delete sent within 100 ms of the window p99, all gone within 0.5 s.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { execa } from 'execa';

const folder = await mkdtemp(join(tmpdir(), 'sluice-expiry-'));
try {
  await build({
    entryPoints: { expiry: 'test/bench/expiry-app.ts' },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    loader: { '.proto': 'text' },
    banner: {
      js: "import { createRequire as __r } from 'node:module'; const require = __r(import.meta.url);",
    },
  });
  const { stdout } = await execa(process.execPath, [join(folder, 'expiry.mjs')], {
    env: { XDG_STATE_HOME: folder },
  });
  console.log(stdout);
} finally {
  await rm(folder, { recursive: true, force: true });
}
