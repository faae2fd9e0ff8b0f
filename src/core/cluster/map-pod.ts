import { numberOf, type Raw, rawOf, rawsOf, safeText, textOf, timeOf } from '../common/common.ts';
import type { Labels } from './labels.ts';
import type { ApiObject, ContainerPort, Pod, Protocol, WorkloadRef } from './objects.ts';
import { phaseOf, podStatus } from './pod-status.ts';
import { safeLabels } from './selector.ts';

/**
 * A Pod from the API server, reduced and sanitized. Tolerates missing fields: the phase defaults to `Pending`,
 * namespace and service account to `default`.
 */
export function mapPod(raw: ApiObject): Pod {
  const spec = rawOf(raw.spec);
  const status = rawOf(raw.status);
  const namespace = safeText(raw.metadata.namespace ?? 'default');
  const labels = safeLabels(raw.metadata.labels);
  const phase = phaseOf(status.phase);
  const node = textOf(spec.nodeName);
  const owner = ownerOf(raw, namespace, labels);
  const shown = podStatus(raw);
  return {
    kind: 'Pod',
    namespace,
    name: safeText(raw.metadata.name),
    uid: raw.metadata.uid ?? '',
    labels,
    ips: ipsOf(status),
    ...(node === undefined ? {} : { node: safeText(node) }),
    hostNetwork: spec.hostNetwork === true,
    phase,
    deleting: raw.metadata.deletionTimestamp !== undefined,
    ports: portsOf(spec),
    containers: containersOf(spec, status),
    owner,
    serviceAccount: safeText(textOf(spec.serviceAccountName) ?? 'default'),
    readyContainers: shown.readyContainers,
    restarts: shown.restarts,
    status: safeText(shown.status),
    created: timeOf(raw.metadata.creationTimestamp),
  };
}

/** The protocol of a port; TCP when absent or unknown, as the API server defaults it (NP-24). */
export function protocolOf(value: unknown): Protocol {
  return value === 'UDP' || value === 'SCTP' ? value : 'TCP';
}

/** All addresses: `podIPs` holds both families, `podIP` only the primary (NP-33). */
function ipsOf(status: Raw): readonly string[] {
  const all = rawsOf(status.podIPs).flatMap((item) => textOf(item.ip) ?? []);
  const first = textOf(status.podIP);
  const ips = all.length > 0 ? all : first === undefined ? [] : [first];
  return ips.map((ip) => safeText(ip));
}

function isSidecar(container: Raw): boolean {
  return container.restartPolicy === 'Always';
}

/** Ports of containers and native sidecars (NP-25). */
function portsOf(spec: Raw): readonly ContainerPort[] {
  const containers = [...rawsOf(spec.containers), ...rawsOf(spec.initContainers).filter(isSidecar)];
  return containers.flatMap((container) =>
    rawsOf(container.ports).flatMap((raw): readonly ContainerPort[] => {
      const port = numberOf(raw.containerPort);
      const name = textOf(raw.name);
      if (port === undefined) return [];
      return [
        {
          ...(name === undefined ? {} : { name: safeText(name) }),
          port,
          protocol: protocolOf(raw.protocol),
          ...(isSidecar(container) ? { sidecar: true } : {}),
        },
      ];
    }),
  );
}

function containersOf(spec: Raw, status: Raw): readonly string[] {
  const lasting = [...rawsOf(spec.containers), ...rawsOf(spec.initContainers).filter(isSidecar)];
  const debugging = rawsOf(status.ephemeralContainerStatuses).filter(
    (item) => rawOf(item.state).running !== undefined,
  );
  return [...lasting, ...debugging].flatMap((item) => {
    const name = textOf(item.name);
    return name === undefined ? [] : [safeText(name)];
  });
}

/**
 * The controller of a pod. A ReplicaSet named `<deployment>-<hash>`, with that hash in the pod's
 * `pod-template-hash`, is the Deployment's: its controller names it so.
 */
function ownerOf(raw: ApiObject, namespace: string, labels: Labels): WorkloadRef | undefined {
  const owners = rawsOf(raw.metadata.ownerReferences);
  const owner = owners.find((item) => item.controller === true) ?? owners[0];
  const kind = textOf(owner?.kind);
  const name = textOf(owner?.name);
  if (kind === undefined || name === undefined || kind === 'Node') return undefined;
  const hash = labels['pod-template-hash'];
  if (kind === 'ReplicaSet' && hash !== undefined && hash !== '' && name.endsWith(`-${hash}`)) {
    return { kind: 'Deployment', namespace, name: safeText(name.slice(0, -hash.length - 1)) };
  }
  return { kind: safeText(kind), namespace, name: safeText(name) };
}
