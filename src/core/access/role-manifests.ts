import type { V1ClusterRole, V1ClusterRoleBinding, V1RoleBinding } from '@kubernetes/client-node';
import type { ApiObject } from '../cluster/cluster.ts';
import { type Right, ROLES, type Role, type RoleName, roleNamed } from '../roles/roles.ts';
import { about, marks } from './manifest.ts';

const API = 'rbac.authorization.k8s.io';

/** Who gets which roles, and where. */
export type Bound = {
  readonly groups: readonly { readonly role: RoleName; readonly group: string }[];
  /** Where the roles are bound; absent: in all namespaces. */
  readonly namespace?: string;
  /** Where Relay runs: its role is bound nowhere else. */
  readonly relayNamespace: string;
};

/** A ClusterRole for each role, and a binding for each that groups are bound to. */
export function roleManifests(version: string, bound: Bound): readonly ApiObject[] {
  return [
    ...ROLES.map(({ name }) => clusterRole(version, name)),
    ...ROLES.flatMap((role) => binding(version, role, bound)),
  ];
}

/** The ClusterRole of a role. */
export function clusterRole(version: string, name: RoleName): ApiObject {
  const { about: text, rights } = roleNamed(name);
  return {
    apiVersion: `${API}/v1`,
    kind: 'ClusterRole',
    metadata: { name: `sluice-${name}`, labels: marks(version), annotations: about(text) },
    rules: rights.map(ruleOf),
  } satisfies V1ClusterRole;
}

function ruleOf({ group, resources, verbs, names }: Right) {
  return {
    apiGroups: [group],
    resources: [...resources],
    ...(names === undefined ? {} : { resourceNames: [...names] }),
    verbs: [...verbs],
  };
}

function binding(
  version: string,
  { name }: Role,
  { groups, namespace, relayNamespace }: Bound,
): readonly ApiObject[] {
  const subjects = groups.flatMap(({ role, group }) =>
    role === name ? [{ apiGroup: API, kind: 'Group', name: group }] : [],
  );
  if (subjects.length === 0) return [];
  const where = name === 'hubble' ? relayNamespace : namespace;
  const base = {
    apiVersion: `${API}/v1`,
    roleRef: { apiGroup: API, kind: 'ClusterRole', name: `sluice-${name}` },
    subjects,
  };
  const metadata = { name: `sluice-${name}`, labels: marks(version) };
  return where === undefined
    ? [{ ...base, kind: 'ClusterRoleBinding', metadata } satisfies V1ClusterRoleBinding]
    : [{ ...base, kind: 'RoleBinding', metadata: { ...metadata, namespace: where } } satisfies V1RoleBinding];
}
