import {
  canonicalIp,
  formatIp,
  isLive,
  matches,
  type Pod,
  type Protocol,
  type Service,
} from '../../cluster/cluster.ts';
import type { ClusterModel } from '../../live/live.ts';
import type { EnforcerPeer, Match, Question } from '../match/match.ts';
import type { ServiceMatch } from '../model/model.ts';
import type { CiliumSight } from './identity.ts';

/**
 * What services resolve to: the pods of their selectors, or the addresses of their endpoints, which never match pods,
 * and match nodes only by mode. Services that resolve to nothing leave the rule without a peer (CIL-12).
 */
export function matchServices(
  sight: CiliumSight,
  { services, orAnybody }: EnforcerPeer & { readonly type: 'services' },
  { peer: side }: Question,
): Match {
  const standing = standingOf(sight.model, services);
  if (standing.length === 0) return orAnybody ? 'yes' : 'no';
  return standing.some((service) => standsFor(sight, service, side)) ? 'yes' : 'no';
}

/** Whether services resolve to anything: pods by a selector, or endpoint addresses. */
export function serviceStands(model: ClusterModel, services: readonly ServiceMatch[]): boolean {
  return standingOf(model, services).length > 0;
}

function standingOf(model: ClusterModel, services: readonly ServiceMatch[]): readonly Service[] {
  return services
    .flatMap((wanted) => servicesFor(model, wanted))
    .filter((service) => service.selector !== undefined || addressesOf(model, service).length > 0);
}

function servicesFor(model: ClusterModel, { namespace, by }: ServiceMatch): readonly Service[] {
  const named = namespace !== undefined && 'name' in by ? model.service(namespace, by.name) : undefined;
  const candidates = named === undefined ? Array.from(model.services()) : [named];
  return candidates.filter(
    (service) =>
      service.type !== 'ExternalName' &&
      (namespace === undefined || service.namespace === namespace) &&
      ('name' in by ? service.name === by.name : matches(by.selector, service.labels)),
  );
}

function addressesOf(model: ClusterModel, { namespace, name }: Service): readonly string[] {
  return model.endpoints(namespace, name);
}

function standsFor(
  { model, dialect, identityOf }: CiliumSight,
  service: Service,
  side: Question['peer'],
): boolean {
  if (service.selector !== undefined) {
    if (side.type !== 'pod' || side.pod.namespace !== service.namespace) return false;
    const labels = identityOf(side.pod);
    return Object.entries(service.selector).every(([key, value]) => labels[key] === value);
  }
  if (side.type !== 'ip' || side.reserved !== undefined) return false;
  if (side.node !== undefined && !dialect.cidrMatchesNodes) return false;
  const own = side.ips.map(formatIp);
  return addressesOf(model, service).some((address) => own.includes(canonicalIp(address)));
}

type Names = { readonly revision: number; readonly numbers: ReadonlyMap<string, ReadonlySet<number>> };

/**
 * Resolves a port name to a number over all pods of the cluster. For `none` and `several`, Cilium 1.19 matches nothing
 * (CIL-13). Names are collected again when pods change.
 */
export function createClusterPorts(
  model: ClusterModel,
): (name: string, protocol: Protocol) => number | 'none' | 'several' {
  let known: Names = { revision: -1, numbers: new Map() };
  return (name, protocol) => {
    const revision = model.revision('pods');
    if (known.revision !== revision) known = { revision, numbers: gathered(model) };
    const [first, second] = known.numbers.get(keyOf(name, protocol)) ?? [];
    if (first === undefined) return 'none';
    return second === undefined ? first : 'several';
  };
}

/** The number of a port name on one pod: case-insensitive, sidecars not counted. */
export function ownPort(pod: Pod, name: string, protocol: Protocol): number | undefined {
  const wanted = name.toLowerCase();
  return pod.ports.find(
    (port) => port.name?.toLowerCase() === wanted && port.protocol === protocol && port.sidecar !== true,
  )?.port;
}

function gathered(model: ClusterModel): ReadonlyMap<string, ReadonlySet<number>> {
  const numbers = new Map<string, Set<number>>();
  for (const pod of model.pods()) {
    if (!isLive(pod) || pod.hostNetwork) continue;
    for (const { name, port, protocol, sidecar } of pod.ports) {
      if (name === undefined || sidecar === true) continue;
      const key = keyOf(name, protocol);
      numbers.set(key, (numbers.get(key) ?? new Set()).add(port));
    }
  }
  return numbers;
}

function keyOf(name: string, protocol: Protocol): string {
  return `${protocol}/${name.toLowerCase()}`;
}
