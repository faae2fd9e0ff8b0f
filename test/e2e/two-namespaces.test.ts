import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Program, runProgram } from '../helpers/program.ts';
import { confinedKubeconfig, createWorld, findRealCluster, type World } from '../helpers/real-cluster.ts';

const cluster = await findRealCluster();

describe.skipIf(cluster === undefined)('a grant over two namespaces of a real cluster', () => {
  let near: World;
  let far: World;
  let state: string;
  let confined: string;

  beforeAll(async () => {
    if (cluster === undefined) return;
    state = await mkdtemp(join(tmpdir(), 'sluice-state-'));
    [near, far] = await Promise.all([createWorld(cluster), createWorld(cluster)]);
    confined = await confinedKubeconfig(cluster, near.namespace, state);
  });

  afterAll(async () => {
    await Promise.all([near?.dispose(), far?.dispose()]);
    await rm(state, { recursive: true, force: true });
  });

  const run = (kubeconfig: string, ...args: readonly string[]) =>
    runProgram([...args, '-o', 'json'], { KUBECONFIG: kubeconfig, XDG_STATE_HOME: state });
  const answer = async (program: Program) => {
    await program.ended;
    return JSON.parse(program.lines.join('\n'));
  };

  test('shows, extends and revokes both halves, or reports which it could not', async () => {
    if (cluster === undefined) return;
    const alice = cluster.alice.kubeconfig;
    const to = `${far.namespace}/sts/db`;
    const asked = [
      '--from',
      'deploy/web',
      '--to',
      to,
      '--port',
      '5432/tcp',
      '--for',
      '10m',
      '--reason',
      'test',
    ];
    const granting = run(alice, 'grant', '-n', near.namespace, ...asked);
    const { id } = await granting.event('granted');
    expect(await granting.ended).toBe(0);

    for (const space of [near.namespace, far.namespace]) {
      const [grant] = await answer(run(alice, 'grants', '-n', space));
      expect(grant).toMatchObject({ id, drift: [] });
      expect(grant.halves.map(({ namespace }: { namespace: string }) => namespace).sort()).toEqual(
        [near.namespace, far.namespace].sort(),
      );
    }

    const [hidden] = await answer(run(confined, 'grants', '-n', near.namespace));
    expect(hidden.unseen).toMatchObject([{ direction: 'ingress', namespace: far.namespace }]);
    const refused = run(confined, 'extend', String(id), '-n', near.namespace, '--for', '5m');
    expect(await refused.ended).toBe(1);
    expect(refused.errors()).toContain(`unseen half in ${far.namespace}`);

    const longer = await answer(run(alice, 'extend', String(id), '--for', '5m'));
    expect(longer.seconds).toBe(900);

    const half = run(confined, 'revoke', String(id), '-n', near.namespace);
    expect(await half.ended).toBe(1);
    expect(JSON.parse(half.lines.join('\n'))).toMatchObject([
      {
        revoked: false,
        halves: [
          { direction: 'egress', namespace: near.namespace, done: true },
          { direction: 'ingress', namespace: far.namespace, done: false },
        ],
      },
    ]);

    const [rest] = await answer(run(alice, 'grants', '-n', far.namespace));
    expect(rest.drift.join()).toContain(`its egress half in ${near.namespace} was deleted`);
    const whole = run(alice, 'revoke', String(id));
    expect(await whole.ended).toBe(0);
    expect(await answer(run(alice, 'grants', '-n', far.namespace))).toEqual([]);
  });
});
