import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { loadKubeconfig } from '../../../src/kube/config/kubeconfig.ts';
import { chooseTarget } from '../../../src/kube/config/target.ts';
import { type Cluster, connect } from '../../../src/kube/kube.ts';
import { failure, json, type ScriptedServer, scriptedServer } from '../../helpers/servers/scripted-server.ts';
import { TEST_CERT } from '../../helpers/servers/tls-pair.ts';

const PODS = { group: '', version: 'v1', resource: 'pods' };

let folder: string;
let account: string;
let server: ScriptedServer;
let accepted: string;
let cluster: Cluster | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-pod-'));
  account = join(folder, 'serviceaccount');
  await mkdir(account);
  await writeFile(join(account, 'token'), 'first\n');
  await writeFile(join(account, 'namespace'), 'operations\n');
  await writeFile(join(account, 'ca.crt'), TEST_CERT);
  accepted = 'first';
  server = await scriptedServer(
    ({ headers }, response) => {
      if (headers.authorization === `Bearer ${accepted}`)
        json(response, { kind: 'PodList', metadata: { resourceVersion: '1' }, items: [] });
      else json(response, failure(401, 'Unauthorized', 'Unauthorized'), 401);
    },
    { tls: true },
  );
  vi.stubEnv('KUBECONFIG', '');
  vi.stubEnv('HOME', folder);
  vi.stubEnv('POD_NAMESPACE', '');
  vi.stubEnv('KUBERNETES_SERVICE_HOST', '127.0.0.1');
  vi.stubEnv('KUBERNETES_SERVICE_PORT', String(server.port));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await cluster?.dispose();
  cluster = undefined;
  await server.close();
  await rm(folder, { recursive: true });
});

const open = async () => {
  cluster = await connect({ serviceAccount: account });
  return cluster;
};
const tokens = () => server.requests.map(({ headers }) => headers.authorization);

describe('in a pod without a kubeconfig', () => {
  test('the server of the environment is asked with the token, over TLS that the CA of the pod proves', async () => {
    const { api, namespace, context } = await open();
    expect(await api.list(PODS, { namespace })).toEqual([]);
    expect({ namespace, context }).toEqual({ namespace: 'operations', context: 'in-cluster' });
    expect(tokens()).toEqual(['Bearer first']);
  });

  test('a token that the kubelet has rotated is read again where the old one is refused', async () => {
    const { api } = await open();
    await api.list(PODS);
    await writeFile(join(account, 'token'), 'second\n');
    accepted = 'second';
    expect(await api.list(PODS)).toEqual([]);
    expect(tokens()).toEqual(['Bearer first', 'Bearer first', 'Bearer second']);
  });

  test('without the CA of the pod, a server that the system does not trust is refused', async () => {
    await rm(join(account, 'ca.crt'));
    const { api } = await open();
    await expect(api.list(PODS)).rejects.toMatchObject({ code: 'unreachable' });
    expect(server.requests).toEqual([]);
  });

  test('POD_NAMESPACE and -n come before the namespace of the pod', async () => {
    vi.stubEnv('POD_NAMESPACE', 'named');
    const config = await loadKubeconfig(undefined, account);
    expect((await chooseTarget(config, {})).namespace).toBe('named');
    expect((await chooseTarget(config, { namespace: 'asked' })).namespace).toBe('asked');
  });

  test('an IPv6 address of the server is put in brackets', async () => {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', 'fd00::1');
    const { cluster: found } = await chooseTarget(await loadKubeconfig(undefined, account), {});
    expect(found.server.href).toBe(`https://[fd00::1]:${server.port}/`);
  });

  test('a kubeconfig without any entry counts as none', async () => {
    await writeFile(join(folder, 'empty'), 'apiVersion: v1\nkind: Config\n');
    vi.stubEnv('KUBECONFIG', join(folder, 'empty'));
    expect((await loadKubeconfig(undefined, account)).current).toBe('in-cluster');
  });
});

describe('the service account is left alone', () => {
  test('where a kubeconfig has a context', async () => {
    await writeFile(join(folder, 'own'), server.kubeconfig());
    vi.stubEnv('KUBECONFIG', join(folder, 'own'));
    expect((await loadKubeconfig(undefined, account)).current).toBe('test');
  });

  test('where a file is named by flag', async () => {
    await expect(loadKubeconfig(join(folder, 'typo'), account)).rejects.toMatchObject({ code: 'config' });
  });

  test.each(['KUBERNETES_SERVICE_HOST', 'KUBERNETES_SERVICE_PORT'])('without %s', async (name) => {
    vi.stubEnv(name, '');
    await expect(loadKubeconfig(undefined, account)).rejects.toMatchObject({ code: 'config' });
  });

  test('without a token', async () => {
    await rm(join(account, 'token'));
    await expect(loadKubeconfig(undefined, account)).rejects.toThrow('No kubeconfig found');
  });
});
