/* The embedded cluster's inhabitants: namespaces, workloads, services, policies. */

import { type Random, type Store, type Stored, timestamp } from '../store/store.ts';
import { createMaker, DAY, type Maker } from './make.ts';
import { type Addresses, createAddresses } from './pods.ts';
import { POLICIES } from './policies.ts';
import { placeServices } from './services.ts';
import { placeWorkload } from './workloads.ts';
import { NAMESPACES, NODES, WORKLOADS } from './world-plan.ts';

export { createMaker } from './make.ts';
export { type Addresses, makePod, pendingStatus } from './pods.ts';
export { METRICS, METRICS_MENDED, VISIBILITY } from './policies.ts';
export { endpointsOf } from './services.ts';
export { API_SERVER, NODES, type NodeName, WORKLOADS, WORLD, type WorkloadPlan } from './world-plan.ts';

/**
 * Fills a store with the world: names and addresses depend only on the random stream, times on `now` (ms since the
 * epoch). Returns the remaining addresses for new pods.
 */
export function placeWorld(store: Store, random: Random, now: number): Addresses {
  const maker = createMaker(random, now);
  const addresses = createAddresses();
  placeSystem(store, maker);
  for (const plan of WORKLOADS) placeWorkload(store, maker, addresses, plan);
  placeServices(store, maker);
  for (const { kind, namespace, name, days, spec } of POLICIES) {
    const metadata = { name, namespace, age: days * DAY };
    if (kind === undefined) {
      const policy = maker.make('networking.k8s.io/v1', 'NetworkPolicy', metadata, { spec });
      store.put('networking.k8s.io/networkpolicies', policy);
    } else {
      store.put('cilium.io/ciliumnetworkpolicies', maker.make('cilium.io/v2', kind, metadata, { spec }));
    }
  }
  return addresses;
}

/** Stores namespaces, nodes, Cilium's ConfigMaps and CustomResourceDefinitions. */
function placeSystem(store: Store, maker: Maker): void {
  const age = 212 * DAY;
  for (const name of NAMESPACES) {
    store.put(
      '/namespaces',
      maker.make(
        'v1',
        'Namespace',
        { name, age, labels: { 'kubernetes.io/metadata.name': name, ...NAMESPACE_LABELS[name] } },
        { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } },
      ),
    );
  }
  for (const node of NODES) store.put('/nodes', makeNode(maker, node, age));
  for (const [name, data] of Object.entries(CONFIG)) {
    store.put(
      '/configmaps',
      maker.make('v1', 'ConfigMap', { name, namespace: 'kube-system', age }, { data }),
    );
  }
  for (const { plural, kind, scope, short } of CRDS) {
    store.put(
      'apiextensions.k8s.io/customresourcedefinitions',
      makeCrd(maker, { plural, kind, scope, short }, age),
    );
  }
}

const NAMESPACE_LABELS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  shop: { team: 'shop', env: 'prod' },
  monitoring: { team: 'platform' },
};

/** The values of the Cilium 1.20 chart that clients read (HUB-8). */
const CONFIG: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'cilium-config': {
    'cluster-name': 'default',
    'cluster-id': '0',
    'enable-policy': 'default',
    'enable-hubble': 'true',
    'enable-ipv4': 'true',
    'enable-ipv6': 'false',
    'hubble-listen-address': ':4244',
    'monitor-aggregation': 'medium',
    'monitor-aggregation-interval': '5s',
    'kube-proxy-replacement': 'true',
    'policy-cidr-match-mode': '',
    'routing-mode': 'tunnel',
    'tunnel-protocol': 'vxlan',
  },
  'hubble-relay-config': {
    'config.yaml':
      'cluster-name: default\npeer-service: "hubble-peer.kube-system.svc.cluster.local.:443"\nlisten-address: :4245\ngops: true\ngops-port: "9893"\nretry-timeout:\nsort-buffer-len-max:\nsort-buffer-drain-timeout:\ntls-hubble-client-cert-file: /var/lib/hubble-relay/tls/client.crt\ntls-hubble-client-key-file: /var/lib/hubble-relay/tls/client.key\ntls-hubble-server-ca-files: /var/lib/hubble-relay/tls/hubble-server-ca.crt\n\ndisable-server-tls: true\n',
  },
};

const CRDS = [
  {
    plural: 'ciliumclusterwidenetworkpolicies',
    kind: 'CiliumClusterwideNetworkPolicy',
    scope: 'Cluster',
    short: ['ccnp'],
  },
  { plural: 'ciliumendpoints', kind: 'CiliumEndpoint', scope: 'Namespaced', short: ['cep', 'ciliumep'] },
  { plural: 'ciliumidentities', kind: 'CiliumIdentity', scope: 'Cluster', short: ['ciliumid'] },
  {
    plural: 'ciliumnetworkpolicies',
    kind: 'CiliumNetworkPolicy',
    scope: 'Namespaced',
    short: ['cnp', 'ciliumnp'],
  },
  { plural: 'ciliumnodes', kind: 'CiliumNode', scope: 'Cluster', short: ['cn', 'ciliumn'] },
] as const;

function makeCrd(
  maker: Maker,
  crd: {
    readonly plural: string;
    readonly kind: string;
    readonly scope: string;
    readonly short: readonly string[];
  },
  age: number,
): Stored {
  const names = {
    plural: crd.plural,
    singular: crd.kind.toLowerCase(),
    shortNames: crd.short,
    kind: crd.kind,
    listKind: `${crd.kind}List`,
    categories: ['cilium'],
  };
  const versions = ['v2'].map((name) => ({
    name,
    served: true,
    storage: true,
    schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
  }));
  return maker.make(
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    { name: `${crd.plural}.cilium.io`, age, labels: { 'io.cilium.k8s.crd.schema.version': '1.32.3' } },
    {
      spec: { group: 'cilium.io', names, scope: crd.scope, versions, conversion: { strategy: 'None' } },
      status: {
        acceptedNames: names,
        storedVersions: ['v2'],
        conditions: ['NamesAccepted', 'Established'].map((type) => ({
          type,
          status: 'True',
          lastTransitionTime: timestamp(maker.now - age),
          reason: type === 'Established' ? 'InitialNamesAccepted' : 'NoConflicts',
          message: '',
        })),
      },
    },
  );
}

function makeNode(maker: Maker, node: (typeof NODES)[number], age: number): Stored {
  const labels = {
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': node.name,
    'kubernetes.io/os': 'linux',
    'topology.kubernetes.io/zone': node.zone,
  };
  return maker.make(
    'v1',
    'Node',
    { name: node.name, labels, age },
    {
      spec: { podCIDR: node.podCidr, podCIDRs: [node.podCidr] },
      status: {
        addresses: [
          { type: 'InternalIP', address: node.ip },
          { type: 'Hostname', address: node.name },
        ],
        conditions: [
          {
            type: 'Ready',
            status: 'True',
            reason: 'KubeletReady',
            message: 'kubelet is posting ready status',
            lastHeartbeatTime: timestamp(maker.now),
            lastTransitionTime: timestamp(maker.now - age),
          },
        ],
        nodeInfo: {
          kubeletVersion: 'v1.36.3',
          kernelVersion: '6.18.0',
          osImage: 'Debian GNU/Linux 12 (bookworm)',
          containerRuntimeVersion: 'containerd://2.4.2',
          operatingSystem: 'linux',
          architecture: 'amd64',
        },
      },
    },
  );
}
