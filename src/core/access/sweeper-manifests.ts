import type {
  V1ClusterRoleBinding,
  V1Deployment,
  V1Namespace,
  V1ServiceAccount,
} from '@kubernetes/client-node';
import type { ApiObject } from '../cluster/cluster.ts';
import { about, marks } from './manifest.ts';
import { clusterRole } from './role-manifests.ts';

/** Where a sweeper runs, and what. */
export type Sweeper = {
  readonly image: string;
  /** A namespace that exists; absent: one of its own, which is made. */
  readonly namespace?: string;
};

const NAME = 'sluice-sweeper';
const OWN_NAMESPACE = 'sluice';

/** Any user but root: nothing in the image belongs to it. */
const USER = 65_532;

/** Where the audit log goes: the file system of the image is read-only. */
const STATE = '/var/lib/sluice';

/**
 * What runs `sweep --watch -A` in the cluster: a Deployment with the role `sweeper`, fit for the restricted Pod Security
 * Standard. A Deployment, as Jobs may be held back where leases are.
 */
export function sweeperManifests(version: string, { image, namespace }: Sweeper): readonly ApiObject[] {
  const where = namespace ?? OWN_NAMESPACE;
  const labels = marks(version);
  const metadata = { name: NAME, namespace: where, labels };
  const selected = { 'app.kubernetes.io/name': NAME };
  return [
    ...(namespace === undefined ? [namespaceManifest(labels)] : []),
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata } satisfies V1ServiceAccount,
    clusterRole(version, 'sweeper'),
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: NAME, labels },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: NAME },
      subjects: [{ kind: 'ServiceAccount', name: NAME, namespace: where }],
    } satisfies V1ClusterRoleBinding,
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        ...metadata,
        annotations: about('Removes what grants of sluice have left, and nothing that lives.'),
      },
      spec: {
        replicas: 1,
        selector: { matchLabels: selected },
        template: {
          metadata: { labels: { ...selected, ...labels } },
          spec: {
            serviceAccountName: NAME,
            enableServiceLinks: false,
            terminationGracePeriodSeconds: 10,
            securityContext: {
              runAsNonRoot: true,
              runAsUser: USER,
              runAsGroup: USER,
              fsGroup: USER,
              seccompProfile: { type: 'RuntimeDefault' },
            },
            containers: [
              {
                name: 'sweeper',
                image,
                args: ['sweep', '--watch', '-A', '-o', 'json'],
                env: [{ name: 'XDG_STATE_HOME', value: STATE }],
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ['ALL'] },
                },
                resources: { requests: { cpu: '10m', memory: '96Mi' }, limits: { memory: '256Mi' } },
                volumeMounts: [{ name: 'state', mountPath: STATE }],
              },
            ],
            volumes: [{ name: 'state', emptyDir: {} }],
          },
        },
      },
    } satisfies V1Deployment,
  ];
}

function namespaceManifest(labels: Readonly<Record<string, string>>): ApiObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: OWN_NAMESPACE,
      labels: { ...labels, 'pod-security.kubernetes.io/enforce': 'restricted' },
    },
  } satisfies V1Namespace;
}
