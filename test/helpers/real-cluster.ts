import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createUsers, type Users, writeTokenKubeconfig } from './cluster-users.ts';

const run = promisify(execFile);

/** A real Kubernetes that may be changed at will: the kubeconfig of its admin, and users with other rights. */
export type RealCluster = Users & {
  readonly admin: string;
  /** kubectl as admin; what it printed. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  /** kubectl as admin, running until it ends or is killed. */
  readonly start: (...args: readonly string[]) => ChildProcessWithoutNullStreams;
  /** Applies YAML as admin. */
  readonly apply: (yaml: string) => Promise<void>;
  /** What enforces policies, as far as its kinds tell. */
  readonly enforcer: 'calico' | 'cilium' | undefined;
};

/** The cluster of `SLUICE_E2E_KUBECONFIG`, or undefined where there is none; then says so once, loudly. */
export async function findRealCluster(): Promise<RealCluster | undefined> {
  const admin = process.env.SLUICE_E2E_KUBECONFIG;
  if (admin === undefined) return skipped('SLUICE_E2E_KUBECONFIG is not set');
  // A cluster that was built from source brings its own kubectl along.
  const beside = join(dirname(admin), 'bin/kubectl');
  const program = existsSync(beside) ? beside : 'kubectl';
  const kubectl = async (...args: readonly string[]) => {
    const { stdout } = await run(program, ['--kubeconfig', admin, ...args], { timeout: 60_000 });
    return stdout;
  };
  try {
    await kubectl('get', '--raw', '/readyz');
  } catch (error) {
    return skipped(String(error));
  }
  const apply = async (yaml: string) => {
    const scratch = await mkdtemp(join(tmpdir(), 'sluice-'));
    try {
      await writeFile(join(scratch, 'objects.yaml'), yaml);
      await kubectl('apply', '-f', join(scratch, 'objects.yaml'));
    } finally {
      await rm(scratch, { recursive: true });
    }
  };
  const defines = async (kind: string) =>
    (await kubectl('get', 'crd', kind, '--ignore-not-found', '-o', 'name')) !== '';
  const cilium = await defines('ciliumnetworkpolicies.cilium.io');
  const calico = !cilium && (await defines('networkpolicies.crd.projectcalico.org'));
  return {
    ...(await createUsers({ kubectl, apply })),
    enforcer: cilium ? 'cilium' : calico ? 'calico' : undefined,
    admin,
    kubectl,
    start: (...args) => spawn(program, ['--kubeconfig', admin, ...args]),
    apply,
  };
}

function skipped(why: string): undefined {
  console.warn(`\n*** SKIPPED: no real cluster: ${why} ***\n`);
  return undefined;
}

/** Whether workloads of the namespace `payments` try their paths all the time; says so where they don't. */
export async function hasSampleWorld(cluster: RealCluster | undefined): Promise<boolean> {
  if (cluster === undefined) return false;
  const found = await cluster.kubectl('get', 'namespace', 'payments', '--ignore-not-found', '-o', 'name');
  if (found === '')
    console.warn('\n*** SKIPPED: no namespace payments whose workloads call each other ***\n');
  return found !== '';
}

/** A namespace of its own with the world's shop in small: web may not reach db, neither half allows it. */
export type World = { readonly namespace: string; readonly dispose: () => Promise<void> };

/**
 * @param pods whether they must run, or only exist, as on a control plane without nodes
 */
export async function createWorld(cluster: RealCluster, pods: 'run' | 'exist' = 'run'): Promise<World> {
  const namespace = `sluice-e2e-${randomBytes(3).toString('hex')}`;
  await cluster.apply(world(namespace));
  const made = ['wait', '--for=jsonpath={.status.replicas}=1'];
  for (const name of ['deploy/web', 'sts/db']) {
    const wait = pods === 'run' ? ['rollout', 'status', name] : [...made, name];
    await cluster.kubectl('-n', namespace, ...wait, '--timeout=60s');
  }
  return {
    namespace,
    dispose: async () => {
      await cluster.kubectl('delete', 'namespace', namespace, '--wait=false');
    },
  };
}

/** A kubeconfig of a service account that may do all that sluice needs, in one namespace only. */
export async function confinedKubeconfig(
  cluster: RealCluster,
  namespace: string,
  folder: string,
): Promise<string> {
  await cluster.apply(confined(namespace));
  const path = join(folder, 'confined.kubeconfig');
  await writeTokenKubeconfig(cluster, { namespace, account: 'responder' }, path);
  return path;
}

function world(namespace: string): string {
  const pod = (args: string, port: string) => `
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 1
      containers:
        - name: main
          image: sluice.test/busybox:1
          command: ${args}
          ports: [${port}]`;
  return `
apiVersion: v1
kind: Namespace
metadata: {name: ${namespace}}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: ${namespace}}
spec:
  selector: {app: db}
  ports: [{name: sql, port: 5432, targetPort: sql}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: ${namespace}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:${pod('[sh, -c, "while :; do netcat loop tcp db:5432 1s 1s; done"]', '{name: http, containerPort: 8080}')}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: ${namespace}}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:${pod('[netcat, serve, "tcp:5432"]', '{name: sql, containerPort: 5432}')}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: ${namespace}}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db-from-api, namespace: ${namespace}}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {app: api}}}], ports: [{protocol: TCP, port: 5432}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web-egress, namespace: ${namespace}}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress:
    - to: [{podSelector: {matchLabels: {app: api}}}]
      ports: [{protocol: TCP, port: 8080}]
    - to:
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
          podSelector: {matchLabels: {k8s-app: kube-dns}}
      ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]
`;
}

function confined(namespace: string): string {
  return `
apiVersion: v1
kind: ServiceAccount
metadata: {name: responder, namespace: ${namespace}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: responder, namespace: ${namespace}}
rules:
  - {apiGroups: [""], resources: [pods, services], verbs: [get, list, watch]}
  - {apiGroups: [""], resources: [pods/exec], verbs: [get, create]}
  - {apiGroups: [apps], resources: [deployments, statefulsets], verbs: [get]}
  - {apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: [get, list, watch, create, patch, delete]}
  - {apiGroups: [batch], resources: [jobs], verbs: [get, list, watch, create, patch, delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: responder, namespace: ${namespace}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: responder}
subjects: [{kind: ServiceAccount, name: responder, namespace: ${namespace}}]
`;
}
