import type { WorkloadRef } from '../cluster/cluster.ts';
import type { Flow, FlowEnd } from './flow.ts';

/** Names learned from flows, for flows that lack them. */
export type NameBook = {
  /** The end with everything known of it. */
  complete(end: FlowEnd): FlowEnd;
  /** Records the workload or DNS name of an end; returns whether it was new. */
  learn(end: FlowEnd): boolean;
  /** Records which service a socket was translated from, from flows of type 7. */
  translate(flow: Flow): void;
  /** The service through which a destination was reached, if a translation showed it. */
  serviceOf(source: FlowEnd, destination: FlowEnd): FlowEnd['service'];
};

/** Names kept of each kind; the oldest are dropped first. */
const LIMIT = 20_000;

/**
 * Workloads by pod and DNS names by address, from flows; `workloadOf` asks the cluster where flows don't tell (HUB-15).
 */
export function createNameBook(workloadOf: (end: FlowEnd) => WorkloadRef | undefined): NameBook {
  const workloads = new Map<string, NonNullable<FlowEnd['workload']>>();
  const dns = new Map<string, readonly string[]>();
  const sockets = new Map<string, NonNullable<FlowEnd['service']>>();
  const services = new Map<string, NonNullable<FlowEnd['service']>>();

  function learnt(end: FlowEnd): FlowEnd | undefined {
    if (end.pod !== undefined) {
      const workload = workloads.get(podKey(end));
      return workload === undefined ? undefined : { ...end, workload };
    }
    if (end.dns !== undefined || end.ip === undefined) return undefined;
    const names = dns.get(end.ip);
    return names === undefined ? undefined : { ...end, dns: names };
  }

  return {
    complete(end) {
      if (end.workload !== undefined) return end;
      const ref = isNode(end) ? undefined : workloadOf(end);
      if (ref === undefined) return learnt(end) ?? end;
      return { ...end, namespace: ref.namespace, workload: { kind: ref.kind, name: ref.name } };
    },
    learn(end) {
      if (end.workload !== undefined && end.pod !== undefined) {
        return remember(workloads, podKey(end), end.workload);
      }
      if (end.dns !== undefined && end.ip !== undefined && end.pod === undefined) {
        return remember(dns, end.ip, end.dns);
      }
      return false;
    },
    translate({ verdict, socket, source, destination }) {
      if (socket === undefined) return;
      if (verdict === 'traced') {
        if (destination.service !== undefined) remember(sockets, socket, destination.service);
        return;
      }
      const service = destination.service ?? sockets.get(socket);
      if (service !== undefined) remember(services, viaKey(source, destination), service);
    },
    serviceOf(source, destination) {
      return services.size === 0 ? undefined : services.get(viaKey(source, destination));
    },
  };
}

/** Nodes share their address with host-network pods, so an address identifies nothing there. */
function isNode({ reserved }: FlowEnd): boolean {
  return reserved === 'host' || reserved === 'remote-node' || reserved === 'kube-apiserver';
}

function podKey({ namespace, pod }: FlowEnd): string {
  return `${namespace ?? ''}/${pod}`;
}

function viaKey(source: FlowEnd, destination: FlowEnd): string {
  return `${source.ip}>${destination.ip}:${destination.port}`;
}

function remember<T>(map: Map<string, T>, key: string, value: T): boolean {
  const isNew = !map.has(key);
  map.set(key, value);
  if (map.size > LIMIT) {
    for (const oldest of map.keys()) {
      map.delete(oldest);
      break;
    }
  }
  return isNew;
}
