/* The traffic of the embedded pods, the policy decisions on it, and the Hubble that reports it. */

import { isLive, type Pod } from '../../core/cluster/cluster.ts';
import { targetsOf } from '../../core/policy/path/path.ts';
import type { Layer7, WireFlow, WirePolicy } from '../../hubble/wire/wire.ts';
import type { Random } from '../store/store.ts';
import { API_SERVER, NODES, VISIBILITY, WORLD } from '../world/world.ts';
import { wirePolicy } from './decision.ts';
import { attempt, attemptWithoutBackend } from './demo-attempt.ts';
import type { Attempt, AttemptParts } from './demo-connection.ts';
import { layer7 } from './layer7.ts';
import type { Mirror } from './mirror.ts';
import { nodeOf, type Party, partyOf } from './party.ts';
import { createTimeline } from './timeline.ts';

export { createMirror } from './mirror.ts';
export { type Observer, startObserver } from './observer.ts';

export type TrafficOptions = {
  readonly mirror: Mirror;
  readonly random: Random;
  readonly publish: (flows: readonly WireFlow[]) => void;
  /** ms since the epoch. */
  readonly now: number;
  /** How much traffic before `now` Hubble has, ms. */
  readonly past: number;
};

/** Generates traffic between the world's workloads, each path at its own rhythm, until `stop`. */
export function startTraffic({ mirror, random, publish, now, past }: TrafficOptions): {
  readonly stop: () => void;
} {
  const timeline = createTimeline();
  for (const [i, path] of PATHS.entries()) {
    const own = random.fork(`path ${i}`);
    const parts: AttemptParts = {
      mirror,
      random: own,
      timeline,
      publish,
      ...(path.once === true ? { goal: { reached: false } } : {}),
    };
    let turn = 0;
    const next = (time: number): void => {
      tryPath(parts, path, turn, time);
      turn += 1;
      if (parts.goal?.reached === true) return;
      timeline.at(time + path.every * (0.85 + 0.3 * own.next()), next);
    };
    timeline.at(now - past + path.every * own.next(), next);
  }
  timeline.advance(now);
  timeline.follow();
  return { stop: timeline.stop };
}

/** One attempt of a path, by the next pod in turn. */
function tryPath(parts: AttemptParts, path: Path, turn: number, time: number): void {
  if (path.from.type === 'kubelet') {
    probe(parts, turn, time);
    return;
  }
  const { namespace, workload } = path.from;
  const sources = parts.mirror.model
    .podsIn(namespace)
    .filter((pod) => pod.owner?.name === workload && runs(pod))
    .flatMap((pod) => partyOf(pod) ?? []);
  const from = sources[turn % sources.length];
  if (from === undefined) return;
  const lookup = path.lookup;
  if (lookup === undefined) {
    reach(parts, path, from, time);
    return;
  }
  const resolver = backend(
    parts,
    { type: 'service', namespace: 'kube-system', name: 'kube-dns', port: 53 },
    'UDP',
  );
  const address = addressOf(lookup);
  if (resolver !== undefined && address !== undefined) {
    const by = proxyOf(parts, path);
    const question = {
      from,
      ...resolver,
      protocol: 'UDP',
      sourcePort: sourcePort(parts),
      ...(by === undefined ? {} : { proxied: { by } }),
    } as const;
    lookUp(parts, question, { name: lookup, address }, time);
  }
  parts.timeline.at(time + 3, (later) => reach(parts, path, from, later));
}

/** The policy that redirects a path to the proxy, while it exists. */
function proxyOf({ mirror }: AttemptParts, { proxiedBy }: Path): WirePolicy | undefined {
  if (proxiedBy === undefined) return undefined;
  const policy = mirror.model.policy('CiliumNetworkPolicy', proxiedBy.namespace, proxiedBy.name);
  return policy === undefined ? undefined : wirePolicy(policy, mirror);
}

function reach(parts: AttemptParts, path: Path, from: Party, time: number): void {
  const { to } = path;
  const protocol: 'TCP' | 'UDP' = path.protocol ?? 'TCP';
  const connection = { from, protocol, sourcePort: sourcePort(parts) };
  switch (to.type) {
    case 'world': {
      const ip = addressOf(to.name) ?? '203.0.113.1';
      const by = proxyOf(parts, path);
      // Cilium knows outside names only from its DNS proxy.
      const party: Party = { type: 'world', ip, names: by === undefined ? [] : [to.name] };
      const http = to.http === undefined ? {} : { http: to.http };
      const proxied = by === undefined ? {} : { proxied: { by, ...http } };
      attempt(parts, { ...connection, to: party, port: to.port, ...proxied }, time);
      return;
    }
    case 'api-server':
      attempt(
        parts,
        { ...connection, to: { type: 'api-server', ip: API_SERVER.ip }, port: API_SERVER.port },
        time,
      );
      return;
    case 'service': {
      const found = parts.mirror.model.service(to.namespace, to.name);
      const target = backend(parts, to, protocol);
      const ip = found?.clusterIPs[0];
      if (target !== undefined) {
        const through = ip === undefined ? {} : { through: { ...to, ip } };
        attempt(parts, { ...connection, ...target, ...through }, time);
      } else if (ip !== undefined) {
        attemptWithoutBackend(
          parts,
          { ...connection, to: { type: 'world', ip, names: [] }, port: to.port },
          time,
        );
      }
      return;
    }
    case 'probe':
      return;
  }
}

