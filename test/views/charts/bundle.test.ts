import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { execa } from 'execa';
import { afterAll, expect, test } from 'vitest';
import { bundleBlessed } from '../../../scripts/bundle-blessed.ts';

const folder = await mkdtemp(join(tmpdir(), 'sluice-charts-'));
afterAll(() => rm(folder, { recursive: true }));

const PROGRAM = `
  import { openBoard } from './views/charts/off-screen.ts';
  const board = openBoard({ columns: 60, rows: 10 });
  const series = [{ sign: '✓', name: 'allowed', tone: 'good', values: [3, 5, 1] }];
  const { lines } = board.draw({ seconds: 1, times: [0, 1_000, 2_000], series });
  process.stdout.write(JSON.stringify(lines));
  board.dispose();
`;

test('charts draw from a bundle alone, without blessed beside it and without a word on stderr', async () => {
  await build({
    stdin: { contents: PROGRAM, resolveDir: process.cwd(), loader: 'ts' },
    outfile: join(folder, 'charts.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    plugins: [bundleBlessed],
    banner: {
      js: "import { createRequire as __r } from 'node:module'; const require = __r(import.meta.url);",
    },
  });

  const { stdout, stderr } = await execa(process.execPath, ['charts.mjs'], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', TERM: 'dumb' },
    extendEnv: false,
  });

  expect(stderr).toBe('');
  expect(stdout).toContain('good');
  expect(stdout).toMatch(/[\u2801-\u28ff]/);
});
