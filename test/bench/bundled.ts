import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { execa } from 'execa';
import { BUNDLE } from '../../scripts/bundle-options.ts';

/** Runs a file as the app is shipped (production React, esbuild) in a process of its own; gives what it printed. */
export async function runBundled(name: string, args: readonly string[] = []): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `sluice-${name}-`));
  try {
    await build({
      ...BUNDLE,
      entryPoints: { [name]: `test/bench/${name}.ts` },
      outdir: folder,
      outExtension: { '.js': '.mjs' },
    });
    const { stdout } = await execa(process.execPath, ['--expose-gc', join(folder, `${name}.mjs`), ...args]);
    return stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}
