import { build, type Metafile } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { shipped } from '../../scripts/bundle-options.ts';

let inputs: Metafile['inputs'];

beforeAll(async () => {
  inputs = (await build({ ...shipped(), outdir: 'dist', write: false, metafile: true })).metafile.inputs;
}, 120_000);

/** The files that are loaded along with a file, before any of its functions run. */
function loadedWith(file: string, known: Set<string> = new Set()): ReadonlySet<string> {
  known.add(file);
  for (const { path, kind } of inputs[file]?.imports ?? []) {
    if (kind === 'import-statement' && !known.has(path)) loadedWith(path, known);
  }
  return known;
}

describe('the command line loads modules lazily (TERM-9)', () => {
  test.each([
    'src/session/',
    'src/core/policy/decide/engine.ts',
    'src/kube/',
    'src/hubble/',
    'src/demo/',
    'views/',
  ])('%s is not loaded to parse the arguments', (part) => {
    const loaded = [...loadedWith('src/cli/cli.ts')];
    expect(loaded).toContain('src/cli/shared/options.ts');
    expect(loaded.filter((file) => file.startsWith(part))).toEqual([]);
  });

  test('the entry point loads alone, so that an old Node is rejected at once', () => {
    const own = [...loadedWith('src/cli/bin.ts')].filter((file) => inputs[file] !== undefined);
    expect(own).toEqual(['src/cli/bin.ts', 'src/cli/node-version.ts']);
  });
});
