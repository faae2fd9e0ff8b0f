/* Whether one rule matches one peer and port. Knows no CNI: a dialect plugs in its own matchers. */

import { holds, matches, type Pod, type Selector, type Service } from '../../cluster/cluster.ts';
import { assertNever } from '../../common/common.ts';
import type { NamespaceMatch, Peer, PodMatch, PortMatch, Rule } from '../model/model.ts';
import type { World } from './api-matching.ts';
import type { Tristate } from './dialect.ts';
import type { Doubt, Match, Question } from './matching.ts';
import { isUnknownNode, nodeOf, sideOfService } from './side.ts';

export { addressDoubt, apiMatching, createWorld, type World, type WorldParts } from './api-matching.ts';
export {
  type Dialect,
  type EnforcerName,
  enforces,
  noteSetting,
  type Tristate,
  withKind,
} from './dialect.ts';
export type {
  CidrPeer,
  Doubt,
  Doubts,
  EnforcerPeer,
  Match,
  Matching,
  NamedPort,
  Question,
} from './matching.ts';
export { HBONE_PORT, hasAmbient, isAmbient, MESH_KEYS, type Tunnel, tunnelBetween } from './mesh.ts';
export { portStarts } from './port-starts.ts';
export { type CidrTable, escaped, matchesAdminDomain, matchesDomain, rangesOf } from './ranges.ts';
export {
  isNodeOf,
  isOwnNode,
  isSamePod,
  nameOfSide,
  OWN_NODE,
  type Side,
  sideOf,
  sideOfPod,
  UNKNOWN_NODE,
} from './side.ts';
export { isPlain, type Way, waysBetween } from './ways.ts';

/** The label that every namespace has (NP-20). */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/** Whether a rule applies: peers AND ports (NP-14). */
export function matchRule(world: World, rule: Rule, question: Question): Match {
  if (world.doubts !== undefined) {
    const found = matchRule(quiet(world), rule, question);
    if (found !== 'maybe') return found;
  }
  if (question.through !== undefined) return matchThrough(world, rule, question);
  const port = matchPorts(world, rule.ports, question);
  return port === 'no' ? 'no' : and(port, matchPeers(world, rule.peers, question));
}

/** A `maybe` is no doubt where something else settles the match. */
function quiet(world: World): World {
  return { ...world, doubts: undefined };
}

/**
 * A rule against a Service, for an enforcer that decides egress before its address is replaced: a selector stands for
 * Services with such selectors, on the ports that lead to the ports named; any other peer for the Service's own address
 * and port (ENF-33).
 */
function matchThrough(world: World, { peers, ports }: Rule, question: Question): Match {
  if (peers === 'any') return matchPorts(world, ports, question, true);
  return or(peers, (peer) => {
    const port = matchPorts(world, ports, question, peer.type !== 'pods');
    return port === 'no' ? 'no' : and(port, matchPeer(world, peer, question));
  });
}

/** Peers are ORed; `any` matches everyone, an empty list no one. */
export function matchPeers(world: World, peers: Rule['peers'], question: Question): Match {
  if (peers === 'any') return 'yes';
  return or(world.cidrs.near(peers, question.peer.ips), (peer) => matchPeer(world, peer, question));
}

/**
 * Ports are ORed; `any` matches every port of every protocol, an empty list none. `asDialed`: the port of the Service
 * counts, not that of the pod behind it.
 */
export function matchPorts(world: World, ports: Rule['ports'], question: Question, asDialed = false): Match {
  if (ports === 'any') return 'yes';
  const { through } = question;
  if (through === undefined) return or(ports, (port) => matchPort(world, port, question));
  if (asDialed) {
    const dialed = { ...question, port: through.port };
    return or(ports, (port) => (port.type === 'named' ? 'no' : matchPort(world, port, dialed)));
  }
  return or(ports, (port) => {
    const match = matchPort(world, port, question);
    if (match === 'no' || port.type === 'all' || through.port === question.port) return match;
    return maybe(world, { type: 'enforcer', what: 'service-port' });
  });
}

/**
 * One port item against the requested port. SCTP, the `endPort` of a NetworkPolicy, and port names of native sidecars
 * depend on the enforcer (NP-24 to NP-26). An item that needs several of these does not match if any is unsupported,
 * whatever is known about the others.
 */
function matchPort(world: World, match: PortMatch, question: Question): Match {
  if (match.protocol !== question.protocol) return 'no';
  const { dialect, matching, doubts } = world;
  if (match.protocol === 'SCTP' && dialect.sctp === 'no') return 'no';
  switch (match.type) {
    case 'all':
      return takesProtocol(world, match);
    case 'range': {
      const isAll = match.from === 0 && dialect.zeroPortIsAll;
      if (!isAll && !(match.from <= question.port && question.port <= match.to)) return 'no';
      // The first port of a range counts even without its `endPort`.
      const needsEndPort = match.byEndPort === true && question.port > match.from;
      const byRange = needsEndPort ? takes(world, dialect.endPort, 'end-port') : 'yes';
      return byRange === 'no' ? 'no' : and(byRange, takesProtocol(world, match));
    }
    case 'named': {
      const named = matching.matchName(match, question, doubts);
      return named === 'no' ? 'no' : and(named, takesProtocol(world, match));
    }
    case 'icmp':
      return match.icmpType === question.port && hasFamily(question, match.family) ? 'yes' : 'no';
    default:
      return assertNever(match);
  }
}

