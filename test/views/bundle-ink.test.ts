import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { execa } from 'execa';
import { afterAll, expect, test } from 'vitest';
import { bundleBlessed } from '../../scripts/bundle-blessed.ts';
import { bundleInk } from '../../scripts/bundle-ink.ts';

const folder = await mkdtemp(join(tmpdir(), 'sluice-ink-'));
afterAll(() => rm(folder, { recursive: true }));

/** Draws the app in many states and sizes, and prints all that it sent to the terminal. */
const PROGRAM = `
  import { openScreen } from './test/helpers/screen.tsx';
  import { attemptLine, deniedVerdict, grantForm, NOW, podRow, sessionState } from './test/helpers/session-state.ts';
  const screen = openScreen({ columns: 120, rows: 30 });
  const states = [
    {},
    { attempts: [attemptLine({ from: '支払い支払い支払い', to: 'x'.repeat(90) }), attemptLine({ turned: NOW })] },
    { focus: 'pods', pods: Array.from({ length: 90 }, (_, index) => podRow('pod-' + index + '-é支👍')) },
    { overlay: { type: 'grant', form: grantForm() } },
    { overlay: { type: 'explain', title: 'web → db', verdict: deniedVerdict(), scroll: 0, at: NOW } },
    { overlay: { type: 'none' }, zoomed: true },
    { now: NOW + 5000, serverNow: NOW + 5000 },
    ...Array.from({ length: 30 }, (_, index) => ({ attempts: [attemptLine({ from: 'new-' + index })], focus: 'attempts' })),
  ];
  for (const [columns, rows] of [[120, 30], [80, 24], [200, 60]]) {
    screen.resize(columns, rows);
    await screen.settled();
    for (const state of states) {
      screen.set({ ...sessionState(), ...state });
      await screen.settled();
    }
  }
  await screen.close();
  process.stdout.write(JSON.stringify(screen.bytes()));
`;

async function drawn(name: string, plugins: Plugin[]): Promise<string> {
  await build({
    stdin: { contents: PROGRAM, resolveDir: process.cwd(), loader: 'ts' },
    outfile: join(folder, `${name}.mjs`),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    alias: { 'react-devtools-core': './scripts/empty.cjs' },
    plugins: [bundleBlessed, ...plugins],
    banner: {
      js: "import { createRequire as __r } from 'node:module'; const require = __r(import.meta.url);",
    },
  });
  const { stdout } = await execa(process.execPath, [join(folder, `${name}.mjs`)], { env: { TZ: 'UTC' } });
  return stdout;
}

test('the Ink in the bundle draws what Ink draws, byte by byte', async () => {
  const plain = await drawn('plain', []);
  expect(plain).toContain('new-29');
  expect(await drawn('remembering', [bundleInk])).toBe(plain);
}, 60_000);
