import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** Somebody who uses the cluster: a kubeconfig, and the name under which the API server knows them. */
export type User = { readonly kubeconfig: string; readonly name: string };

export type Users = {
  /** May do what somebody on call may: read workloads, write NetworkPolicies and Jobs, enter pods. */
  readonly alice: User;
  /** May do nothing but ask who they are. */
  readonly restricted: User;
};

type Hands = {
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  readonly apply: (yaml: string) => Promise<void>;
};

const NAMESPACE = 'sluice-e2e-users';

/** Makes the users of the tests as service accounts, which every cluster has. */
export async function createUsers(admin: Hands): Promise<Users> {
  await admin.apply(OBJECTS);
  const folder = resolve('.tmp/e2e');
  await mkdir(folder, { recursive: true });
  const user = async (account: string): Promise<User> => {
    const kubeconfig = join(folder, `${account}.kubeconfig`);
    await writeTokenKubeconfig(admin, { namespace: NAMESPACE, account }, kubeconfig);
    return { kubeconfig, name: `system:serviceaccount:${NAMESPACE}:${account}` };
  };
  return { alice: await user('alice'), restricted: await user('restricted') };
}

/** Writes a kubeconfig with a token of a service account, its namespace the current one. */
export async function writeTokenKubeconfig(
  { kubectl }: Hands,
  { namespace, account }: { readonly namespace: string; readonly account: string },
  path: string,
): Promise<void> {
  const token = (await kubectl('-n', namespace, 'create', 'token', account, '--duration=4h')).trim();
  const config = JSON.parse(await kubectl('config', 'view', '--raw', '--minify', '-o', 'json')) as {
    clusters: { cluster: object }[];
  };
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': account,
    clusters: [{ name: 'real', cluster: config.clusters[0]?.cluster }],
    users: [{ name: account, user: { token } }],
    contexts: [{ name: account, context: { cluster: 'real', user: account, namespace } }],
  };
  await writeFile(path, JSON.stringify(kubeconfig), { mode: 0o600 });
}

const OBJECTS = `
apiVersion: v1
kind: Namespace
metadata: {name: ${NAMESPACE}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: alice, namespace: ${NAMESPACE}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: restricted, namespace: ${NAMESPACE}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: sluice-e2e-alice}
rules:
  - apiGroups: [""]
    resources: [pods, pods/log, namespaces, services, nodes, endpoints, configmaps]
    verbs: [get, list, watch]
  - {apiGroups: [apps], resources: [deployments, replicasets, statefulsets, daemonsets], verbs: [get, list, watch]}
  - {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [get, list, watch]}
  - {apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: [get, list, watch, create, patch, delete]}
  - {apiGroups: [batch], resources: [jobs], verbs: [get, list, watch, create, patch, delete]}
  - {apiGroups: [""], resources: [pods/exec, pods/portforward], verbs: [get, create]}
  - {apiGroups: [cilium.io], resources: ["*"], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: sluice-e2e-alice}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sluice-e2e-alice}
subjects: [{kind: ServiceAccount, name: alice, namespace: ${NAMESPACE}}]
`;
