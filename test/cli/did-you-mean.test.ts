import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { responderRules } from '../../src/demo/api/access.ts';
import { type LiveDemo, startLiveDemo } from '../helpers/demo/live-demo.ts';
import { runVerb } from '../helpers/verb.ts';

let live: LiveDemo;
let folder: string;

beforeAll(async () => {
  live = await startLiveDemo();
  folder = dirname(live.auditPath);
  await writeFile(join(folder, 'kubeconfig'), live.demo.kubeconfig, { mode: 0o600 });
});

afterAll(() => live.dispose());

function run(args: readonly string[], kubeconfig = join(folder, 'kubeconfig')) {
  return runVerb(args, { KUBECONFIG: kubeconfig, XDG_CONFIG_HOME: folder, XDG_STATE_HOME: folder });
}

const GRANT = ['--port', '5432', '--for', '5m', '--reason', 'test', '--dry-run'];

describe('an unknown namespace names the nearest', () => {
  test.each([
    [['explain', 'web', 'sts/db', '--port', '5432']],
    [['matrix']],
    [['lint']],
    [['flows']],
    [['grant', '--from', 'web', '--to', 'sts/db', ...GRANT]],
    [['grants']],
    [['revoke', '--all']],
    [['revoke', 'c4mzp2']],
  ])('%j', async (args) => {
    const { code, text, errors } = await run([...args, '-n', 'shpo']);
    expect({ code, text, errors }).toEqual({
      code: 1,
      text: '',
      errors: 'sluice: Namespace shpo not found.\n        Did you mean shop?\n',
    });
  });

  test('but not one that exists and is empty, nor with -A', async () => {
    expect(await run(['grants', '-n', 'default'])).toMatchObject({ code: 0 });
    expect(await run(['matrix', '-n', 'shpo', '-A'])).toMatchObject({ code: 0 });
  });

  test('nor for who may not list namespaces', async () => {
    const confined = join(folder, 'confined');
    await writeFile(
      confined,
      live.demo.faults.addUser({ username: 'confined', rules: responderRules(['shop']) }),
    );
    expect(await run(['grants', '-n', 'shop'], confined)).toMatchObject({ code: 0 });
    expect(await run(['lint', '-n', 'shop'], confined)).toMatchObject({ code: 0 });
  });

  test('as part of an end', async () => {
    const { errors } = await run(['explain', 'monitorng/xyzzy-12345', 'sts/db', '--port', '5432']);
    expect(errors).toContain('Namespace monitorng not found. Did you mean monitoring?');
  });
});

test.each(['demoo', 'dem'])('the unknown context %s names the nearest', async (context) => {
  const { code, errors } = await run(['grants', '--context', context]);
  expect(code).toBe(2);
  expect(errors).toContain(
    `Context "${context}" does not exist in the kubeconfig.\n        Did you mean demo?`,
  );
});

describe('an unknown grant names the nearest', () => {
  test.each([['revoke'], ['extend', '--for', '5m']])('%s', async (...args) => {
    const { id } = await live.open({ seconds: 600 });
    const typed = `${id.slice(0, -1)}${id.endsWith('z') ? 'y' : 'z'}`;
    const { code, errors } = await run([...args, typed]);
    expect(code).toBe(1);
    expect(errors).toContain(`Grant "${typed}" not found`);
    expect(errors).toContain(`Did you mean ${id}?`);
    await live.runtime.keeper.revoke([id]);
  });
});
