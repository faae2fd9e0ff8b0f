import { VISIBILITY } from '../world/policies.ts';

/** Who tries to talk: pods of a workload, or every node's kubelet. */
export type Source =
  | { readonly type: 'pods'; readonly namespace: string; readonly workload: string }
  | { readonly type: 'kubelet' };

/** What it tries to reach. */
export type Target =
  | { readonly type: 'service'; readonly namespace: string; readonly name: string; readonly port: number }
  | { readonly type: 'world'; readonly name: string; readonly port: number; readonly http?: string }
  | { readonly type: 'api-server' }
  | { readonly type: 'probe' };

/** Attempts of one kind. All pods of the source take turns; `every` is the mean time between two, in ms. */
export type Path = {
  readonly from: Source;
  readonly to: Target;
  readonly every: number;
  readonly protocol?: 'UDP';
  /** A DNS question that comes first. */
  readonly lookup?: string;
  /** The policy that sends it through a proxy, where L7 is seen; without it, it goes the plain way. */
  readonly proxiedBy?: { readonly namespace: string; readonly name: string };
};

const pods = (namespace: string, workload: string): Source => ({ type: 'pods', namespace, workload });
const service = (namespace: string, name: string, port: number): Target => ({
  type: 'service',
  namespace,
  name,
  port,
});

/** Everything that talks in this world. */
export const PATHS: readonly Path[] = [
  { from: pods('shop', 'web'), to: service('shop', 'db', 5432), every: 1_000 },
  { from: pods('shop', 'web'), to: service('shop', 'api', 8080), every: 1_800 },
  { from: pods('shop', 'api'), to: service('shop', 'db', 5432), every: 2_300 },
  {
    from: pods('shop', 'web'),
    to: {
      type: 'world',
      name: 'pay.example.com',
      port: 443,
      http: 'POST https://pay.example.com/v1/charges',
    },
    every: 5_000,
    lookup: 'pay.example.com.',
    proxiedBy: VISIBILITY,
  },
  { from: pods('shop', 'edge'), to: service('shop', 'web', 80), every: 3_000 },
  { from: pods('shop', 'search'), to: service('shop', 'cache', 6379), every: 5_000 },
  { from: pods('shop', 'cart'), to: service('shop', 'cache', 6379), every: 6_000 },
  { from: pods('shop', 'cart'), to: service('shop', 'api', 8080), every: 7_000 },
  { from: pods('shop', 'backup'), to: service('shop', 'db', 5432), every: 20_000 },
  {
    from: pods('shop', 'mail'),
    to: { type: 'world', name: 'smtp.example.net', port: 587 },
    every: 15_000,
    lookup: 'smtp.example.net.',
  },
  { from: pods('shop', 'cart'), to: service('kube-system', 'kube-dns', 53), every: 9_000, protocol: 'UDP' },
  { from: pods('shop', 'api'), to: service('kube-system', 'kube-dns', 53), every: 8_000, protocol: 'UDP' },
  { from: pods('monitoring', 'prometheus'), to: service('shop', 'web', 80), every: 10_000 },
  { from: pods('monitoring', 'prometheus'), to: service('shop', 'api', 8080), every: 15_000 },
  { from: pods('monitoring', 'grafana'), to: service('monitoring', 'prometheus', 9090), every: 10_000 },
  { from: pods('kube-system', 'coredns'), to: { type: 'api-server' }, every: 14_000 },
  { from: pods('kube-system', 'hubble-relay'), to: { type: 'api-server' }, every: 25_000 },
  { from: { type: 'kubelet' }, to: { type: 'probe' }, every: 3_000 },
];
