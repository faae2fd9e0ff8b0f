import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect as dial } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiObject } from '../../src/core/cluster/objects.ts';
import type { FeedState } from '../../src/core/live/events.ts';
import { createClusterModel } from '../../src/core/live/model.ts';
import type { ObjectEvent } from '../../src/core/ports/ports.ts';
import { readFirstYaml, writeYaml } from '../../src/core/yaml/read.ts';
import { collectionOf } from '../../src/kube/http/collection.ts';
import { type Cluster, type ConnectOptions, connect } from '../../src/kube/kube.ts';
import { listWatch } from '../../src/kube/watch/list-watch.ts';
import { eventually } from '../helpers/eventually.ts';
import {
  confinedKubeconfig,
  createWorld,
  findRealCluster,
  type RealCluster,
  type World,
} from '../helpers/real-cluster.ts';
import { apiClient } from '../helpers/servers/api-client.ts';

const found = await findRealCluster();
const POLICIES = { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' };
const JOBS = { group: 'batch', version: 'v1', resource: 'jobs' };
const ever = new AbortController().signal;

describe.skipIf(found === undefined)('a real API server', () => {
  let real: RealCluster;
  let world: World;
  let folder: string;
  const opened: Cluster[] = [];

  beforeAll(async () => {
    if (found === undefined) return;
    real = found;
    folder = await mkdtemp(join(tmpdir(), 'sluice-e2e-'));
    world = await createWorld(real);
  });

  afterAll(async () => {
    await Promise.all(opened.map((cluster) => cluster.dispose()));
    await world?.dispose();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  async function open(options: ConnectOptions): Promise<Cluster> {
    const cluster = await connect({ namespace: world.namespace, ...options });
    opened.push(cluster);
    return cluster;
  }
  const as = (kubeconfig: string, options: ConnectOptions = {}) => open({ kubeconfig, ...options });

  /** The kubeconfig of the admin with a change. */
  async function changed(change: (config: Kubeconfig) => void, from = real.admin): Promise<string> {
    const config = readFirstYaml(await readFile(from, 'utf8')).value as Kubeconfig;
    change(config);
    const path = join(folder, `${Math.random()}.kubeconfig`);
    await writeFile(path, writeYaml(config), { mode: 0o600 });
    return path;
  }

  function policy(name: string): ApiObject {
    return {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name, namespace: world.namespace, labels: { team: 'sre' } },
      spec: { podSelector: { matchLabels: { app: 'none' } }, policyTypes: ['Ingress'] },
    };
  }

  async function podOf(cluster: Cluster, app: string): Promise<string> {
    const pods = await cluster.api.list(
      { group: '', version: 'v1', resource: 'pods' },
      { namespace: world.namespace, labels: `app=${app}` },
    );
    return pods[0]?.metadata.name ?? '';
  }

  /** Runs the feed until `done` holds. */
  async function feedUntil(
    cluster: Cluster,
    done: (seen: Seen) => void,
    during: () => Promise<void> = async () => undefined,
  ) {
    const abort = new AbortController();
    const seen: Seen = { model: createClusterModel(), states: new Map(), scopes: [] };
    const running = cluster.feed.run(
      {
        onEvents: (events) => {
          for (const event of events) seen.model.apply(event);
        },
        onState: (feed, state) => seen.states.set(feed, state),
        onScope: (scope) => seen.scopes.push(scope),
      },
      abort.signal,
    );
    try {
      await during();
      await eventually(() => done(seen));
    } finally {
      abort.abort();
      await running;
    }
  }

  test('info has the version, the UID, and the enforcer by its CRDs, regardless of leftovers of Hubble', async () => {
    const { api } = await as(real.admin);
    const info = await api.info();
    const { serverVersion } = JSON.parse(await real.kubectl('version', '-o', 'json'));
    const minor = Number.parseInt(serverVersion.minor, 10);
    const { gitVersion } = serverVersion;
    expect(info).toMatchObject({ version: `${serverVersion.major}.${minor}`, gitVersion, minor });
    if (real.enforcer !== undefined) expect(info.enforcer).toBe(real.enforcer);
    if (real.enforcer === 'calico') expect(info.enforcerEvidence).toContain('crd.projectcalico.org');
    expect(info.clusterUid).toBe(
      (await real.kubectl('get', 'ns', 'kube-system', '-o', 'jsonpath={.metadata.uid}')).trim(),
    );
    expect(info.caSha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test('the identity of the caller is found by certificate, by token, and impersonated', async () => {
    const { userInfo } = JSON.parse(await real.kubectl('auth', 'whoami', '-o', 'json')).status;
    const { username, groups } = userInfo;
    const own = await (await as(real.admin)).api.identity();
    expect(own).toMatchObject({ username, groups, impersonating: false });
    const confined = await as(await confinedKubeconfig(real, world.namespace, folder));
    expect((await confined.api.identity()).username).toBe(
      `system:serviceaccount:${world.namespace}:responder`,
    );
    const eve = await as(real.admin, { as: 'eve', asGroups: ['sre', 'two words'] });
    expect(await eve.api.identity()).toMatchObject({
      username: 'eve',
      groups: expect.arrayContaining(['sre', 'two words', 'system:authenticated']),
      impersonating: true,
    });
    const refused = await as(real.alice.kubeconfig, { as: 'eve' });
    await expect(refused.api.info()).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining(`User "${real.alice.name}" cannot impersonate`),
    });
  });

  test('a plug-in may return a client certificate', async ({ skip }) => {
    const user = (readFirstYaml(await readFile(real.admin, 'utf8')).value as Kubeconfig).users[0]?.user ?? {};
    if (user['client-certificate-data'] === undefined) skip('the admin of this cluster has no certificate');
    const { username } = await (await as(real.admin)).api.identity();
    const pem = (field: string) => Buffer.from(String(user[field]), 'base64').toString();
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: {
        clientCertificateData: pem('client-certificate-data'),
        clientKeyData: pem('client-key-data'),
      },
    };
    await writeFile(join(folder, 'credential.json'), JSON.stringify(credential));
    const path = await changed((config) => {
      config.users[0] = {
        name: config.users[0]?.name ?? '',
        user: {
          exec: {
            apiVersion: 'client.authentication.k8s.io/v1',
            command: 'cat',
            args: [join(folder, 'credential.json')],
          },
        },
      };
    });
    expect((await (await as(path)).api.identity()).username).toBe(username);
  });

  test('invalid credentials and connections are rejected', async () => {
    const said = async (change: (config: Kubeconfig) => void) => {
      const { api } = await as(await changed(change));
      return api.identity().then(
        () => 'nothing',
        (error: Error) => error.message,
      );
    };
    const cluster = (config: Kubeconfig) => config.clusters[0]?.cluster ?? {};
    expect(
      await said((config) => Object.assign(config.users[0] ?? {}, { user: { token: 'nonsense' } })),
    ).toContain('rejected the credentials of ');
    expect(
      await said((config) => {
        Reflect.deleteProperty(cluster(config), 'certificate-authority-data');
      }),
    ).toContain('signed by an unknown authority');
    expect(
      await said((config) => Object.assign(cluster(config), { 'tls-server-name': 'other.example' })),
    ).toContain('its certificate is not valid for');
    expect(
      await said((config) =>
        Object.assign(cluster(config), { server: String(cluster(config).server).replace('https', 'http') }),
      ),
    ).toContain('Client sent an HTTP request to an HTTPS server');
  });

  test('the feed has everything for an admin, including changes', async () => {
    const cluster = await as(real.admin);
    // Pods of other namespaces come and go with other tests.
    const names = ['get', 'pods', '-n', world.namespace, '-o', 'jsonpath={.items[*].metadata.name}'];
    const pods = (await real.kubectl(...names)).split(' ').sort();
    await feedUntil(
      cluster,
      ({ model, states, scopes }) => {
        for (const feed of ['pods', 'namespaces', 'services', 'nodes', 'networkpolicies'])
          expect(states.get(feed)).toEqual({ state: 'live' });
        expect(states.get('clusternetworkpolicies')).toEqual({ state: 'absent' });
        expect(scopes).toEqual([undefined]);
        expect(
          model
            .podsIn(world.namespace)
            .map(({ name }) => name)
            .sort(),
        ).toEqual(pods);
        expect(model.namespace(world.namespace)?.labels['kubernetes.io/metadata.name']).toBe(world.namespace);
        expect(model.service(world.namespace, 'db')?.selector).toEqual({ app: 'db' });
        expect(model.pod(world.namespace, 'db-0')).toMatchObject({ status: 'Running', readyContainers: 1 });
        expect(model.policy('NetworkPolicy', world.namespace, 'db-from-api')).toBeDefined();
        expect(model.policy('NetworkPolicy', world.namespace, 'while-watching')).toBeDefined();
      },
      async () => {
        await cluster.api.create({ ...POLICIES, namespace: world.namespace }, policy('while-watching'));
      },
    );
  });

  test('the feed is limited to the namespace for a user without other permissions', async () => {
    const cluster = await as(await confinedKubeconfig(real, world.namespace, folder));
    await feedUntil(cluster, ({ model, states, scopes }) => {
      expect(scopes).toEqual([world.namespace]);
      expect(states.get('pods')).toEqual({ state: 'live' });
      expect(states.get('networkpolicies')).toEqual({ state: 'live' });
      expect(states.get('nodes')).toEqual({
        state: 'denied',
        reason: `User "system:serviceaccount:${world.namespace}:responder" cannot list nodes at the cluster scope`,
      });
      expect(states.get('namespaces')).toMatchObject({ state: 'denied' });
      expect([...model.namespaces()].map(({ name }) => name)).toEqual([world.namespace]);
      expect(model.pod(world.namespace, 'db-0')).toBeDefined();
    });
  });

  test('the feed reports missing permissions of a user without any', async () => {
    const cluster = await as(real.restricted.kubeconfig);
    await feedUntil(cluster, ({ states }) => {
      expect(states.get('pods')).toEqual({
        state: 'denied',
        reason: `User "${real.restricted.name}" cannot list pods in namespace "${world.namespace}"`,
      });
      expect(states.get('networkpolicies')).toMatchObject({ state: 'denied' });
    });
  });

  test('streamed and paged lists agree, and both continue as watches', async () => {
    const abort = new AbortController();
    const client = await apiClient(await readFile(real.admin, 'utf8'), abort.signal);
    const seen: string[][] = [[], []];
    const running = [true, false].map((streaming, i) =>
      listWatch<string>(
        {
          client,
          collection: collectionOf(POLICIES, { namespace: world.namespace, labels: 'round=two' }),
          map: (raw) => raw.metadata.name,
          streaming,
          reset: (names) => seen[i]?.push(`[${names}]`),
          changes: (steps) => {
            for (const { type, object } of steps) seen[i]?.push(`${type} ${object}`);
          },
          state: () => undefined,
        },
        abort.signal,
      ),
    );
    await eventually(() => expect(seen).toEqual([['[]'], ['[]']]));
    const object = policy('two');
    await (await as(real.admin)).api.create(
      { ...POLICIES, namespace: world.namespace },
      { ...object, metadata: { ...object.metadata, labels: { round: 'two' } } },
    );
    await eventually(() => expect(seen).toEqual(Array(2).fill(['[]', 'set two'])));
    await real.kubectl('-n', world.namespace, 'label', 'netpol', 'two', 'round-');
    await eventually(() => expect(seen).toEqual(Array(2).fill(['[]', 'set two', 'delete two'])));
    abort.abort();
    await Promise.all(running);
  });

  test('long lists are complete across pages', async () => {
    const { api } = await as(real.admin);
    const maps = { group: '', version: 'v1', resource: 'configmaps', namespace: world.namespace };
    const names = Array.from({ length: 520 }, (_, i) => `map-${i}`);
    for (let i = 0; i < names.length; i += 40) {
      await Promise.all(
        names.slice(i, i + 40).map((name) =>
          api.create(maps, {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name, namespace: world.namespace, labels: { many: 'yes' } },
          }),
        ),
      );
    }
    const lines: string[] = [];
    const watched = await as(real.admin, { debug: (line) => lines.push(line) });
    const all = await watched.api.list(maps, { namespace: world.namespace, labels: 'many=yes' });
    expect(new Set(all.map(({ metadata }) => metadata.name))).toEqual(new Set(names));
    expect(all[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
    expect(lines.filter((line) => line.includes('/configmaps?'))).toHaveLength(2);
  });

  test('writes: dry-run, strictness, existing names, preconditions, and deletion', async () => {
    const { api } = await as(real.alice.kubeconfig);
    const where = { ...POLICIES, namespace: world.namespace };
    const ref = { ...where, name: 'written' };
    const dry = await api.create(where, policy('written'), { dryRun: true, auditId: 'sluice-e2e-dry' });
    expect(dry).toMatchObject({ auditId: 'sluice-e2e-dry', warnings: [] });
    expect(await api.read(ref)).toBeUndefined();
    await expect(
      api.create(where, { ...policy('written'), spec: { podSelector: {}, nonsense: 1 } }),
    ).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('unknown field "spec.nonsense"'),
    });
    const { object } = await api.create(where, policy('written'));
    await expect(api.create(where, policy('written'))).rejects.toMatchObject({
      code: 'conflict',
      message: `Networkpolicy written in namespace ${world.namespace} already exists.`,
    });
    const uid = object.metadata.uid ?? '';
    const { resourceVersion } = object.metadata;
    const note = (text: string) => ({ metadata: { annotations: { note: text }, resourceVersion, uid } });
    const patched = await api.patch(ref, note('one'));
    expect(patched.object.metadata.annotations).toEqual({ note: 'one' });
    await expect(api.patch(ref, note('two'))).rejects.toMatchObject({ code: 'conflict' });
    await expect(api.patch(ref, { metadata: { uid: 'other' } })).rejects.toMatchObject({ code: 'conflict' });
    await expect(api.delete(ref, { uid: 'other', propagation: 'Background' })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await api.delete(ref, { uid, propagation: 'Background', dryRun: true })).toBe('deleted');
    expect(await api.read(ref)).toBeDefined();
    expect(await api.delete(ref, { uid, propagation: 'Background' })).toBe('deleted');
    expect(await api.delete(ref, { uid, propagation: 'Background' })).toBe('gone');
  });

  test('a missing permission is reported with verb, resource and scope', async () => {
    const { api } = await as(real.alice.kubeconfig);
    await expect(api.list({ group: '', version: 'v1', resource: 'secrets' })).rejects.toMatchObject({
      code: 'forbidden',
      message: `User "${real.alice.name}" cannot list secrets at the cluster scope`,
    });
    const restricted = await as(real.restricted.kubeconfig);
    await expect(
      restricted.api.create({ ...POLICIES, namespace: world.namespace }, policy('x')),
    ).rejects.toMatchObject({
      message: `User "${real.restricted.name}" cannot create networkpolicies x in namespace "${world.namespace}"`,
    });
    const answers = await api.allowed([
      { verb: 'create', ...JOBS, namespace: world.namespace },
      { verb: 'list', group: '', resource: 'secrets' },
      { verb: 'create', group: '', resource: 'pods', subresource: 'portforward', namespace: world.namespace },
    ]);
    expect(answers.map(({ allowed }) => allowed)).toEqual([true, false, true]);
  });

  test('a quota is reported with its own message', async () => {
    const { api } = await as(real.alice.kubeconfig);
    await real.kubectl('-n', world.namespace, 'create', 'quota', 'no-jobs', '--hard=count/jobs.batch=0');
    const job: ApiObject = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'one', namespace: world.namespace },
      spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'a' }] } } },
    };
    await eventually(async () =>
      expect(
        await api
          .create({ ...JOBS, namespace: world.namespace }, job, { dryRun: true })
          .catch((error) => error),
      ).toMatchObject({ code: 'refused', message: expect.stringContaining('exceeded quota: no-jobs') }),
    );
    await real.kubectl('-n', world.namespace, 'delete', 'quota', 'no-jobs');
  });

  test('followed objects are gone only when the server says so, not when a label is removed', async () => {
    const { api } = await as(real.alice.kubeconfig);
    const where = { ...POLICIES, namespace: world.namespace };
    const { object } = await api.create(where, policy('followed'));
    const uid = object.metadata.uid ?? '';
    const abort = new AbortController();
    const events: ObjectEvent[] = [];
    const running = api.follow(where, 'team=sre', (event) => events.push(event), abort.signal);
    const of = () => events.filter((event) => event.uid === uid);
    await eventually(() => expect(of()).toHaveLength(1));
    await api.patch({ ...where, name: 'followed' }, { metadata: { labels: { team: null } } });
    await eventually(() => expect(of()).toHaveLength(2));
    expect(of()[1]?.state?.metadata.labels).toBeUndefined();
    await api.delete({ ...where, name: 'followed' }, { uid, propagation: 'Background' });
    await eventually(() => expect(of().at(-1)).toEqual({ name: 'followed', uid, state: undefined }));
    abort.abort();
    await running;
  });

  test('a workload comes with the selector of its pods', async () => {
    const { api } = await as(real.alice.kubeconfig);
    for (const [kind, name] of [
      ['Deployment', 'web'],
      ['StatefulSet', 'db'],
    ] as const) {
      expect(await api.workload({ kind, namespace: world.namespace, name })).toMatchObject({
        selector: [{ key: 'app', operator: 'In', values: [name] }],
      });
    }
    expect(await api.workload({ kind: 'Job', namespace: world.namespace, name: 'none' })).toBeUndefined();
    const restricted = await as(real.restricted.kubeconfig);
    expect(
      await restricted.api.workload({ kind: 'Deployment', namespace: world.namespace, name: 'web' }),
    ).toBeUndefined();
  });

  test('commands run in containers, with outputs and exit codes', async () => {
    const cluster = await as(real.alice.kubeconfig);
    const target = { namespace: world.namespace, pod: await podOf(cluster, 'web'), container: 'main' };
    const run = (command: readonly string[], timeout = 20_000) =>
      cluster.exec(target, command, { signal: ever, timeout });
    expect(await run(['sh', '-c', 'printf "a\\tb"; echo "c d" >&2; exit 7'])).toEqual({
      code: 7,
      stdout: 'a\tb',
      stderr: 'c d\n',
    });
    expect(await run(['true'])).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await run(['no-such-program'])).code).toBe(127);
    expect((await run(['cat', '/proc/net/tcp'])).stdout).toMatch(/local_address/);
    await expect(run(['sleep', '30'], 300)).rejects.toMatchObject({ code: 'failed' });
    await expect(
      cluster.exec({ ...target, pod: 'nobody' }, ['id'], { signal: ever, timeout: 5_000 }),
    ).rejects.toMatchObject({ code: 'not-found' });
    const restricted = await as(real.restricted.kubeconfig);
    await expect(restricted.exec(target, ['id'], { signal: ever, timeout: 5_000 })).rejects.toMatchObject({
      code: 'forbidden',
      message: `User "${real.restricted.name}" cannot get pods/exec ${target.pod} in namespace "${world.namespace}"`,
      hint: expect.stringContaining('permission to get and create pods/exec'),
    });
  });

  test('a forwarded port reaches a pod despite all policies', async () => {
    const cluster = await as(real.alice.kubeconfig);
    const forward = await cluster.forward(world.namespace, 'db-0', 5432, ever);
    const socket = dial(forward.port, '127.0.0.1');
    let heard = '';
    socket.on('data', (chunk) => {
      heard += chunk.toString();
    });
    socket.write('hello sluice\n');
    await eventually(() => expect(heard).toContain('hello sluice'));
    socket.destroy();
    await forward.dispose();
    const nowhere = await cluster.forward(world.namespace, 'db-0', 9, ever);
    const lost = dial(nowhere.port, '127.0.0.1');
    lost.on('error', () => undefined);
    lost.write('x');
    await eventually(() => expect(lost.destroyed).toBe(true));
    expect(nowhere.lastError()).toMatch(/^Unable to forward to port 9 of pod .*db-0: .*connection refused/);
    await nowhere.dispose();
  });

  test('a forward that the server refuses says which right is missing', async () => {
    const restricted = await as(real.restricted.kubeconfig);
    const forward = await restricted.forward(world.namespace, 'db-0', 5432, ever);
    const refused = dial(forward.port, '127.0.0.1');
    refused.on('error', () => undefined);
    refused.write('x');
    await eventually(() => expect(refused.destroyed).toBe(true));
    expect(forward.lastError()).toContain(
      `User "${real.restricted.name}" cannot get pods/portforward db-0 in namespace "${world.namespace}"`,
    );
    await forward.dispose();
  });

  test('Hubble Relay is found, and responds through a forward', async () => {
    const there = await real.kubectl('get', 'pods', '-A', '-l', 'k8s-app=hubble-relay', '-o', 'name');
    const cluster = await as(real.alice.kubeconfig);
    const relay = await cluster.findRelay(ever);
    if (there.trim() === '') {
      expect(relay).toBeUndefined();
      return;
    }
    expect(relay).toMatchObject({ namespace: 'kube-system', port: 4245 });
    const forward = await cluster.forward('kube-system', relay?.pod ?? '', relay?.port ?? 0, ever);
    const socket = dial(forward.port, '127.0.0.1');
    let heard = 0;
    socket.on('data', (chunk) => {
      heard += chunk.length;
    });
    // HTTP/2's preface and an empty SETTINGS frame; a TLS server responds with an alert.
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0', 'latin1');
    await eventually(() => expect(heard).toBeGreaterThan(0));
    socket.destroy();
    await forward.dispose();
  });

  test.skipIf(found?.enforcer !== 'calico')("Calico's own policies are listed", async () => {
    await real.apply(`
apiVersion: crd.projectcalico.org/v1
kind: NetworkPolicy
metadata: {name: default.of-calico, namespace: ${world.namespace}}
spec: {selector: "app == 'none'", types: [Ingress]}
`);
    const cluster = await as(real.admin);
    expect((await cluster.foreignPolicies(ever)).objects).toContainEqual({
      kind: 'Calico NetworkPolicy',
      namespace: world.namespace,
      name: 'default.of-calico',
    });
  });

  test('the clock agrees with the server on the same machine', async () => {
    const { api } = await as(real.alice.kubeconfig);
    for (let i = 0; i < 10; i += 1)
      await api.read({ ...POLICIES, namespace: world.namespace, name: 'web-egress' });
    expect(api.clock.error).toBeLessThan(520);
    expect(Math.abs(api.clock.offset)).toBeLessThanOrEqual(api.clock.error);
  });
});

type Seen = {
  readonly model: ReturnType<typeof createClusterModel>;
  readonly states: Map<string, FeedState>;
  readonly scopes: (string | undefined)[];
};

type Kubeconfig = {
  readonly clusters: { cluster: Record<string, unknown> }[];
  readonly users: { name: string; user: Record<string, unknown> }[];
};
