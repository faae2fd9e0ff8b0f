import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runProgram } from '../helpers/program.ts';
import { createWorld, findRealCluster, type World } from '../helpers/real-cluster.ts';

const cluster = await findRealCluster();
const relay =
  (await cluster
    ?.kubectl('-n', 'kube-system', 'get', 'deploy', 'hubble-relay', '-o', 'name')
    .catch(() => '')) ?? '';
if (cluster !== undefined && relay === '')
  console.warn('\n*** SKIPPED: no Hubble Relay in the real cluster ***\n');

describe.skipIf(relay === '')('Hubble Relay on a real cluster', () => {
  let world: World;
  let env: Readonly<Record<string, string>>;
  let state: string;

  beforeAll(async () => {
    if (cluster === undefined) return;
    state = await mkdtemp(join(tmpdir(), 'sluice-state-'));
    env = { KUBECONFIG: cluster.alice.kubeconfig, XDG_STATE_HOME: state };
    world = await createWorld(cluster);
  });

  afterAll(async () => {
    await world?.dispose();
    await rm(state, { recursive: true, force: true });
  });

  test('is found, forwarded in process, and shows the drops of web to db as they happen', async () => {
    const program = runProgram(['flows', '-f', '-n', world.namespace, '-o', 'json'], env);
    await program.until(({ seen }) => seen === 'hubble');
    const fits = (line: Readonly<Record<string, unknown>>) => {
      const source = line.source as { namespace?: string; name?: string };
      return line.verdict === 'drop' && line.port === 5_432 && source.namespace === world.namespace;
    };
    const drop = await program.until(fits);
    expect(Date.now() - Date.parse(String(drop.last))).toBeLessThan(2_000);
    expect(drop).toMatchObject({ seen: 'hubble', why: expect.stringContaining('web-egress admits app=api') });
    program.process.kill('SIGTERM');
    expect(await program.ended).toBe(130);
  });

  test('proves that a grant opens and closes from flows alone', async () => {
    const program = runProgram(
      [
        ...['grant', '-n', world.namespace, '--from', 'deploy/web', '--to', 'sts/db', '--port', '5432/tcp'],
        ...['--for', '10s', '--reason', 'test', '--wait', '--source', 'hubble', '-o', 'json'],
      ],
      env,
    );
    expect(await program.event('open')).toMatchObject({ how: 'seen by hubble' });
    expect(await program.event('closed')).toMatchObject({
      closed: true,
      proof: expect.stringMatching(/dropped since/),
    });
    expect(await program.ended).toBe(0);
  });

  test.skipIf(cluster?.enforcer !== 'calico')('does not make Calico look like Cilium', async () => {
    const program = runProgram(
      ['explain', '-n', world.namespace, 'deploy/web', 'sts/db', '--port', '5432/tcp'],
      env,
    );
    expect(await program.ended).toBe(3);
    expect(program.lines.join('\n')).toContain('enforced by calico');
  });
});
