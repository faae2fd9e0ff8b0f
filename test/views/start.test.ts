import { execa } from 'execa';
import { expect, test } from 'vitest';

test('what draws is loaded without the HTTP client of Node, which would keep the first paint waiting', async () => {
  const program = `
    let fetched = 0;
    globalThis.fetch = async () => { fetched += 1; throw new Error('not here'); };
    await import('ink');
    process.stdout.write(String(fetched));
  `;
  const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', program]);
  expect(stdout).toBe('0');
});
