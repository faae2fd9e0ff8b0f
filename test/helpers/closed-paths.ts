import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAuditLog } from '../../src/audit/log.ts';
import { readAuditLog } from '../../src/audit/read.ts';
import { listAuditLogs } from '../../src/audit/root.ts';
import { verifyAuditLog } from '../../src/audit/verify.ts';
import { DEFAULT_LIMITS } from '../../src/core/common/limits.ts';
import { windowOf } from '../../src/core/grants/lease.ts';
import type { AuditRecord, ClusterApi } from '../../src/core/ports/ports.ts';
import { readFirstYaml } from '../../src/core/yaml/read.ts';
import { type Cluster, connect } from '../../src/kube/kube.ts';
import { JOBS, POLICIES } from '../../src/session/grants/find-grants.ts';
import { recordEnds } from '../../src/session/grants/record-ends.ts';
import { eventually } from './eventually.ts';
import { type Program, runProgram } from './program.ts';
import type { RealCluster } from './real-cluster.ts';
import { type Meddle, meddlingProxy } from './servers/meddling-proxy.ts';

/** A policy that sluice made, as a watch saw it: when it went, and the ends of its lease, first and last; ms. */
export type SeenPolicy = {
  readonly name: string;
  readonly gone: number;
  readonly first: number | undefined;
  readonly last: number | undefined;
};

/** What runs sluice on a path, and a log of its own. */
export type Operator = {
  /** Runs a verb as the program does. */
  readonly run: (args: readonly string[], more?: Readonly<Record<string, string>>) => Program;
  /** The records of its log. */
  readonly records: () => Promise<readonly AuditRecord[]>;
  /** As at the start of a verb ten minutes later: writes down the ends that nobody did; what is unfinished all the same. */
  readonly unfinished: () => Promise<readonly unknown[]>;
};

/** A namespace with pairs of pods, `web-N` and `db-N`, where all paths are closed in both halves. */
export type ClosedPaths = {
  readonly namespace: string;
  /** The arguments that grant path N. */
  readonly grant: (path: number, seconds: number, ...more: readonly string[]) => readonly string[];
  /** Somebody with a log of their own, whose calls something meddles with. */
  readonly operator: (meddle?: Meddle) => Promise<Operator>;
  /** kubectl in the namespace, as admin. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  /** Resolves with all policies that ever were, once nothing that sluice made is left. */
  readonly closed: () => Promise<readonly SeenPolicy[]>;
  /** What stands: policies, and `Job NAME`. */
  readonly left: () => readonly string[];
  readonly dispose: () => Promise<void>;
};

const TEN_MINUTES = 600_000;

