/** The health of a workload's pods. */
export type Health = 'ready' | 'unready' | 'crashing' | 'succeeded';

/** One workload of the world. Pods go to `nodes`, one each, in this order. */
export type WorkloadPlan = {
  readonly namespace: string;
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'Job' | 'CronJob';
  readonly name: string;
  readonly nodes: readonly NodeName[];
  readonly labels: Readonly<Record<string, string>>;
  readonly image: string;
  readonly ports: readonly {
    readonly name: string;
    readonly port: number;
    readonly protocol?: 'TCP' | 'UDP';
  }[];
  readonly health?: Health;
  readonly hostNetwork?: true;
  readonly restarts?: number;
};

export type NodeName = 'node-a' | 'node-b' | 'node-c';

/** A Service: maps its `port` to the port of its pods with this name or number. */
export type ServicePlan = {
  readonly namespace: string;
  readonly name: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly {
    readonly name: string;
    readonly port: number;
    readonly target: string;
    readonly protocol?: 'TCP' | 'UDP';
  }[];
  readonly headless?: true;
  readonly address?: string;
};

/** The nodes with their addresses and the networks of their pods. */
export const NODES: readonly {
  readonly name: NodeName;
  readonly ip: string;
  readonly podCidr: string;
  readonly zone: string;
}[] = [
  { name: 'node-a', ip: '192.168.10.10', podCidr: '10.1.0.0/24', zone: 'zone-a' },
  { name: 'node-b', ip: '192.168.10.11', podCidr: '10.1.1.0/24', zone: 'zone-b' },
  { name: 'node-c', ip: '192.168.10.12', podCidr: '10.1.2.0/24', zone: 'zone-c' },
];

export const NAMESPACES = [
  'default',
  'kube-node-lease',
  'kube-public',
  'kube-system',
  'monitoring',
  'shop',
] as const;

/** The address of the API server for pods. */
export const API_SERVER = { ip: '192.168.10.9', port: 6443 } as const;

/** What is outside the cluster: names and their addresses (RFC 5737). */
export const WORLD = {
  'pay.example.com': '203.0.113.21',
  'smtp.example.net': '198.51.100.25',
} as const;

const shop = { namespace: 'shop' } as const;
const system = { namespace: 'kube-system' } as const;
const monitoring = { namespace: 'monitoring' } as const;
const http = [{ name: 'http', port: 8080 }] as const;

/**
 * The story: the payment page (`web`) reads orders from `db` directly, which `db-only-api` does not allow.
 * `backup` → `db` is also denied, and should be. `cart` → `cache` is denied by both halves. `api` → `mail` fails by the
 * port that Service `mail` leads to, prometheus → `api` by a mistake in `api-metrics`, which admits what it should not
 * in `cart-metrics`. Anything may reach `backup`. Once `backup` has reached `cache`, it makes no further attempt.
 */
