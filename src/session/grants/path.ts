import { type IpRange, inRange, type Pod, type PortSpec, parseIp } from '../../core/cluster/cluster.ts';
import { addressRange, formatPorts, type Grant } from '../../core/grants/grants.ts';
import type { ClusterModel } from '../../core/live/live.ts';
import type { EndName, PairChange } from '../../core/policy/model/model.ts';
import { targetsOf } from '../../core/policy/path/path.ts';
import type { Attempt } from '../../core/traffic/traffic.ts';

/** One end of a pair: a pod, an address outside, or a block of them, which has no `ips`. */
export type PairEnd = {
  readonly name: string;
  readonly ips: readonly string[];
  readonly pod?: Pod;
  readonly block?: IpRange;
};

/** One source, one destination and one port that a grant opened. */
export type GrantPair = {
  /** `web-1 → db-0 :5432/tcp`. */
  readonly name: string;
  readonly from: PairEnd;
  readonly to: PairEnd;
  readonly port: PortSpec;
};

/**
 * The pairs that traffic between two addresses may belong to: several for a service address, before DNAT. `mixed`: it
 * may also belong to a pair that the grant did not open, so it proves nothing.
 */
export type Route = { readonly pairs: readonly GrantPair[]; readonly mixed: boolean };

/** The pairs that a grant opened, and the routes their traffic takes. Pairs that were already open are not included. */
export type GrantPath = {
  readonly pairs: readonly GrantPair[];
  /** By `source address>ip:port/PROTOCOL`. */
  readonly routes: ReadonlyMap<string, Route>;
  /** The pairs with a block at one end: an attempt shows an address of it, and proves nothing of the others. */
  readonly blocks: readonly GrantPair[];
};

/** The path for the pairs that a plan opens, with the current pods; pairs with deleted pods are left out. */
export function pathOf(model: ClusterModel, opens: readonly PairChange[]): GrantPath {
  const pairs = opens.flatMap((opened): readonly GrantPair[] => {
    const from = endNamed(model, opened.from);
    const to = endNamed(model, opened.to);
    if (from === undefined || to === undefined) return [];
    const port = { port: opened.port, protocol: opened.protocol };
    return [{ name: `${from.name} → ${to.name} ${portText(port)}`, from, to, port }];
  });
  const routes = new Map<string, Route>();
  for (const pair of pairs) {
    for (const key of keysOf(pair.from, pair.to.ips, pair.port))
      routes.set(key, { pairs: [pair], mixed: false });
  }
  addServices(model, pairs, routes);
  return { pairs, routes, blocks: pairs.filter(hasBlock) };
}

/** The route of an attempt on a path; undefined if it is not on the path. */
export function routeOf(
  { routes, blocks }: GrantPath,
  { source, destination, protocol }: Attempt,
): Route | undefined {
  const [from, to, dialed] = [source.ip, destination.ip, destination.port];
  if (from === undefined || to === undefined || dialed === undefined) return undefined;
  const pair = blocks.find(
    ({ port, ...ends }) =>
      port.port === dialed &&
      port.protocol === protocol &&
      hasAddress(ends.from, from) &&
      hasAddress(ends.to, to),
  );
  return pair === undefined
    ? routes.get(`${from}>${to}:${dialed}/${protocol}`)
    : { pairs: [pair], mixed: false };
}

/** Whether one end of a pair is a block, of which no attempt shows the whole. */
export function hasBlock({ from, to }: GrantPair): boolean {
  return from.block !== undefined || to.block !== undefined;
}

function hasAddress({ ips, block }: PairEnd, text: string): boolean {
  if (block === undefined) return ips.includes(text);
  const ip = parseIp(text);
  return ip !== undefined && inRange(block, ip);
}

function endNamed(model: ClusterModel, { namespace, name }: EndName): PairEnd | undefined {
  if (namespace === undefined) {
    const block = addressRange(name);
    return block === undefined || block.first === block.last
      ? { name, ips: [name] }
      : { name, ips: [], block };
  }
  const pod = model.pod(namespace, name);
  return pod === undefined ? undefined : { name, ips: pod.ips, pod };
}

/** Probes and sockets see the address of a service, not the backend it is translated to. */
function addServices(model: ClusterModel, pairs: readonly GrantPair[], routes: Map<string, Route>): void {
  const sources = new Map(pairs.map(({ from }) => [from.name, from]));
  const byPair = new Map(pairs.map((pair) => [pairKey(pair.from, pair.to.pod, pair.port), pair]));
  const destinations = new Set(pairs.map(({ to }) => to.pod?.uid));
  for (const service of model.services()) {
    if (!model.backends(service).some(({ uid }) => destinations.has(uid))) continue;
    for (const { port, protocol } of service.ports) {
      const targets = targetsOf(model, service, { port, protocol });
      for (const from of sources.values()) {
        const found = targets.map((target) => byPair.get(pairKey(from, target.pod, target)));
        const opened = found.filter((pair) => pair !== undefined);
        if (opened.length === 0) continue;
        const route = { pairs: opened, mixed: opened.length < found.length };
        for (const key of keysOf(from, service.clusterIPs, { port, protocol })) routes.set(key, route);
      }
    }
  }
}

function pairKey(from: PairEnd, to: Pod | undefined, { port, protocol }: PortSpec): string {
  return `${from.ips[0]}>${to?.uid}:${port}/${protocol}`;
}

function keysOf(from: PairEnd, ips: readonly string[], { port, protocol }: PortSpec): readonly string[] {
  return from.ips.flatMap((source) => ips.map((ip) => `${source}>${ip}:${port}/${protocol}`));
}

function portText({ port, protocol }: PortSpec): string {
  return `:${port}/${protocol.toLowerCase()}`;
}

/** `web → db :5432/tcp`, for messages. */
export function pathText(grant: Pick<Grant, 'source' | 'destination' | 'ports'>): string {
  return `${grant.source} → ${grant.destination} :${formatPorts(grant.ports)}`;
}
