import { NAME_LABEL } from '../../src/core/cluster/map.ts';
import type { Namespace, Node, Pod } from '../../src/core/cluster/objects.ts';
import type { ClusterEvent } from '../../src/core/live/events.ts';
import { parseCiliumPolicy } from '../../src/core/policy/cilium/parse.ts';
import { parseNetworkPolicy } from '../../src/core/policy/kinds/network-policy.ts';
import type { Policy } from '../../src/core/policy/model/policy.ts';

/** How large a world is to be. */
export type Size = { readonly pods: number; readonly policies: number; readonly namespaces: number };

/** The objects of a world, mapped as an adapter maps them. */
export type SeededWorld = {
  readonly pods: readonly Pod[];
  readonly namespaces: readonly Namespace[];
  readonly nodes: readonly Node[];
  readonly policies: readonly Policy[];
};

const TEAMS = ['atlas', 'borealis', 'cetus', 'draco', 'eridanus', 'fornax', 'gemini', 'hydra'];
const TIERS = ['web', 'api', 'db', 'worker', 'cache'];
const PODS_PER_NODE = 60;

/** Numbers below a limit, the same series for one seed (mulberry32). */
export function seeded(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

/**
 * A cluster as they grow: workloads of about four pods, one in ten a StatefulSet with labels of its own per pod, some
 * pods on the host network; in every namespace a default deny and rules between its tiers, between teams, to DNS, to
 * ranges outside; one policy in twenty Cilium's, with denies and clusterwide ones.
 */
export function seededWorld(size: Size, seed = 7): SeededWorld {
  const random = seeded(seed);
  const namespaces = Array.from({ length: size.namespaces }, (_, index) => namespaceAt(index));
  const nodes = Array.from({ length: Math.ceil(size.pods / PODS_PER_NODE) }, (_, index) => nodeAt(index));
  const pods: Pod[] = [];
  for (let workload = 0; pods.length < size.pods; workload += 1) {
    const namespace = namespaces[workload % namespaces.length]?.name ?? 'ns-0';
    const replicas = Math.min(1 + random(7), size.pods - pods.length);
    for (let replica = 0; replica < replicas; replica += 1) {
      pods.push(podAt({ workload, replica, namespace, index: pods.length, nodes: nodes.length }));
    }
  }
  const policies = Array.from({ length: size.policies }, (_, index) =>
    policyAt(index, namespaces[index % namespaces.length]?.name ?? 'ns-0', namespaces.length, random),
  );
  return { pods, namespaces, nodes, policies };
}

/** A world as the events of one list. */
export function eventsOf({ pods, namespaces, nodes, policies }: SeededWorld): readonly ClusterEvent[] {
  const source = 'bench';
  return [
    { type: 'reset', kind: 'namespaces', source, objects: namespaces },
    { type: 'reset', kind: 'nodes', source, objects: nodes },
    { type: 'reset', kind: 'pods', source, objects: pods },
    { type: 'reset', kind: 'policies', source, objects: policies },
  ];
}

function namespaceAt(index: number): Namespace {
  const name = `ns-${index}`;
  const team = TEAMS[index % TEAMS.length] ?? 'atlas';
  const env = index % 3 === 0 ? 'prod' : 'test';
  return { kind: 'Namespace', name, deleting: false, labels: { [NAME_LABEL]: name, team, env } };
}

function nodeAt(index: number): Node {
  const ip = `192.168.${index >> 8}.${index & 255}`;
  return { kind: 'Node', name: `node-${index}`, labels: { 'kubernetes.io/os': 'linux' }, ips: [ip] };
}

type Place = {
  readonly workload: number;
  readonly replica: number;
  readonly namespace: string;
  readonly index: number;
  readonly nodes: number;
};

/** One pod of a workload. The index decides its address and its node. */
export function podAt({ workload, replica, namespace, index, nodes }: Place): Pod {
  const tier = TIERS[Math.floor(workload / 200) % TIERS.length] ?? 'web';
  const app = `app-${workload}`;
  const isStateful = workload % 10 === 9;
  const hash = (workload * 2_654_435_761).toString(16).slice(0, 9);
  const name = isStateful ? `${app}-${replica}` : `${app}-${hash}-${index.toString(36).padStart(5, '0')}`;
  const node = index % nodes;
  const hostNetwork = workload % 67 === 66;
  const own: Readonly<Record<string, string>> = isStateful
    ? { 'statefulset.kubernetes.io/pod-name': name, 'apps.kubernetes.io/pod-index': String(replica) }
    : { 'pod-template-hash': hash };
  return {
    kind: 'Pod',
    namespace,
    name,
    uid: `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`,
    labels: {
      app,
      tier,
      'app.kubernetes.io/name': app,
      'app.kubernetes.io/instance': `${app}-${namespace}`,
      ...own,
    },
    ips: [
      hostNetwork
        ? `192.168.${node >> 8}.${node & 255}`
        : `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    ],
    node: `node-${node}`,
    hostNetwork,
    phase: 'Running',
    deleting: false,
    ports: [
      { name: 'http', port: 8080, protocol: 'TCP' },
      { name: 'metrics', port: 9090, protocol: 'TCP' },
    ],
    containers: ['main'],
    owner: { kind: isStateful ? 'StatefulSet' : 'Deployment', namespace, name: app },
    serviceAccount: app,
    readyContainers: 1,
    restarts: 0,
    status: 'Running',
    created: 0,
  };
}

/** The policy of an index: the first of a namespace is its default deny. */
export function policyAt(
  index: number,
  namespace: string,
  namespaces: number,
  random: (limit: number) => number,
): Policy {
  const name = `policy-${index}`;
  if (index % 20 === 19) return ciliumPolicyAt(index, namespace, random);
  const round = Math.floor(index / namespaces);
  return parseNetworkPolicy({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace, uid: name },
    spec: round === 0 ? { podSelector: {}, policyTypes: ['Ingress'] } : specAt(random),
  });
}

function specAt(random: (limit: number) => number): unknown {
  const tier = () => ({ matchLabels: { tier: TIERS[random(TIERS.length)] ?? 'web' } });
  const team = () => ({ matchLabels: { team: TEAMS[random(TEAMS.length)] ?? 'atlas' } });
  const podSelector = random(5) === 0 ? {} : tier();
  switch (random(7)) {
    case 0:
      return { podSelector, ingress: [{ from: [{ podSelector: tier() }], ports: [{ port: 8080 }] }] };
    case 1:
      return {
        podSelector,
        ingress: [{ from: [{ namespaceSelector: team(), podSelector: tier() }], ports: [{ port: 'http' }] }],
      };
    case 2:
      return {
        podSelector,
        ingress: [
          { from: [{ namespaceSelector: { matchLabels: { env: 'prod' } } }], ports: [{ port: 9090 }] },
          {
            from: [
              { podSelector: { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['db'] }] } },
            ],
          },
        ],
      };
    case 3:
      return {
        podSelector,
        policyTypes: ['Egress'],
        egress: [
          {
            to: [{ namespaceSelector: { matchLabels: { [NAME_LABEL]: 'ns-0' } } }],
            ports: [{ protocol: 'UDP', port: 53 }],
          },
          { to: [{ podSelector: tier() }], ports: [{ port: 8080, endPort: 8090 }] },
        ],
      };
    case 4:
      return {
        podSelector,
        policyTypes: ['Egress'],
        egress: [
          { to: [{ ipBlock: { cidr: `203.0.${random(200)}.0/24` } }], ports: [{ port: 443 }] },
          { to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8', '192.168.0.0/16'] } }] },
        ],
      };
    case 5:
      return { podSelector, ingress: [{ from: [{ ipBlock: { cidr: `198.51.${random(200)}.0/24` } }] }] };
    default:
      return { podSelector, ingress: [{ from: [{ namespaceSelector: team() }] }], egress: [{}] };
  }
}

function ciliumPolicyAt(index: number, namespace: string, random: (limit: number) => number): Policy {
  const tier = { matchLabels: { tier: TIERS[random(TIERS.length)] ?? 'web' } };
  const clusterwide = index % 200 === 199;
  const toPorts = [{ ports: [{ port: String(8000 + random(100)), protocol: 'TCP' }] }];
  const sections = [
    { enableDefaultDeny: { ingress: false }, ingressDeny: [{ fromEntities: ['world'] }] },
    { enableDefaultDeny: { egress: false }, egressDeny: [{ toCIDR: ['169.254.169.254/32'] }] },
    { ingress: [{ fromEndpoints: [tier], toPorts }] },
    { egress: [{ toEntities: ['kube-apiserver'] }, { toEndpoints: [tier], toPorts }] },
  ];
  return parseCiliumPolicy({
    apiVersion: 'cilium.io/v2',
    kind: clusterwide ? 'CiliumClusterwideNetworkPolicy' : 'CiliumNetworkPolicy',
    metadata: { name: `policy-${index}`, uid: `policy-${index}`, ...(clusterwide ? {} : { namespace }) },
    spec: {
      endpointSelector: clusterwide ? tier : random(2) === 0 ? {} : tier,
      ...sections[clusterwide ? random(2) : random(sections.length)],
    },
  });
}
