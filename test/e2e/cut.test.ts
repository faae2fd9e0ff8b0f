import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { runProgram } from '../helpers/program.ts';
import { createWorld, findRealCluster, type World } from '../helpers/real-cluster.ts';
import { mayActOutside } from './packets/dial.ts';

const cluster = await findRealCluster();
const keeps = cluster?.enforcer === 'calico';
/** The node is this machine, so that a pod can have its `ss`, which is in no image of these tests. */
const hasSs = keeps && (await mayActOutside()) && existsSync('/usr/bin/ss');

describe.skipIf(!keeps)('connections that outlive a grant on a real cluster', () => {
  let world: World;
  let env: Readonly<Record<string, string>>;
  let state: string;

  beforeAll(async () => {
    if (cluster === undefined) return;
    state = await mkdtemp(join(tmpdir(), 'sluice-cut-'));
    env = { KUBECONFIG: cluster.alice.kubeconfig, XDG_STATE_HOME: state };
    world = await createWorld(cluster);
  });

  afterAll(async () => {
    await world?.dispose();
    await rm(state, { recursive: true, force: true });
  });

  const sluice = async (...args: readonly string[]) => {
    const program = runProgram([...args, '-n', world.namespace, '-o', 'json'], env);
    const code = await program.ended;
    return { code, text: program.lines.join('\n'), errors: program.errors() };
  };

  /** Grants a path to db, holds a connection through it, and gives the id and what the connection says. */
  async function held(from: string, container: string, address: string) {
    const path = ['--from', from, '--to', 'sts/db', '--port', '5432/tcp', '--for', '10m'];
    const { text, errors } = await sluice('grant', ...path, '--reason', 'test', '--source', 'probe');
    const id = /"event":"granted".*?"id":"(\w+)"/.exec(text)?.[1] ?? errors;
    const { namespace } = world;
    const command = ['timeout', '120', 'netcat', 'hold', 'tcp', address, '200ms'];
    const child = cluster?.start('-n', namespace, 'exec', from, '-c', container, '--', ...command);
    let said = '';
    child?.stdout.on('data', (data: Buffer) => {
      said += data.toString();
    });
    await eventually(() => expect(said).toContain('alive'));
    const alive = () => said.split('alive').length;
    return { id, alive, said: () => said, end: () => child?.kill() };
  }

  test('are listed by pod and socket where nobody may end them, with the command that would', async () => {
    const { id, alive, end } = await held('deploy/web', 'main', 'db:5432');
    const { code, text, errors } = await sluice('revoke', id, '--cut');
    expect(code).toBe(1);
    const [{ living, cut, revoked }] = JSON.parse(text);
    expect({ cut, revoked }).toEqual({ cut: 0, revoked: true });
    expect(living).toMatchObject([{ pod: { namespace: world.namespace }, remote: { port: 5432 } }]);
    const [{ pod, local, remote, command }] = living;
    const ends = `dst ${remote.ip} dport = :5432 sport = :${local.port}`;
    expect(command).toBe(
      `kubectl debug -n ${world.namespace} ${pod.name} -it --profile=netadmin --image=IMAGE -- ss -K -n -t ${ends}`,
    );
    expect(errors).toContain(command);
    const before = alive();
    await eventually(() => expect(alive()).toBeGreaterThan(before + 2));
    end();
  });

  test.skipIf(!hasSs)('are ended from inside a pod that has the right to', async () => {
    if (cluster === undefined) return;
    await cluster.apply(tellerYaml(world.namespace));
    await cluster.kubectl('-n', world.namespace, 'wait', '--for=condition=Ready', 'pod/teller');
    const ip = await cluster.kubectl(
      ...['-n', world.namespace, 'get', 'pod', 'db-0', '-o', 'jsonpath={.status.podIP}'],
    );
    const { id, said, end } = await held('pod/teller', 'main', `${ip}:5432`);
    const { code, text, errors } = await sluice('revoke', id, '--cut');
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(JSON.parse(text)).toMatchObject([{ revoked: true, living: [], cut: 1 }]);
    await eventually(() => expect(said()).toMatch(/broken|closed/));
    end();
  });

  test('are told at the end of a grant that was waited for', async () => {
    const { id, end } = await held('deploy/web', 'main', 'db:5432');
    await sluice('revoke', id);
    const path = ['--from', 'deploy/web', '--to', 'sts/db', '--port', '5432/tcp', '--for', '5s'];
    const ran = await sluice('grant', ...path, '--reason', 'test', '--source', 'probe', '--wait');
    expect(ran.code).toBe(0);
    expect(ran.text).toMatch(/"state":"flowing".*"living":\[\{"pod":/);
    expect(ran.errors).toMatch(/lives? on/);
    expect(ran.errors).toContain('--profile=netadmin');
    end();
  });
});

function tellerYaml(namespace: string): string {
  return `
apiVersion: v1
kind: Pod
metadata: {name: teller, namespace: ${namespace}, labels: {app: teller}}
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: sluice.test/busybox:1
      command: [netcat, pause]
      env: [{name: PATH, value: '/bin:/usr/bin'}]
      securityContext: {capabilities: {add: [NET_ADMIN]}}
      volumeMounts:
        - {name: usr, mountPath: /usr, readOnly: true}
        - {name: lib, mountPath: /lib, readOnly: true}
        - {name: lib64, mountPath: /lib64, readOnly: true}
  volumes:
    - {name: usr, hostPath: {path: /usr}}
    - {name: lib, hostPath: {path: /usr/lib}}
    - {name: lib64, hostPath: {path: /usr/lib64}}`;
}
