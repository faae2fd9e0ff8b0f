import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Imports of these files give their text, as in the bundle. */
const text = {
  name: 'text',
  enforce: 'pre' as const,
  async load(id: string) {
    const path = id.split('?')[0] ?? id;
    return /\.(proto|bash|zsh|fish)$/.test(path)
      ? `export default ${JSON.stringify(await readFile(path, 'utf8'))}`
      : undefined;
  },
};

export default defineConfig({
  plugins: [text],
  define: { 'process.env.NODE_ENV': '"production"' },
  test: {
    // One more than there are processors: many tests wait for a program or for a deadline.
    maxWorkers: availableParallelism() + 1,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: ['test/e2e/**'],
          setupFiles: ['test/helpers/fuzz/setup.ts'],
          // What takes long has its own patience, and says then what it waited for.
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.{ts,tsx}'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