function takesProtocol(world: World, { protocol }: PortMatch): Match {
  return protocol === 'SCTP' ? takes(world, world.dialect.sctp, 'sctp') : 'yes';
}

function takes(world: World, known: Tristate, what: 'end-port' | 'sctp'): Match {
  return known === 'unknown' ? maybe(world, { type: 'enforcer', what }) : known;
}

function maybe({ doubts }: World, doubt: Doubt): Match {
  doubts?.push(doubt);
  return 'maybe';
}

/** Whether the packets may be of a family: one that neither end rules out. */
function hasFamily({ self, peer }: Question, family: 4 | 6): boolean {
  return [self, peer].every(({ ips }) => ips.length === 0 || ips.some((ip) => ip.family === family));
}

/** One peer item against the other end. */
function matchPeer(world: World, peer: Peer, question: Question): Match {
  const side = question.peer;
  switch (peer.type) {
    case 'pods':
      if (question.through !== undefined) return matchService(world, peer, question.through.service);
      return side.type === 'pod' ? matchPods(world, peer, side.pod) : matchHost(world, peer, question);
    case 'cidr':
      if (question.through !== undefined) {
        const dialed = sideOfService(question.through.service);
        return world.matching.matchCidr(peer, { ...question, peer: dialed }, world.doubts);
      }
      return world.matching.matchCidr(peer, question, world.doubts);
    case 'cidr-group':
    case 'entity':
    case 'reserved':
    case 'services':
      return world.matching.matchEnforcerPeer(peer, question, world.doubts);
    case 'nodes': {
      const node = nodeOf(world.model, side);
      if (node !== undefined && isUnknownNode(side) && peer.selector.length > 0) {
        return maybe(world, { type: 'labels', of: 'node', name: node.name });
      }
      return node !== undefined && matches(peer.selector, node.labels) ? 'yes' : 'no';
    }
    case 'domain':
      if (side.type !== 'ip' || side.node !== undefined || side.reserved !== undefined) return 'no';
      if (side.dns !== undefined) return world.matching.matchDomain(peer, side.dns) ? 'yes' : 'no';
      return maybe(world, { type: 'domain', pattern: peer.pattern, address: side.text });
    case 'unknown':
      return maybe(world, { type: 'unknown-peer', text: peer.text });
    default:
      return assertNever(peer);
  }
}

/** Whether a pod match contains a pod, by the labels the enforcer sees. */
export function matchPods(world: World, match: PodMatch, pod: Pod): Match {
  if (world.doubts !== undefined) {
    const found = matchPods(quiet(world), match, pod);
    if (found !== 'maybe') return found;
  }
  if (match.notOnHost === true && pod.hostNetwork) return 'no';
  const { matching, doubts } = world;
  const selected = matching.matchLabels(match, matching.podLabels(match, pod), pod, doubts);
  return selected === 'no' ? 'no' : and(selected, matchNamespace(world, match.namespaces, pod.namespace));
}

/**
 * Whether a rule for whole namespaces contains the one as which ingress from the host network counts. Without such a
 * namespace it is unknown whether the enforcer was given one (ENF-34).
 */
function matchHost(
  world: World,
  { namespaces, pods, notOnHost }: PodMatch,
  { self, peer, destination }: Question,
): Match {
  const { dialect, model } = world;
  if (dialect.hostNamespaces.length === 0 || self !== destination || notOnHost === true) return 'no';
  if (peer.type !== 'ip' || peer.node === undefined || pods.length > 0) return 'no';
  const home = dialect.hostNamespaces.find((name) => model.namespace(name) !== undefined);
  if (home !== undefined) return matchNamespace(world, namespaces, home);
  const mayBe = dialect.hostNamespaces.some(
    (name) => matchNamespace(quiet(world), namespaces, name) !== 'no',
  );
  return mayBe ? maybe(world, { type: 'enforcer', what: 'host-namespace' }) : 'no';
}

/** Whether a pod match contains a Service, which is compared by the labels that it selects by (ENF-33). */
function matchService(world: World, match: PodMatch, { namespace, selector = {} }: Service): Match {
  if (!matches(match.pods, selector)) return 'no';
  return matchNamespace(world, match.namespaces, namespace);
}

/** Whether a namespace matches. Only the name is known of a namespace that could not be read. */
export function matchNamespace(world: World, match: NamespaceMatch, namespace: string): Match {
  if (match.by === 'name') return match.name === namespace ? 'yes' : 'no';
  const { selector } = match;
  const known = world.model.namespace(namespace);
  if (known === undefined) return matchNameOnly(world, selector, namespace);
  return matches(selector, world.matching.namespaceLabels(selector, known)) ? 'yes' : 'no';
}

function matchNameOnly(world: World, selector: Selector, namespace: string): Match {
  const bare = { name: namespace, labels: { [NAME_LABEL]: namespace } };
  const labels = world.matching.namespaceLabels(selector, bare);
  const named = selector.filter(({ key }) => Object.hasOwn(labels, key));
  if (!named.every((requirement) => holds(requirement, labels))) return 'no';
  if (named.length === selector.length) return 'yes';
  return maybe(world, { type: 'labels', of: 'namespace', name: namespace });
}

function and(a: Match, b: Match): Match {
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
