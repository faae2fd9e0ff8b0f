import { canonicalIp, formatIp, inRange } from '../../cluster/ip.ts';
import { matches, type Selector } from '../../cluster/labels.ts';
import type { Service } from '../../cluster/objects.ts';
import type { Dialect } from '../enforcers/dialect.ts';
import type { Match, Question, World } from '../match/match.ts';
import { rangesOf } from '../match/ranges.ts';
import type { Peer, ServiceMatch } from '../model/policy.ts';
import { identityLabels, matchesIdentity, unprefixed } from './labels.ts';
import { reservedLabels, reservedOf } from './reserved.ts';

/** What `cluster` holds besides pods (CIL-10). */
const IN_CLUSTER = ['host', 'remote-node', 'kube-apiserver', 'health', 'ingress', 'init', 'unmanaged'];

const UNKNOWN_API_SERVER = 'the addresses of the API server are not known';

/** Whether an entity holds the other end. */
export function matchEntity(world: World, entity: string, { peer, self }: Question): Match {
  if (entity === 'all') return 'yes';
  if (peer.type === 'pod') return entity === 'cluster' ? 'yes' : 'no';
  const { names, apiServer } = reservedOf(world.model, peer, self);
  const wanted = entity === 'cluster' ? IN_CLUSTER : [entity];
  if (names.some((name) => wanted.includes(name))) return 'yes';
  if (apiServer !== undefined || !wanted.includes('kube-apiserver')) return 'no';
  world.doubts?.add(UNKNOWN_API_SERVER);
  return 'maybe';
}

/** A selector with a `reserved:` key: it gets neither namespace nor cluster (CIL-6). */
export function matchReserved(world: World, selector: Selector, { peer, self }: Question): Match {
  const { names, apiServer } = reservedOf(world.model, peer, self);
  const pod = peer.type === 'pod' ? identityLabels(world.model, peer.pod, world.dialect.labels) : {};
  const holdsAs = (reserved: readonly string[]) =>
    selector.every((requirement) => {
      const { source, key } = unprefixed(requirement.key);
      return source === 'reserved'
        ? matches([{ ...requirement, key }], reservedLabels(reserved))
        : matchesIdentity([requirement], pod);
    });
  const holds = holdsAs(names);
  if (apiServer === undefined && holdsAs([...names, 'kube-apiserver']) !== holds) {
    world.doubts?.add(UNKNOWN_API_SERVER);
    return 'maybe';
  }
  return holds ? 'yes' : 'no';
}

/** A CIDR: world, nodes only by mode and never by /0, pods only where the mode says so (CIL-11). */
export function matchWorldCidr(
  world: World,
  peer: Peer & { readonly type: 'cidr' },
  { peer: side }: Question,
): Match {
  const { range, except } = rangesOf(peer);
  if (range === undefined || (side.type === 'ip' && side.reserved !== undefined)) return 'no';
  const isInCluster = side.type === 'pod' || side.node !== undefined;
  const isOut = isInCluster && (peer.cidr.endsWith('/0') || !reachesInside(world.dialect, side));
  if (isOut && peer.reachesPods !== true) return 'no';
  if (side.type === 'pod' && side.ips.length === 0) {
    world.doubts?.add(`${side.pod.name} has no address yet`);
    return 'maybe';
  }
  const hit = side.ips.some((ip) => inRange(range, ip) && !except.some((hole) => inRange(hole, ip)));
  if (!hit || !isOut) return hit ? 'yes' : 'no';
  // The API says that networks match addresses in the cluster, and Cilium's CIDRs do not (ANP-7, CIL-16).
  world.doubts?.add(
    `whether networks of a ClusterNetworkPolicy match in the cluster is not known of ${world.dialect.enforcer}`,
  );
  return 'maybe';
}

/** Whether `policy-cidr-match-mode` lets a CIDR match this end; other enforcers have no such mode. */
function reachesInside(dialect: Dialect, side: Question['peer']): boolean {
  if (side.type === 'pod') return dialect.identityLabels && dialect.ipBlockMatchesPods === 'yes';
  return dialect.cidrMatchesNodes;
}

/**
 * What services stand for: the pods of their selectors, or the addresses of their endpoints, which never select pods,
 * and select nodes only by mode. Services that stand for nothing leave the rule without a peer (CIL-12).
 */
export function matchServices(
  world: World,
  { services, orAnybody }: Peer & { readonly type: 'services' },
  { peer: side }: Question,
): Match {
  const standing = standingOf(world, services);
  if (standing.length === 0) return orAnybody ? 'yes' : 'no';
  return standing.some((service) => standsFor(world, service, side)) ? 'yes' : 'no';
}

/** Whether services stand for anything: for pods by a selector, or for addresses of endpoints. */
export function serviceStands(world: World, services: readonly ServiceMatch[]): boolean {
  return standingOf(world, services).length > 0;
}

function standingOf(world: World, services: readonly ServiceMatch[]): readonly Service[] {
  return services
    .flatMap((wanted) => servicesFor(world, wanted))
    .filter((service) => service.selector !== undefined || addressesOf(world, service).length > 0);
}

function servicesFor(world: World, { namespace, by }: ServiceMatch): readonly Service[] {
  const named = namespace !== undefined && 'name' in by ? world.model.service(namespace, by.name) : undefined;
  const candidates = named === undefined ? Array.from(world.model.services()) : [named];
  return candidates.filter(
    (service) =>
      service.type !== 'ExternalName' &&
      (namespace === undefined || service.namespace === namespace) &&
      ('name' in by ? service.name === by.name : matches(by.selector, service.labels)),
  );
}

function addressesOf({ model }: World, { namespace, name }: Service): readonly string[] {
  return model.endpoints(namespace, name);
}

function standsFor(world: World, service: Service, side: Question['peer']): boolean {
  if (service.selector !== undefined) {
    if (side.type !== 'pod' || side.pod.namespace !== service.namespace) return false;
    const labels = identityLabels(world.model, side.pod, world.dialect.labels);
    return Object.entries(service.selector).every(([key, value]) => labels[key] === value);
  }
  if (side.type !== 'ip' || side.reserved !== undefined) return false;
  if (side.node !== undefined && !world.dialect.cidrMatchesNodes) return false;
  const own = side.ips.map(formatIp);
  return addressesOf(world, service).some((address) => own.includes(canonicalIp(address)));
}
