import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { ApiObject } from '../../src/core/cluster/objects.ts';
import { eventually } from './eventually.ts';
import { type Program, runProgram } from './program.ts';
import type { Somebody } from './raw-api.ts';
import type { RealCluster } from './real-cluster.ts';

/** What `sluice manifests` prints, installed under names of its own, so that no other test on the cluster is touched. */
export type Installed = {
  readonly suffix: string;
  /** Prints, renames, applies. `change` is made to each object first. */
  readonly install: (
    args: readonly string[],
    change?: (object: ApiObject) => ApiObject,
  ) => Promise<readonly ApiObject[]>;
  /** Somebody new in the groups to which the roles are bound. */
  readonly somebody: (name: string, ...roles: readonly string[]) => Somebody;
  readonly groupOf: (role: string) => string;
  readonly dispose: () => Promise<void>;
};

/** Objects without a namespace that the test leaves behind otherwise. */
const CLUSTER_KINDS = [
  'ClusterRole',
  'ClusterRoleBinding',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
];

export function manifestsOn(cluster: RealCluster): Installed {
  const suffix = randomBytes(3).toString('hex');
  const made: string[] = [];
  const rename = (name: string) => `${name}-${suffix}`;
  const renamed = (object: ApiObject): ApiObject => {
    const text = JSON.stringify(object, (key, value) =>
      ['name', 'policyName'].includes(key) && /^sluice-[a-z-]+$/.test(value) && !/\W[0-9a-f]{6}$/.test(value)
        ? rename(value)
        : value,
    );
    return JSON.parse(text);
  };
  const groupOf = (role: string) => `e2e:${role}:${suffix}`;
  return {
    suffix,
    groupOf,
    somebody: (name, ...roles) => ({ user: `${name}-${suffix}`, groups: roles.map(groupOf) }),
    install: async (args, change = (object) => object) => {
      const program = runProgram(['manifests', ...args, '-o', 'json']);
      expect(await program.ended, program.errors()).toBe(0);
      const { items } = JSON.parse(program.lines.join('\n')) as { items: readonly ApiObject[] };
      const objects = items.map((item) => change(renamed(item)));
      for (const { kind, metadata } of objects)
        if (CLUSTER_KINDS.includes(kind)) made.push(`${kind}/${metadata.name}`);
      await cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
      return objects;
    },
    dispose: async () => {
      if (made.length > 0) await cluster.kubectl('delete', '--ignore-not-found', ...new Set(made));
    },
  };
}

/** A namespace with web and db, which no scheduler takes, so that it is the same with and without nodes: neither half is open. */
export async function createStillWorld(cluster: RealCluster, namespace: string): Promise<void> {
  await cluster.apply(stillWorld(namespace));
  const pods = async () => {
    const list = JSON.parse(await cluster.kubectl('-n', namespace, 'get', 'pods', '-o', 'json'));
    return (list.items as readonly ApiObject[]).map(({ metadata }) => metadata.name);
  };
  const names = await eventually(async () => {
    const found = await pods();
    expect(found).toHaveLength(3);
    return found;
  });
  for (const [index, name] of names.entries()) {
    const podIP = `10.250.0.${index + 10}`;
    const status = { phase: 'Running', podIP, podIPs: [{ ip: podIP }] };
    const patch = JSON.stringify({ status });
    await cluster.kubectl('-n', namespace, 'patch', 'pod', name, '--subresource=status', '-p', patch);
  }
}

/** A verb as somebody whom the admin impersonates. */
export function runAs(
  cluster: RealCluster,
  { user, groups }: Somebody,
  state: string,
  args: readonly string[],
): Program {
  const who = ['--as', user, ...groups.flatMap((group) => ['--as-group', group])];
  return runProgram([...args, ...who], {
    KUBECONFIG: cluster.admin,
    XDG_STATE_HOME: state,
    XDG_CONFIG_HOME: state,
  });
}

function stillWorld(namespace: string): string {
  const pod = `
      schedulerName: nobody
      automountServiceAccountToken: false
      containers: [{name: main, image: "sluice.test/none:1"}]`;
  return `
apiVersion: v1
kind: Namespace
metadata: {name: ${namespace}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: ${namespace}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:${pod}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: ${namespace}}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:${pod}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: picky, namespace: ${namespace}}
spec:
  selector: {matchExpressions: [{key: app, operator: In, values: [picky, choosy]}]}
  template:
    metadata: {labels: {app: picky}}
    spec:${pod}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: ${namespace}}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
`;
}
