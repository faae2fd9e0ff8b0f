import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Program, runProgram } from '../helpers/program.ts';
import { createWorld, findRealCluster, type World } from '../helpers/real-cluster.ts';

const cluster = await findRealCluster();

describe.skipIf(cluster === undefined)('a permanent policy on a real cluster', () => {
  let world: World;
  let folder: string;

  beforeAll(async () => {
    if (cluster === undefined) return;
    folder = await mkdtemp(join(tmpdir(), 'sluice-promote-'));
    world = await createWorld(cluster, 'exist');
  });

  afterAll(async () => {
    await world?.dispose();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const sluice = (...args: readonly string[]) =>
    runProgram([...args, '-n', world.namespace], {
      KUBECONFIG: cluster?.alice.kubeconfig ?? '',
      XDG_STATE_HOME: folder,
    });
  const textOf = async (program: Program, code = 0) => {
    expect({ code: await program.ended, errors: code === 0 ? '' : program.errors() }).toMatchObject({ code });
    return `${program.lines.join('\n')}\n`;
  };
  const PATH = ['deploy/web', 'sts/db', '--port', '5432/tcp'];

  /** What the server says to a file, which it neither changes nor stores. */
  const dryRun = (file: string) =>
    cluster?.kubectl(
      'apply',
      '--server-side',
      '--dry-run=server',
      '--validate=strict',
      '-f',
      file,
      '-o',
      'name',
    );

  test('is what the server accepts, lint is silent on, and opens the path in a what-if', async () => {
    const text = await textOf(sluice('promote', ...PATH));
    expect(text).not.toMatch(/sluice\.dev|ownerReferences|annotations|labels:\n|hash/);
    const file = join(folder, 'promoted.yaml');
    await writeFile(file, text);
    expect((await dryRun(file))?.trim().split('\n').sort()).toEqual([
      'networkpolicy.networking.k8s.io/db-from-web',
      'networkpolicy.networking.k8s.io/web-to-db',
    ]);

    const told = JSON.parse(await textOf(sluice('promote', ...PATH, '-o', 'json')));
    expect(told).toMatchObject({ paths: [{ before: 'deny', after: 'allow' }], findings: [] });
    const explained = JSON.parse(await textOf(sluice('explain', ...PATH, '--with', file, '-o', 'json')));
    expect(explained).toMatchObject({ before: { verdict: 'deny' }, after: { verdict: 'allow' } });
    expect(explained.effect.opens).toEqual(told.opens);
    expect(told.opens).toMatchObject([{ from: { name: 'web' }, to: { name: 'db' } }]);
  });

  test('of a living grant is the same, and stands in for it once applied', async () => {
    const asked = ['--from', 'deploy/web', '--to', 'sts/db', '--port', '5432/tcp', '--for', '10m'];
    const granting = sluice('grant', ...asked, '--reason', 'test', '-o', 'json');
    const { id } = await granting.event('granted');
    expect(await granting.ended).toBe(0);
    const text = await textOf(sluice('promote', String(id)));
    expect(text).toBe(await textOf(sluice('promote', ...PATH)));

    const folderOf = join(folder, 'policies');
    await textOf(sluice('promote', String(id), '--kustomize', folderOf));
    expect((await readdir(folderOf)).sort()).toEqual([
      'db-from-web.yaml',
      'kustomization.yaml',
      'web-to-db.yaml',
    ]);
    await cluster?.kubectl('apply', '-k', folderOf);
    await textOf(sluice('revoke', String(id)), 3);
    expect(JSON.parse(await textOf(sluice('explain', ...PATH, '-o', 'json'))).verdict).toBe('allow');
    const again = sluice('promote', ...PATH);
    expect(await textOf(again)).toBe('\n');
    expect(again.errors()).toContain('is open without a grant: no policy is needed.');
    const lint = JSON.parse(await textOf(sluice('lint', '-o', 'json')));
    const mine = ['db-from-web', 'web-to-db'];
    expect(
      lint.findings.filter(({ policy }: { policy: { name: string } }) => mine.includes(policy.name)),
    ).toEqual([]);
  });
});
