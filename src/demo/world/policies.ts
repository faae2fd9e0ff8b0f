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
const inNamespace = (name: string): Readonly<Record<string, unknown>> => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
});
const tcp = (port: number): Readonly<Record<string, unknown>> => ({ protocol: 'TCP', port });

/** Redirects web's DNS queries and payments to Cilium's proxy, and isolates nothing. */
export const VISIBILITY = { namespace: 'shop', name: 'pay-visibility' } as const;

/** Was meant to admit prometheus to api. Its podSelector alone looks for it in the policy's own namespace (NP-15). */
export const METRICS = { namespace: 'shop', name: 'api-metrics' } as const;

/** The rules that `METRICS` was meant to have. */
export const METRICS_MENDED: readonly unknown[] = [
  { from: [{ ...inNamespace('monitoring'), ...app('prometheus') }], ports: [tcp(8080)] },
];

/** The policies in force when the world starts. */
export const POLICIES: readonly PolicyPlan[] = [
  {
    namespace: 'shop',
    name: 'default-deny',
    days: 212,
    // Passes by what has no tier: anything may reach backup.
    spec: {
      podSelector: { matchExpressions: [{ key: 'tier', operator: 'Exists' }] },
      policyTypes: ['Ingress'],
    },
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
              ...inNamespace('kube-system'),
              podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
            },
          ],
          ports: [{ protocol: 'UDP', port: 53 }, tcp(53)],
        },
      ],
    },
  },
  {
    ...METRICS,
    days: 12,
    spec: {
      ...app('api'),
      policyTypes: ['Ingress'],
      ingress: [{ from: [app('prometheus')], ports: [tcp(8080)] }],
    },
  },
  {
    namespace: 'shop',
    name: 'cart-metrics',
    days: 12,
    spec: {
      ...app('cart'),
      policyTypes: ['Ingress'],
      // One dash too many: all of monitoring is admitted, grafana too, where prometheus alone was meant (NP-17).
      ingress: [{ from: [inNamespace('monitoring'), app('prometheus')], ports: [tcp(8080)] }],
    },
  },
  {
    namespace: 'shop',
    name: 'mail-from-api',
    days: 30,
    spec: {
      ...app('mail'),
      policyTypes: ['Ingress'],
      ingress: [{ from: [app('api')], ports: [tcp(8080)] }],
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