/** @param paths how many */
export async function closedPaths(cluster: RealCluster, paths = 1): Promise<ClosedPaths> {
  const namespace = `sluice-e2e-faults-${randomBytes(3).toString('hex')}`;
  const folder = await mkdtemp(join(tmpdir(), 'sluice-faults-'));
  await cluster.kubectl('create', 'namespace', namespace);
  // Pods are admitted once the controllers have made the account that they run as.
  await cluster.kubectl('-n', namespace, 'wait', '--for=create', 'serviceaccount/default', '--timeout=60s');
  await cluster.apply(objects(namespace, paths));
  const admin = await connect({ kubeconfig: cluster.admin, namespace });
  const seen = await watchMade(admin, namespace);
  const closers: (() => void)[] = [];
  let operators = 0;

  const operator: ClosedPaths['operator'] = async (meddle) => {
    operators += 1;
    const own = operators;
    const state = join(folder, `state-${own}`);
    const config = await alice(cluster);
    let kubeconfig = cluster.alice.kubeconfig;
    if (meddle !== undefined) {
      const proxy = await meddlingProxy(config, meddle);
      closers.push(proxy.close);
      kubeconfig = join(folder, `${own}.kubeconfig`);
      await writeFile(kubeconfig, JSON.stringify(config.at(proxy.url, proxy.ca)), { mode: 0o600 });
    }
    const root = join(state, 'sluice', 'audit');
    return {
      run: (args, more) => runProgram(args, { KUBECONFIG: kubeconfig, XDG_STATE_HOME: state, ...more }),
      records: async () => {
        const [log] = await listAuditLogs(root);
        return log === undefined ? [] : Array.fromAsync(readAuditLog(log.path));
      },
      unfinished: async () => {
        const [log] = await listAuditLogs(root);
        if (log === undefined) return [];
        await writeEndsLater(admin.api, root, log);
        const day = 86_400_000;
        const verified = await verifyAuditLog(log.path, { now: Date.now() + day });
        return verified.ok ? verified.unfinished : [verified.text];
      },
    };
  };

  return {
    namespace,
    grant: (path, seconds, ...more) => [
      ...[
        'grant',
        '-n',
        namespace,
        '--from',
        `pod/web-${path}`,
        '--to',
        `pod/db-${path}`,
        '--port',
        '5432/tcp',
      ],
      ...['--for', `${seconds}s`, '--reason', 'fault', '--source', 'probe', '-o', 'json', ...more],
    ],
    operator,
    kubectl: (...args) => cluster.kubectl('-n', namespace, ...args),
    closed: () =>
      eventually(() => {
        const left = seen.left();
        if (left.length > 0) throw new Error(`left: ${left.join(' ')}`);
        return seen.policies();
      }),
    left: seen.left,
    dispose: async () => {
      for (const close of closers) close();
      await admin.dispose();
      await cluster.kubectl('delete', 'namespace', namespace, '--wait=false', '--ignore-not-found');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The newest kubeconfig of alice, and the same for another address of its server. */
async function alice(cluster: RealCluster) {
  const text = await readFile(cluster.alice.kubeconfig, 'utf8');
  const config = readFirstYaml(text).value as {
    clusters: { name: string; cluster: { server: string; 'certificate-authority-data': string } }[];
  };
  const [entry] = config.clusters;
  if (entry === undefined) throw new Error('no cluster in the kubeconfig');
  return {
    server: entry.cluster.server,
    ca: Buffer.from(entry.cluster['certificate-authority-data'], 'base64').toString(),
    at: (server: string, ca: string) => {
      const data = { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') };
      return { ...config, clusters: [{ name: entry.name, cluster: data }] };
    },
  };
}

async function writeEndsLater(
  api: ClusterApi,
  root: string,
  log: { readonly cluster: string; readonly path: string },
): Promise<void> {
  const [info, identity] = await Promise.all([api.info(), api.identity()]);
  const clock = { now: () => api.clock.now() + TEN_MINUTES, error: 0, offset: 0 };
  const audit = () => openAuditLog({ directory: root, cluster: log.cluster, version: 'test' });
  await recordEnds(
    {
      api: { ...api, clock },
      audit: { append: async (entry) => (await audit()).append(entry), checkpoint: () => undefined },
      identity,
      info,
      clock: { now: Date.now, monotonic: () => performance.now() },
      version: 'test',
      limits: DEFAULT_LIMITS,
    },
    { demo: false, records: (_, since) => readAuditLog(log.path, { since }), audit },
    new AbortController().signal,
  );
}

/** Follows everything with sluice's label. */
async function watchMade({ api }: Cluster, namespace: string) {
  const labels = 'sluice.dev/grant';
  const ever = new AbortController().signal;
  const ends = new Map<string, { first: number; last: number }>();
  const gone = new Map<string, number | undefined>();
  const jobs = new Set<string>();
  await api.info();
  const onJob: Parameters<ClusterApi['follow']>[2] = ({ name, state }) => {
    if (state === undefined) jobs.delete(name);
    else jobs.add(name);
    const window = state === undefined ? undefined : windowOf(state);
    if (window === undefined) return;
    ends.set(name, { first: ends.get(name)?.first ?? window.end, last: window.end });
  };
  void api.follow({ ...JOBS, namespace }, labels, onJob, ever).catch(() => undefined);
  void api
    .follow(
      { ...POLICIES, namespace },
      labels,
      ({ name, state }) => gone.set(name, state === undefined ? api.clock.now() : undefined),
      ever,
    )
    .catch(() => undefined);
  const standing = () => [...gone].flatMap(([name, at]) => (at === undefined ? [name] : []));
  return {
    left: () => [...standing(), ...[...jobs].map((name) => `Job ${name}`)],
    policies: (): readonly SeenPolicy[] =>
      [...gone].map(([name, at]) => ({
        name,
        gone: at ?? Number.POSITIVE_INFINITY,
        first: ends.get(name)?.first,
        last: ends.get(name)?.last,
      })),
  };
}

function objects(namespace: string, paths: number): string {
  const numbers = Array.from({ length: paths }, (_, index) => index + 1);
  const pod = (name: string) => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: ${namespace}, labels: {app: ${name}}}
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 1
  schedulingGates: [{name: example.com/never}]
  containers: [{name: main, image: sluice.test/busybox:1}]
---`;
  return `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: ${namespace}}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
---${numbers.flatMap((number) => [pod(`web-${number}`), pod(`db-${number}`)]).join('')}`;
}
