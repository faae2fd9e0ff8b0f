import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expectRefused } from '../../helpers/bad-input.ts';
import { type LiveDemo, startLiveDemo } from '../../helpers/demo/live-demo.ts';
import { type Program, runProgram } from '../../helpers/program.ts';
import { runVerb } from '../../helpers/verb.ts';

let live: LiveDemo;
let env: Readonly<Record<string, string>>;
let program: Program | undefined;

beforeEach(async () => {
  live = await startLiveDemo();
  const folder = dirname(live.auditPath);
  const KUBECONFIG = join(folder, 'kubeconfig');
  await writeFile(KUBECONFIG, live.demo.kubeconfig, { mode: 0o600 });
  env = { KUBECONFIG, XDG_STATE_HOME: join(folder, 'state'), XDG_CONFIG_HOME: join(folder, 'config') };
});

afterEach(async () => {
  program?.process.kill('SIGKILL');
  await program?.ended;
  program = undefined;
  await live.dispose();
});

describe('sluice sweep --watch', () => {
  test('writes a line of JSON about each leftover, and ends with 0 when it is told to', async () => {
    program = runProgram(['sweep', '--watch', '-n', 'shop', '-o', 'json'], env);
    expect(await program.event('watching')).toMatchObject({ namespace: 'shop' });
    const grant = await live.open({ seconds: 600 });
    await live.runtime.keeper.dispose();
    const [half] = grant.halves;
    live.demo.faults.suspend('shop', half?.lease?.name ?? '');
    expect(await program.event('swept')).toMatchObject({
      time: expect.stringMatching(/Z$/),
      name: grant.id,
      state: 'removed',
      requester: 'responder@demo',
      why: [expect.stringContaining('it is suspended')],
      objects: [{ kind: 'NetworkPolicy' }, { kind: 'Job' }],
      deleted: 2,
      left: [],
      recorded: true,
    });
    program.process.kill('SIGTERM');
    expect(await program.ended).toBe(0);
    expect(program.errors()).toBe('');
  });

  test.each([
    [['sweep', '--watch', 'abc'], /--watch can't be used with abc/],
    [['sweep', '--watch', '--dry-run'], /--watch can't be used with --dry-run/],
  ])('%j is refused', async (args, says) => {
    expectRefused(await runVerb(args, env), 2, says);
  });
});
