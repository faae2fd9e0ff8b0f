import type { Labels, Selector } from './labels.ts';

export type Protocol = (typeof PROTOCOLS)[number];

/** The protocols that have ports, in display order. */
export const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;

/** The protocol for a lowercase name such as `tcp`; undefined if there is none. */
export function protocolNamed(name: string): Protocol | undefined {
  return PROTOCOLS.find((protocol) => protocol === name.toUpperCase());
}

/** A port as declared by a container. */
export type ContainerPort = {
  readonly name?: string;
  readonly port: number;
  readonly protocol: Protocol;
  /** Declared by a native sidecar: Cilium does not know its name (CIL-17). */
  readonly sidecar?: boolean;
};

/** The controller of a pod, as far as known: the Deployment behind a ReplicaSet, else the controller itself. */
export type WorkloadRef = { readonly kind: string; readonly namespace: string; readonly name: string };

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';

/** A pod, slim: what the table, the engine and the grant need. Times are ms since the epoch, server time. */
export type Pod = {
  readonly kind: 'Pod';
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: Labels;
  /** All addresses, primary first; empty until the pod has one. */
  readonly ips: readonly string[];
  readonly node?: string;
  readonly hostNetwork: boolean;
  readonly phase: PodPhase;
  readonly deleting: boolean;
  /** Ports of containers and of native sidecars (init containers that restart always). */
  readonly ports: readonly ContainerPort[];
  /** Containers that are running or could be entered, for exec. */
  readonly containers: readonly string[];
  readonly owner?: WorkloadRef;
  readonly serviceAccount: string;
  readonly readyContainers: number;
  readonly restarts: number;
  /** The STATUS column of kubectl: `Running`, `CrashLoopBackOff`, `Terminating`, … */
  readonly status: string;
  readonly created: number;
  /** Set when manifests contain only its workload: it stands for the pods to be created. */
  readonly standIn?: true;
  /** The labels of the workload itself, which its pods need not have; only for stand-ins. */
  readonly ownerLabels?: Labels;
};

export type Namespace = {
  readonly kind: 'Namespace';
  readonly name: string;
  /** Always holds `kubernetes.io/metadata.name` (NP-20). */
  readonly labels: Labels;
  readonly deleting: boolean;
};

export type ServicePort = {
  readonly name?: string;
  readonly port: number;
  readonly targetPort: number | string;
  readonly protocol: Protocol;
  readonly nodePort?: number;
};

export type Service = {
  readonly kind: 'Service';
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: Labels;
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  /** Empty for headless and ExternalName services. */
  readonly clusterIPs: readonly string[];
  readonly headless: boolean;
  readonly externalName?: string;
  /** External addresses: of load balancers, and `externalIPs`. */
  readonly outerIPs?: readonly string[];
  /** `Local` preserves the source address and uses only the node's own backends; otherwise a node may replace it. */
  readonly externalTrafficPolicy?: 'Cluster' | 'Local';
  /** Absent: no selector, its backends are whatever EndpointSlices say. */
  readonly selector?: Labels;
  readonly ports: readonly ServicePort[];
};

/** The real addresses behind a service without a selector, or behind the API server itself. */
export type EndpointSlice = {
  readonly kind: 'EndpointSlice';
  readonly namespace: string;
  readonly name: string;
  /** The service it belongs to, in the same namespace. */
  readonly service: string;
  readonly addresses: readonly string[];
  /** The ports of the endpoints, by the name of the service's port. */
  readonly ports?: readonly { readonly name?: string; readonly port: number; readonly protocol: Protocol }[];
};

/** Named addresses, for the CIDR rules of Cilium. */
export type CidrGroup = {
  readonly kind: 'CiliumCIDRGroup';
  readonly name: string;
  readonly labels: Labels;
  readonly cidrs: readonly string[];
};

export type Node = {
  readonly kind: 'Node';
  readonly name: string;
  readonly labels: Labels;
  readonly ips: readonly string[];
};

/** A workload with the selector of its pods, fetched when a grant needs it. */
export type Workload = WorkloadRef & { readonly selector: Selector };

/** Whether a pod counts for policies and owns its address: not once it has finished (NP-32). */
export function isLive(pod: Pod): boolean {
  return pod.phase !== 'Succeeded' && pod.phase !== 'Failed';
}

/** `namespace/name`, or `name` for cluster-scoped objects: the key of an object among its kind. */
export function keyOf(object: { readonly namespace?: string; readonly name: string }): string {
  return object.namespace === undefined ? object.name : `${object.namespace}/${object.name}`;
}

/** The key of an object among all kinds: `Deployment/shop/web`, `CiliumClusterwideNetworkPolicy/base`. */
export function refKey(object: {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}): string {
  return `${object.kind}/${keyOf(object)}`;
}

export type PortSpec = { readonly port: number; readonly protocol: Protocol };

/** What the user picked as an end: a workload (all its pods), one pod, a service, an address, or a block of them. */
export type EndRef =
  | { readonly type: 'workload'; readonly ref: WorkloadRef }
  | { readonly type: 'pod'; readonly namespace: string; readonly name: string }
  | { readonly type: 'service'; readonly namespace: string; readonly name: string }
  | { readonly type: 'ip'; readonly ip: string }
  | { readonly type: 'range'; readonly cidr: string };

/** A Kubernetes object from the API server: parsed JSON, strings sanitized, otherwise unchanged. */
export type ApiObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ApiMetadata;
  readonly [field: string]: unknown;
};

export type ApiMetadata = {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
  readonly [field: string]: unknown;
};

export type OwnerReference = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
};
