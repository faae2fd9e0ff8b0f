import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiObject } from '../../src/core/cluster/objects.ts';
import { at } from '../../src/core/common/json.ts';
import { writeTokenKubeconfig } from '../helpers/cluster-users.ts';
import { runProgram } from '../helpers/program.ts';
import { createWorld, findRealCluster, type World } from '../helpers/real-cluster.ts';
import { runVerb } from '../helpers/verb.ts';

const cluster = await findRealCluster();
const ACCOUNT = 'sluice-sweeper';

describe.skipIf(cluster === undefined)('the sweeper on a real cluster', () => {
  const namespace = `sluice-e2e-sweeper-${randomBytes(3).toString('hex')}`;
  let world: World;
  let folder: string;
  let manifests: readonly ApiObject[];

  beforeAll(async () => {
    if (cluster === undefined) return;
    folder = await mkdtemp(join(tmpdir(), 'sluice-sweeper-'));
    world = await createWorld(cluster, 'exist');
    const level = ['enforce', 'warn'].map((mode) => `pod-security.kubernetes.io/${mode}: restricted`);
    await cluster.apply(
      `{apiVersion: v1, kind: Namespace, metadata: {name: ${namespace}, labels: {${level.join(', ')}}}}`,
    );
    const { text } = await runVerb(['manifests', 'sweeper', '-n', namespace, '-o', 'json']);
    manifests = (JSON.parse(text) as { items: readonly ApiObject[] }).items;
    for (const object of manifests)
      if (object.kind !== 'Deployment') await cluster.apply(JSON.stringify(object));
  });

  afterAll(async () => {
    await world?.dispose();
    await cluster?.kubectl('delete', 'clusterrolebinding,clusterrole', ACCOUNT, '--ignore-not-found');
    await cluster?.kubectl('delete', 'namespace', namespace, '--wait=false');
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  test('its objects are accepted, and its pod where the restricted standard is enforced', async () => {
    if (cluster === undefined) return;
    const file = join(folder, 'objects.json');
    const accepted = async (object: object) => {
      await writeFile(file, JSON.stringify(object));
      return cluster.kubectl('apply', '--dry-run=server', '-f', file);
    };
    for (const object of manifests) expect(await accepted(object)).toContain('dry run');
    const template = at(manifests.at(-1), 'spec', 'template') as Pick<ApiObject, 'metadata' | 'spec'>;
    const metadata = { ...template.metadata, name: 'pod', namespace };
    expect(await accepted({ ...template, apiVersion: 'v1', kind: 'Pod', metadata })).toContain('dry run');
  });

  test('with its own token it sweeps what is left, leaves what lives, and ends when it is told to', async () => {
    if (cluster === undefined) return;
    const kubeconfig = join(folder, 'sweeper.kubeconfig');
    await writeTokenKubeconfig(cluster, { namespace, account: ACCOUNT }, kubeconfig);
    const alice = { KUBECONFIG: cluster.alice.kubeconfig, XDG_STATE_HOME: folder };
    const grant = async (port: string) => {
      const path = ['--from', 'deploy/web', '--to', 'sts/db', '--port', port, '--for', '10m'];
      const args = ['grant', '-n', world.namespace, ...path, '--reason', 'test', '--source', 'probe'];
      const ran = runProgram([...args, '-o', 'json'], alice);
      return String((await ran.event('granted')).id);
    };
    await cluster.kubectl('-n', world.namespace, 'rollout', 'status', 'sts/db', '--timeout=60s');
    await cluster.kubectl('-n', world.namespace, 'rollout', 'status', 'deploy/web', '--timeout=60s');
    const [living, lost] = [await grant('5432/tcp'), await grant('5433/tcp')];
    const sweeper = runProgram(['sweep', '--watch', '-A', '-o', 'json'], {
      KUBECONFIG: kubeconfig,
      XDG_STATE_HOME: join(folder, 'pod'),
    });
    try {
      await sweeper.event('watching');
      const job = `job/sluice-${lost}-in`;
      await cluster.kubectl('-n', world.namespace, 'patch', job, '-p', '{"spec":{"suspend":true}}');
      const swept = await sweeper.until(({ event, name }) => event === 'swept' && name === lost);
      expect(swept).toMatchObject({ state: 'removed', left: [], recorded: true });
      sweeper.process.kill('SIGTERM');
      expect(await sweeper.ended).toBe(0);
      expect(sweeper.errors()).toBe('');
      const left = await cluster.kubectl(
        ...['-n', world.namespace, 'get', 'networkpolicies,jobs', '-l', 'sluice.dev/grant', '-o', 'name'],
      );
      expect(left).not.toContain(lost);
      expect(left).toContain(living);
    } finally {
      sweeper.process.kill('SIGKILL');
      await runProgram(['revoke', living, '-n', world.namespace], alice).ended;
    }
  });

  test.each([
    ['create', 'jobs'],
    ['create', 'networkpolicies'],
    ['patch', 'networkpolicies'],
    ['get', 'secrets'],
    ['create', 'pods/exec'],
  ])('it may not %s %s', async (verb, resource) => {
    const who = `--as=system:serviceaccount:${namespace}:${ACCOUNT}`;
    const answer = await cluster
      ?.kubectl('auth', 'can-i', verb, resource, '-A', who)
      .catch(({ stdout }: { stdout: string }) => stdout);
    expect(answer?.trim()).toBe('no');
  });
});
