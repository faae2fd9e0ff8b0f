import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

/** Only root may become another user. */
const isRoot = process.getuid?.() === 0;

test.skipIf(!isRoot)('a user without an entry and without HOME, as in a container, is no bug', async () => {
  const child = spawn(process.execPath, ['dist/sluice.js', 'grants'], {
    uid: 65_532,
    gid: 65_532,
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (data: Buffer) => {
    errors += data.toString();
  });
  const [code] = await once(child, 'close');
  expect(errors).toMatch(/^sluice: No kubeconfig found: \/\.kube\/config does not exist\./);
  expect(code).toBe(2);
});
