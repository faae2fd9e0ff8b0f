import { assertNever } from '../../assert-never.ts';
import { type Ip, inRange } from '../../cluster/ip.ts';
import { holds, type Labels, matches, type Selector } from '../../cluster/labels.ts';
import type { ClusterModel } from '../../cluster/model.ts';
import type { Namespace, Pod } from '../../cluster/objects.ts';
import { endpointLabels, isUnseen, namespaceLabels, speaksOfDerived } from '../calico/labels.ts';
import { matchCidrGroup } from '../cilium/cidr-groups.ts';
import { identityLabels, matchesIdentity } from '../cilium/labels.ts';
import { matchEntity, matchReserved, matchServices, matchWorldCidr } from '../cilium/match.ts';
import { clusterPort, ownPort } from '../cilium/named-ports.ts';
import type { Dialect } from '../enforcers/dialect.ts';
import { supports, whoseText } from '../enforcers/support.ts';
import type { ForeignObject, NamespaceMatch, Peer, PodMatch, PortMatch, Rule } from '../model/policy.ts';
import type { Query } from '../model/verdict.ts';
import { peersNear } from './cidr-index.ts';
import { matchesDomain } from './domain.ts';
import { rangesOf } from './ranges.ts';
import { nameOfSide, nodeOf, type Side } from './side.ts';

/** Whether something matches; `maybe` when the objects at hand do not tell. */
export type Match = 'yes' | 'no' | 'maybe';

/**
 * What is looked at. `foreign` are policies in force that are not evaluated here; `doubts`, where given, collects
 * the reason of every `maybe`.
 */
export type World = {
  readonly model: ClusterModel;
  readonly dialect: Dialect;
  readonly foreign?: readonly ForeignObject[];
  readonly doubts?: Set<string>;
};

/** What a rule is asked: a port, and the sides. `self` has the policies, `destination` owns the port. */
export type Question = {
  readonly port: Query['port'];
  readonly protocol: Query['protocol'];
  readonly self: Side;
  readonly peer: Side;
  readonly destination: Side;
};

/** The label that every namespace has (NP-20). */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/** Whether a rule applies: peers AND ports (NP-14). */
export function matchRule(world: World, rule: Rule, question: Question): Match {
  if (world.doubts !== undefined) {
    const found = matchRule(quiet(world), rule, question);
    if (found !== 'maybe') return found;
  }
  const port = matchPorts(world, rule.ports, question);
  return port === 'no' ? 'no' : and(port, matchPeers(world, rule.peers, question));
}

/** What may be so is no doubt where something else settles the match. */
function quiet(world: World): World {
  return { ...world, doubts: undefined };
}

/** Peers OR each other; `any` is everybody, an empty list nobody. */
export function matchPeers(world: World, peers: Rule['peers'], question: Question): Match {
  if (peers === 'any') return 'yes';
  return or(peersNear(peers, question.peer.ips), (peer) => matchPeer(world, peer, question));
}

/** Ports OR each other; `any` is every port of every protocol, an empty list none. */
export function matchPorts(world: World, ports: Rule['ports'], question: Question): Match {
  if (ports === 'any') return 'yes';
  return or(ports, (port) => (matchPort(world, port, question) ? supports(world, port, question) : 'no'));
}

/** One port item against the port asked for (NP-24, NP-25). */
export function matchPort(world: World, match: PortMatch, question: Question): boolean {
  if (match.protocol !== question.protocol) return false;
  switch (match.type) {
    case 'all':
      return true;
    case 'range':
      if (match.from === 0 && world.dialect.zeroPortIsAll) return true;
      return match.from <= question.port && question.port <= match.to;
    case 'named':
      return matchNamed(world, match, question);
    case 'icmp':
      return match.icmpType === question.port && hasFamily(question, match.family);
    default:
      return assertNever(match);
  }
}

/** Whether the packets may be of a family: of one that neither end rules out. */
function hasFamily({ self, peer }: Question, family: 4 | 6): boolean {
  return [self, peer].every(({ ips }) => ips.length === 0 || ips.some((ip) => ip.family === family));
}

/** A name resolves on the destination pod; Cilium's agent looks an egress name up over the whole cluster. */
function matchNamed(
  world: World,
  match: PortMatch & { readonly type: 'named' },
  question: Question,
): boolean {
  const { port, destination, self } = question;
  const { protocol } = match;
  if (world.dialect.identityLabels) {
    const isEgress = self !== destination && world.dialect.namedEgressPorts === 'cluster';
    const own = destination.type === 'pod' ? ownPort(destination.pod, match.name, protocol) : undefined;
    const number = isEgress ? clusterPort(world.model, match.name, protocol) : own;
    return typeof number === 'number' && number <= port && port <= Math.max(number, match.to ?? number);
  }
  return (
    destination.type === 'pod' &&
    destination.pod.ports.some(
      (item) => item.name === match.name && item.protocol === protocol && item.port === port,
    )
  );
}

/** One peer item against the other end. */
export function matchPeer(world: World, peer: Peer, question: Question): Match {
  const side = question.peer;
  switch (peer.type) {
    case 'pods':
      return side.type === 'pod' ? matchPods(world, peer, side.pod) : 'no';
    case 'cidr':
      return peer.identity === 'cilium' || world.dialect.identityLabels
        ? matchWorldCidr(world, peer, question)
        : matchCidr(world, peer, side);
    case 'cidr-group':
      return matchCidrGroup(world, peer, question);
    case 'entity':
      return matchEntity(world, peer.entity, question);
    case 'reserved':
      return matchReserved(world, peer.selector, question);
    case 'services':
      return matchServices(world, peer, question);
    case 'nodes': {
      const node = nodeOf(world.model, side);
      return node !== undefined && matches(peer.selector, node.labels) ? 'yes' : 'no';
    }
    case 'domain':
      if (side.type !== 'ip' || side.node !== undefined || side.reserved !== undefined) return 'no';
      if (side.dns !== undefined) return matchesDomain(peer, side.dns) ? 'yes' : 'no';
      world.doubts?.add(`${peer.pattern} may or may not have stood for ${side.text}`);
      return 'maybe';
    case 'unknown':
      world.doubts?.add(`a policy has ${peer.text}`);
      return 'maybe';
    default:
      return assertNever(peer);
  }
}