/** A ready backend of a service, and its port. */
function backend(
  parts: AttemptParts,
  to: Target & { readonly type: 'service' },
  protocol: 'TCP' | 'UDP',
): { readonly to: Party; readonly port: number } | undefined {
  const service = parts.mirror.model.service(to.namespace, to.name);
  if (service === undefined) return undefined;
  const targets = targetsOf(parts.mirror.model, service, { port: to.port, protocol }).filter(({ pod }) =>
    runs(pod),
  );
  const sorted = targets.toSorted((a, b) => (a.pod.name < b.pod.name ? -1 : 1));
  const chosen = sorted[parts.random.integer(0, Math.max(0, sorted.length - 1))];
  const party = chosen === undefined ? undefined : partyOf(chosen.pod);
  return chosen === undefined || party === undefined ? undefined : { to: party, port: chosen.port };
}

/** The kubelet's readiness probes of one pod after the other, from the pod's own node. */
function probe(parts: AttemptParts, turn: number, time: number): void {
  const pods = [...parts.mirror.model.pods()]
    .filter((pod) => runs(pod) && !pod.hostNetwork && pod.ports.length > 0)
    .sort((a, b) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1));
  const pod = pods[turn % pods.length];
  const to = pod === undefined ? undefined : partyOf(pod);
  const port = pod?.ports.find(({ protocol }) => protocol === 'TCP');
  const node = NODES.find(({ name }) => name === pod?.node);
  if (to === undefined || port === undefined || node === undefined) return;
  const from: Party = { type: 'node', node: node.name, ip: node.ip };
  attempt(parts, { from, to, port: port.port, protocol: 'TCP', sourcePort: sourcePort(parts) }, time);
}

function runs(pod: Pod): boolean {
  return isLive(pod) && !pod.deleting && pod.phase === 'Running' && pod.status !== 'CrashLoopBackOff';
}

/** A port from Linux's ephemeral range. */
function sourcePort({ random }: AttemptParts): number {
  return random.integer(32_768, 60_999);
}

function addressOf(name: string): string | undefined {
  return new Map<string, string>(Object.entries(WORLD)).get(name.replace(/\.$/, ''));
}

/** A DNS query and its response: a UDP exchange, and through a proxy also the L7 flows. */
function lookUp(
  parts: AttemptParts,
  question: Attempt,
  { name, address }: { readonly name: string; readonly address: string },
  time: number,
): void {
  const node = nodeOf(question.from);
  attempt(parts, question, time);
  if (node === undefined || question.proxied === undefined) return;
  const dns = { query: name, observation_source: 'proxy', qtypes: ['A'] };
  parts.timeline.at(time + 0.6, (now) => {
    const request = { type: 'REQUEST', dns } as const;
    parts.publish([layer7(question, parts, node, now, false, request, `DNS Query ${name} A`)]);
  });
  parts.timeline.at(time + 1.8, (now) => {
    const answer: Layer7 = { type: 'RESPONSE', dns: { ...dns, ips: [address], ttl: 30, rrtypes: ['A'] } };
    const summary = `DNS Answer "${address}" TTL: 30 (Proxy ${name} A)`;
    parts.publish([layer7(question, parts, node, now, true, answer, summary)]);
  });
}

/** The source: pods of a workload, or every node's kubelet. */
type Source =
  | { readonly type: 'pods'; readonly namespace: string; readonly workload: string }
  | { readonly type: 'kubelet' };

/** The destination. */
type Target =
  | { readonly type: 'service'; readonly namespace: string; readonly name: string; readonly port: number }
  | { readonly type: 'world'; readonly name: string; readonly port: number; readonly http?: string }
  | { readonly type: 'api-server' }
  | { readonly type: 'probe' };

/** Attempts of one kind. All pods of the source take turns; `every` is the mean time between attempts, in ms. */
type Path = {
  readonly from: Source;
  readonly to: Target;
  readonly every: number;
  readonly protocol?: 'UDP';
  /** A DNS query that comes first. */
  readonly lookup?: string;
  /** The first connection is also the last. */
  readonly once?: true;
  /** The policy that redirects it to a proxy, where L7 is seen; without it, it goes directly. */
  readonly proxiedBy?: { readonly namespace: string; readonly name: string };
};

const pods = (namespace: string, workload: string): Source => ({ type: 'pods', namespace, workload });
const service = (namespace: string, name: string, port: number): Target => ({
  type: 'service',
  namespace,
  name,
  port,
});

/** All traffic in this world. */
const PATHS: readonly Path[] = [
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
  { from: pods('monitoring', 'prometheus'), to: service('shop', 'api', 8080), every: 4_000 },
  { from: pods('monitoring', 'grafana'), to: service('monitoring', 'prometheus', 9090), every: 10_000 },
  { from: pods('kube-system', 'coredns'), to: { type: 'api-server' }, every: 14_000 },
  { from: pods('kube-system', 'hubble-relay'), to: { type: 'api-server' }, every: 25_000 },
  { from: { type: 'kubelet' }, to: { type: 'probe' }, every: 3_000 },
  { from: pods('monitoring', 'prometheus'), to: service('shop', 'cart', 80), every: 9_000 },
  { from: pods('monitoring', 'grafana'), to: service('shop', 'cart', 80), every: 7_000 },
  { from: pods('shop', 'api'), to: service('shop', 'mail', 80), every: 6_000 },
  { from: pods('shop', 'backup'), to: service('shop', 'cache', 6379), every: 4_000, once: true },
];
