/** A policy of the world: its name and spec; a NetworkPolicy by default. */
export type PolicyPlan = {
  readonly kind?: 'CiliumNetworkPolicy';
  readonly namespace: string;
  readonly name: string;
  readonly days: number;
  readonly spec: Readonly<Record<string, unknown>>;
};

const app = (name: string): Readonly<Record<string, unknown>> => ({
  podSelector: { matchLabels: { app: name } },
});
const tcp = (port: number): Readonly<Record<string, unknown>> => ({ protocol: 'TCP', port });

/** Redirects web's DNS queries and payments to Cilium's proxy, and isolates nothing. */
export const VISIBILITY = { namespace: 'shop', name: 'pay-visibility' } as const;

/** The policies in force when the world starts. */
export const POLICIES: readonly PolicyPlan[] = [
  {
    namespace: 'shop',
    name: 'default-deny',
    days: 212,
    spec: { podSelector: {}, policyTypes: ['Ingress'] },
  },
  {
    namespace: 'shop',
    name: 'db-only-api',
    days: 180,
    spec: {
      ...app('db'),
      policyTypes: ['Ingress'],
      ingress: [{ from: [app('api')], ports: [tcp(5432)] }],
    },
  },
  {
    namespace: 'shop',
    name: 'api-from-web',
    days: 180,
    spec: {
      ...app('api'),
      policyTypes: ['Ingress'],
      ingress: [{ from: [app('web'), app('cart')], ports: [tcp(8080)] }],
    },
  },
  {
    namespace: 'shop',
    name: 'web-public',
    days: 201,
    spec: { ...app('web'), policyTypes: ['Ingress'], ingress: [{ ports: [tcp(8080)] }] },
  },
  {
    namespace: 'shop',
    name: 'cache-from-search',
    days: 96,
    spec: {
      ...app('cache'),
      policyTypes: ['Ingress'],
      ingress: [{ from: [app('search')], ports: [tcp(6379)] }],
    },
  },
  {
    namespace: 'shop',
    name: 'cart-egress',
    days: 41,
    spec: {
      ...app('cart'),
      policyTypes: ['Egress'],
      egress: [
        { to: [app('api')], ports: [tcp(8080)] },
        {
          to: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
              podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
            },
          ],
          ports: [{ protocol: 'UDP', port: 53 }, tcp(53)],
        },
      ],
    },
  },
  {
    ...VISIBILITY,
    kind: 'CiliumNetworkPolicy',
    days: 63,
    spec: {
      endpointSelector: { matchLabels: { app: 'web' } },
      enableDefaultDeny: { egress: false, ingress: false },
      egress: [
        {
          toEndpoints: [
            { matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'kube-system', 'k8s:k8s-app': 'kube-dns' } },
          ],
          toPorts: [{ ports: [{ port: '53', protocol: 'ANY' }], rules: { dns: [{ matchPattern: '*' }] } }],
        },
        {
          toFQDNs: [{ matchName: 'pay.example.com' }],
          toPorts: [{ ports: [{ port: '443', protocol: 'TCP' }], rules: { http: [{ method: 'POST' }] } }],
        },
      ],
    },
  },
];