/** Whether pods of a match hold a pod, by the labels that the enforcer sees. */
export function matchPods(world: World, match: PodMatch, pod: Pod): Match {
  if (world.doubts !== undefined) {
    const found = matchPods(quiet(world), match, pod);
    if (found !== 'maybe') return found;
  }
  if (match.notOnHost === true && pod.hostNetwork) return 'no';
  const selected = matchPodLabels(world, match, pod);
  return selected === 'no' ? 'no' : and(selected, matchNamespace(world, match.namespaces, pod.namespace));
}

function matchPodLabels(world: World, match: PodMatch, pod: Pod): Match {
  const { dialect, doubts } = world;
  const labels = seenLabels(world, match, pod);
  if (match.identity === 'cilium' || dialect.identityLabels) {
    return matchesIdentity(match.pods, labels) ? 'yes' : 'no';
  }
  if (labels === pod.labels) return matches(match.pods, labels) ? 'yes' : 'no';
  const seen = match.pods.filter(({ key }) => !isUnseen(key));
  if (!matches(seen, labels)) return 'no';
  if (seen.length === match.pods.length) return 'yes';
  doubts?.add(`the labels of service account ${pod.serviceAccount} are not known`);
  return 'maybe';
}

/** The labels of a pod that a selector sees under the dialect. */
export function seenLabels({ model, dialect }: World, { identity, pods }: PodMatch, pod: Pod): Labels {
  if (identity === 'cilium' || dialect.identityLabels) return identityLabels(model, pod, dialect.labels);
  return dialect.endpointLabels && speaksOfDerived(pods) ? endpointLabels(model, pod) : pod.labels;
}

/** Whether a namespace is meant. Of one that could not be read, only its name is known. */
export function matchNamespace(world: World, match: NamespaceMatch, namespace: string): Match {
  if (match.by === 'name') return match.name === namespace ? 'yes' : 'no';
  const known = world.model.namespace(namespace);
  if (known !== undefined) return matches(match.selector, labelsOfNamespace(world, known)) ? 'yes' : 'no';
  return matchNameOnly(world, match.selector, namespace);
}

function labelsOfNamespace({ dialect }: World, { name, labels }: Pick<Namespace, 'name' | 'labels'>): Labels {
  return dialect.endpointLabels ? namespaceLabels(name, labels) : labels;
}

function matchNameOnly(world: World, selector: Selector, namespace: string): Match {
  const labels = labelsOfNamespace(world, { name: namespace, labels: { [NAME_LABEL]: namespace } });
  const named = selector.filter(({ key }) => Object.hasOwn(labels, key));
  if (!named.every((requirement) => holds(requirement, labels))) return 'no';
  if (named.length === selector.length) return 'yes';
  world.doubts?.add(`the labels of namespace ${namespace} are not known`);
  return 'maybe';
}

/** An address range. Whether it reaches pods is the dialect's (NP-21, NP-22, NP-33). */
function matchCidr(world: World, peer: Peer & { readonly type: 'cidr' }, side: Side): Match {
  if (side.type !== 'pod' || peer.reachesPods === true) return matchAddresses(world, peer, side);
  const { ipBlockMatchesPods, enforcer } = world.dialect;
  if (ipBlockMatchesPods === 'no') return 'no';
  const match = matchAddresses(world, peer, side);
  if (match !== 'yes' || ipBlockMatchesPods === 'yes') return match;
  world.doubts?.add(`whether an ipBlock matches pods is ${whoseText(enforcer)}`);
  return 'maybe';
}

function matchAddresses(world: World, peer: Peer & { readonly type: 'cidr' }, side: Side): Match {
  if (side.type === 'pod' && side.ips.length === 0) return matchWithoutAddress(world, peer, side);
  const { range, except } = rangesOf(peer);
  if (range === undefined) return 'no';
  const hit = (ip: Ip) => inRange(range, ip) && !except.some((hole) => inRange(hole, ip));
  const hits = side.ips.filter(hit).length;
  if (hits === 0) return 'no';
  if (hits === side.ips.length) return 'yes';
  world.doubts?.add(`${nameOfSide(side)} has several addresses, and ${peer.cidr} holds only some`);
  return 'maybe';
}

function matchWithoutAddress(world: World, peer: Peer & { readonly type: 'cidr' }, side: Side): Match {
  if (peer.except.length === 0 && peer.cidr.endsWith('/0')) return 'yes';
  world.doubts?.add(`${nameOfSide(side)} has no address yet`);
  return 'maybe';
}

/** Both. */
export function and(a: Match, b: Match): Match {
  if (a === 'no' || b === 'no') return 'no';
  return a === 'maybe' || b === 'maybe' ? 'maybe' : 'yes';
}

function or<T>(items: readonly T[], test: (item: T) => Match): Match {
  let best: Match = 'no';
  for (const item of items) {
    const match = test(item);
    if (match === 'yes') return 'yes';
    if (match === 'maybe') best = 'maybe';
  }
  return best;
}
