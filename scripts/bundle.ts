/** Makes what users run: `dist/sluice.js` and the chunks that it loads when they are needed. */
import { readFileSync } from 'node:fs';
import { chmod, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { BUNDLE } from './bundle-options.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

const result = await build({
  ...BUNDLE,
  entryPoints: { sluice: 'src/cli/bin.ts', 'kubectl_complete-sluice': 'src/cli/kubectl-complete.ts' },
  outdir: 'dist',
  metafile: true,
  legalComments: 'none',
  loader: { '.proto': 'text', '.bash': 'text', '.zsh': 'text', '.fish': 'text' },
  define: { ...BUNDLE.define, __SLUICE_VERSION__: JSON.stringify(version) },
});
for (const bin of ['sluice', 'kubectl_complete-sluice']) await chmod(`dist/${bin}.js`, 0o755);
await writeFile('dist/THIRD-PARTY-LICENSES.txt', licences(Object.keys(result.metafile.inputs)));
await sweep([...Object.keys(result.metafile.outputs), 'dist/THIRD-PARTY-LICENSES.txt']);

/** Removes what earlier bundles left, after the new one stands: a program that runs meanwhile finds its chunks. */
async function sweep(kept: readonly string[]): Promise<void> {
  const names = new Set(kept.map((path) => basename(path)));
  const stale = (await readdir('dist')).filter((name) => !names.has(name));
  await Promise.all(stale.map((name) => rm(join('dist', name), { recursive: true, force: true })));
}

/** The licence texts of every package that went into the bundle, as their licences ask. */
function licences(inputs: readonly string[]): string {
  const packages = new Set<string>();
  for (const input of inputs) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match?.[1] !== undefined) packages.add(match[1]);
  }
  return [...packages].sort().map(licence).join('\n');
}

function licence(folder: string): string {
  const about = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as {
    name: string;
    version: string;
    license?: unknown;
  };
  const names = [
    'LICENSE',
    'LICENSE.md',
    'LICENSE.txt',
    'LICENCE',
    'license',
    'license.md',
    'License',
    'LICENSE-MIT',
    'LICENSE-MIT.txt',
    'COPYING',
  ];
  let text = `(${String(about.license ?? 'no licence file')})`;
  for (const name of names) {
    try {
      text = readFileSync(`${folder}/${name}`, 'utf8').trim();
      break;
    } catch {}
  }
  return `---- ${about.name} ${about.version}\n${text}\n`;
}
