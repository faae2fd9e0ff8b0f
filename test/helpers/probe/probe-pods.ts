import type { Pod, Service } from '../../../src/core/cluster/objects.ts';

/** A running pod of the workload before the last dash of its name. */
export function probePod(name: string, ip: string, more: Partial<Pod> = {}): Pod {
  const app = name.replace(/-[^-]*$/, '');
  return {
    kind: 'Pod',
    namespace: 'payments',
    name,
    uid: `uid-${name}`,
    labels: { app },
    ips: [ip],
    node: 'node-1',
    hostNetwork: false,
    phase: 'Running',
    deleting: false,
    ports: [],
    containers: ['main'],
    owner: { kind: 'Deployment', namespace: 'payments', name: app },
    serviceAccount: 'default',
    readyContainers: 1,
    restarts: 0,
    status: 'Running',
    created: 0,
    ...more,
  };
}

/** A ClusterIP service of the pods with its name as `app`. */
export function probeService(name: string, ip: string, port: number, targetPort: number | string): Service {
  return {
    kind: 'Service',
    namespace: 'payments',
    name,
    uid: `uid-svc-${name}`,
    labels: {},
    type: 'ClusterIP',
    clusterIPs: [ip],
    headless: false,
    selector: { app: name },
    ports: [{ port, targetPort, protocol: 'TCP' }],
  };
}