export const WORKLOADS: readonly WorkloadPlan[] = [
  {
    ...shop,
    kind: 'Deployment',
    name: 'web',
    nodes: ['node-a', 'node-b'],
    labels: { app: 'web', tier: 'front' },
    image: 'registry.example.com/shop/web:4.2.1',
    ports: http,
  },
  {
    ...shop,
    kind: 'Deployment',
    name: 'api',
    nodes: ['node-a', 'node-b'],
    labels: { app: 'api', tier: 'back' },
    image: 'registry.example.com/shop/api:7.0.3',
    ports: http,
  },
  {
    ...shop,
    kind: 'StatefulSet',
    name: 'db',
    nodes: ['node-c'],
    labels: { app: 'db', tier: 'data' },
    image: 'docker.io/library/postgres:17.2',
    ports: [{ name: 'postgres', port: 5432 }],
  },
  {
    ...shop,
    kind: 'Deployment',
    name: 'backup',
    nodes: ['node-b'],
    labels: { app: 'backup', team: 'platform' },
    image: 'registry.example.com/platform/backup:2.0',
    ports: [{ name: 'restore', port: 9000 }],
  },
  {
    ...shop,
    kind: 'StatefulSet',
    name: 'cache',
    nodes: ['node-a'],
    labels: { app: 'cache', tier: 'data' },
    image: 'docker.io/valkey/valkey:8.0',
    ports: [{ name: 'redis', port: 6379 }],
  },
  {
    ...shop,
    kind: 'Deployment',
    name: 'cart',
    nodes: ['node-b', 'node-c'],
    labels: { app: 'cart', tier: 'back' },
    image: 'registry.example.com/shop/cart:1.9.0',
    ports: http,
  },
  {
    ...shop,
    kind: 'Deployment',
    name: 'search',
    nodes: ['node-c'],
    labels: { app: 'search', tier: 'back' },
    image: 'registry.example.com/shop/search:3.3.0',
    ports: http,
    health: 'unready',
    restarts: 1,
  },
  {
    ...shop,
    kind: 'Deployment',
    name: 'mail',
    nodes: ['node-a'],
    labels: { app: 'mail', tier: 'back' },
    image: 'registry.example.com/shop/mail:1.1.4',
    ports: http,
  },
  {
    ...shop,
    kind: 'Deployment',
    name: 'reports',
    nodes: ['node-b'],
    labels: { app: 'reports', tier: 'back' },
    image: 'registry.example.com/shop/reports:0.8.0',
    ports: http,
    health: 'crashing',
    restarts: 14,
  },
  {
    ...shop,
    kind: 'Job',
    name: 'migrate-orders',
    nodes: ['node-c'],
    labels: { app: 'migrate' },
    image: 'registry.example.com/shop/api:7.0.3',
    ports: [],
    health: 'succeeded',
  },
  {
    ...shop,
    kind: 'Deployment',
    name: 'edge',
    nodes: ['node-a'],
    labels: { app: 'edge', tier: 'front' },
    image: 'docker.io/library/haproxy:3.1',
    ports: [{ name: 'https', port: 8443 }],
    hostNetwork: true,
  },

  {
    ...system,
    kind: 'Deployment',
    name: 'coredns',
    nodes: ['node-a', 'node-b'],
    labels: { 'k8s-app': 'kube-dns' },
    image: 'registry.k8s.io/coredns/coredns:v1.14.0',
    ports: [
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53 },
      { name: 'metrics', port: 9153 },
    ],
  },
  {
    ...system,
    kind: 'DaemonSet',
    name: 'cilium',
    nodes: ['node-a', 'node-b', 'node-c'],
    labels: {
      'k8s-app': 'cilium',
      'app.kubernetes.io/name': 'cilium-agent',
      'app.kubernetes.io/part-of': 'cilium',
    },
    image: 'quay.io/cilium/cilium:v1.20.2',
    ports: [{ name: 'peer-service', port: 4244 }],
    hostNetwork: true,
  },
  {
    ...system,
    kind: 'Deployment',
    name: 'cilium-operator',
    nodes: ['node-b'],
    labels: {
      'io.cilium/app': 'operator',
      'app.kubernetes.io/name': 'cilium-operator',
      'app.kubernetes.io/part-of': 'cilium',
    },
    image: 'quay.io/cilium/operator-generic:v1.20.2',
    ports: [{ name: 'prometheus', port: 9963 }],
    hostNetwork: true,
  },
  {
    ...system,
    kind: 'Deployment',
    name: 'hubble-relay',
    nodes: ['node-c'],
    labels: {
      'k8s-app': 'hubble-relay',
      'app.kubernetes.io/name': 'hubble-relay',
      'app.kubernetes.io/part-of': 'cilium',
    },
    image: 'quay.io/cilium/hubble-relay:v1.20.2',
    ports: [{ name: 'grpc', port: 4245 }],
  },

  {
    ...monitoring,
    kind: 'StatefulSet',
    name: 'prometheus',
    nodes: ['node-c'],
    labels: { app: 'prometheus' },
    image: 'quay.io/prometheus/prometheus:v3.5.0',
    ports: [{ name: 'web', port: 9090 }],
  },
  {
    ...monitoring,
    kind: 'Deployment',
    name: 'grafana',
    nodes: ['node-b'],
    labels: { app: 'grafana' },
    image: 'docker.io/grafana/grafana:12.2.0',
    ports: [{ name: 'http', port: 3000 }],
  },
];

export const SERVICES: readonly ServicePlan[] = [
  { ...shop, name: 'web', selector: { app: 'web' }, ports: [{ name: 'http', port: 80, target: 'http' }] },
  { ...shop, name: 'api', selector: { app: 'api' }, ports: [{ name: 'http', port: 8080, target: 'http' }] },
  {
    ...shop,
    name: 'db',
    selector: { app: 'db' },
    ports: [{ name: 'postgres', port: 5432, target: 'postgres' }],
  },
  {
    ...shop,
    name: 'cache',
    selector: { app: 'cache' },
    ports: [{ name: 'redis', port: 6379, target: 'redis' }],
    headless: true,
  },
  { ...shop, name: 'cart', selector: { app: 'cart' }, ports: [{ name: 'http', port: 80, target: 'http' }] },
  {
    ...shop,
    name: 'search',
    selector: { app: 'search' },
    ports: [{ name: 'http', port: 80, target: 'http' }],
  },
  // mail listened on 8025 once.
  { ...shop, name: 'mail', selector: { app: 'mail' }, ports: [{ name: 'http', port: 80, target: '8025' }] },
  {
    ...system,
    name: 'kube-dns',
    selector: { 'k8s-app': 'kube-dns' },
    ports: [
      { name: 'dns', port: 53, target: 'dns', protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, target: 'dns-tcp' },
    ],
    address: '10.96.0.10',
  },
  {
    ...system,
    name: 'hubble-relay',
    selector: { 'k8s-app': 'hubble-relay' },
    ports: [{ name: 'grpc', port: 80, target: 'grpc' }],
  },
  {
    ...monitoring,
    name: 'prometheus',
    selector: { app: 'prometheus' },
    ports: [{ name: 'web', port: 9090, target: 'web' }],
  },
  {
    ...monitoring,
    name: 'grafana',
    selector: { app: 'grafana' },
    ports: [{ name: 'http', port: 80, target: 'http' }],
  },
];
