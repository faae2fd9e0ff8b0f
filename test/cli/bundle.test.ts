import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../helpers/program.ts';
import { kubeconfigFor, unusedPort } from '../helpers/servers/scripted-server.ts';

test('the bundle stays below 3 MB, without the HTTP client and the generated API of client-node', async () => {
  const chunks = (await readdir('dist')).filter((name) => name.endsWith('.js'));
  const sizes = await Promise.all(chunks.map(async (name) => (await stat(`dist/${name}`)).size));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(3_000_000);
  const licenses = await readFile('dist/THIRD-PARTY-LICENSES.txt', 'utf8');
  expect(licenses).toContain('---- @kubernetes/client-node ');
  expect(licenses).not.toContain('---- undici ');
});

test("a verb calls a server without loading Node's own HTTP client", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bundle-'));
  const hook = join(folder, 'hook.cjs');
  const loaded = "process.moduleLoadList.filter((name) => name.includes('undici')).join()";
  await writeFile(hook, `process.on('exit', () => process.stderr.write('loaded: ' + ${loaded} + '\\n'));`);
  await writeFile(join(folder, 'config'), kubeconfigFor(`https://127.0.0.1:${await unusedPort()}`));
  const verb = runProgram(['grants', '--kubeconfig', join(folder, 'config')], {
    NODE_OPTIONS: `--require ${hook}`,
    XDG_STATE_HOME: folder,
    XDG_CONFIG_HOME: folder,
  });
  expect(await verb.ended).toBe(1);
  expect(verb.errors()).toMatch(/connection refused.*loaded: \n$/s);
  await rm(folder, { recursive: true, force: true });
});
