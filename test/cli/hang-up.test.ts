import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MANAGED_SELECTOR } from '../../src/core/grants/names.ts';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import { type Cluster, connect } from '../../src/kube/kube.ts';
import { eventually } from '../helpers/eventually.ts';
import { runInPty } from '../helpers/pty-app.ts';

let folder: string;
let demo: Demo;
let cluster: Cluster;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-hang-up-'));
  demo = await startDemo();
  await writeFile(join(folder, 'kubeconfig'), demo.kubeconfig);
  cluster = await connect({ kubeconfig: { text: demo.kubeconfig } });
});

afterEach(async () => {
  await cluster.dispose();
  await demo.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The app with an active grant, on a cluster that outlives it. */
async function granted() {
  const app = runInPty(['--hubble-server', demo.hubbleAddress], {
    env: { KUBECONFIG: join(folder, 'kubeconfig'), XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder },
  });
  await app.shows(/✗ DROP +web +db/);
  app.press('3/^web db');
  app.press('\r');
  app.press('g');
  await app.shows(/dry-run accepted/);
  app.press('why\r');
  await app.shows(/✓ open .*left of 15m/);
  return app;
}

/** Policies of active grants in the cluster. */
async function standing(): Promise<readonly string[]> {
  const policies = await cluster.api.list(
    { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' },
    { namespace: 'shop', labels: MANAGED_SELECTOR },
  );
  return policies.map(({ metadata }) => metadata.name);
}

test('closing the terminal revokes active grants', async () => {
  const app = await granted();
  expect(await standing()).toHaveLength(1);
  app.hangUp();
  await app.ended;
  expect(await standing()).toEqual([]);
});

test.each(['SIGHUP', 'SIGTERM'])(
  '%s twice, as kernel and shell may both send it, still revokes',
  async (name) => {
    const app = await granted();
    const release = demo.faults.stall({ method: 'DELETE' });
    app.kill(name);
    await app.shows(/revoking/);
    app.kill(name);
    app.resize(121, 30);
    await app.shows(/revoking/);
    release();
    expect(await app.ended).toBe(130);
    expect(await standing()).toEqual([]);
  },
);

test('pressing ctrl-c again during the revoke exits at once, and leaves grants open', async () => {
  const app = await granted();
  const release = demo.faults.stall({ method: 'DELETE' });
  app.kill('SIGINT');
  await app.shows(/revoking/);
  let over = false;
  const ended = app.ended.finally(() => {
    over = true;
  });
  await eventually(() => {
    if (!over) app.kill('SIGINT');
    expect(over).toBe(true);
  });
  expect(await ended).toBe(130);
  expect(await standing()).toHaveLength(1);
  release();
});
