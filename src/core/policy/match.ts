import { assertNever } from '../assert-never.ts';
import { type Ip, type IpRange, inRange, parseCidr } from '../cluster/ip.ts';
import { holds, matches, type Selector } from '../cluster/labels.ts';
import type { ClusterModel } from '../cluster/model.ts';
import type { Dialect } from './dialect.ts';
import type { NamespaceMatch, Peer, PortMatch, Rule } from './policy.ts';
import { nameOfSide, nodeOf, type Side } from './side.ts';
import type { Query } from './verdict.ts';

/** Whether something matches; `maybe` when the objects at hand do not tell. */
export type Match = 'yes' | 'no' | 'maybe';

/** What matching looks at. `doubts`, where given, collects the reason of every `maybe`. */
export type World = {
  readonly model: ClusterModel;
  readonly dialect: Dialect;
  readonly doubts?: Set<string>;
};

/** What a rule is asked: a port, and the sides. `peer` is the other end, `destination` owns the port. */
export type Question = {
  readonly port: Query['port'];
  readonly protocol: Query['protocol'];
  readonly peer: Side;
  readonly destination: Side;
};

/** The label that every namespace has (facts/policy.md §1 rule 20). */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/** Whether a rule applies: peers AND ports (facts/policy.md §1 rule 14). */
export function matchRule(world: World, rule: Rule, question: Question): Match {
  const port = matchPorts(rule.ports, question);
  return port === 'no' ? 'no' : and(port, matchPeers(world, rule.peers, question.peer));
}

/** Peers OR each other; `any` is everybody, an empty list nobody. */
export function matchPeers(world: World, peers: Rule['peers'], side: Side): Match {
  if (peers === 'any') return 'yes';
  return or(peers, (peer) => matchPeer(world, peer, side));
}

/** Ports OR each other; `any` is every port of every protocol, an empty list none. */
export function matchPorts(ports: Rule['ports'], question: Question): Match {
  if (ports === 'any') return 'yes';
  return ports.some((port) => matchPort(port, question)) ? 'yes' : 'no';
}

/** One port item against the port asked for (facts/policy.md §1 rules 24, 25). */
export function matchPort(match: PortMatch, { port, protocol, destination }: Question): boolean {
  if (match.protocol !== protocol) return false;
  switch (match.type) {
    case 'all':
      return true;
    case 'range':
      return match.from <= port && port <= match.to;
    case 'named':
      return (
        destination.type === 'pod' &&
        destination.pod.ports.some(
          (item) => item.name === match.name && item.protocol === protocol && item.port === port,
        )
      );
    default:
      return assertNever(match);
  }
}

/** One peer item against the other end. */
export function matchPeer(world: World, peer: Peer, side: Side): Match {
  switch (peer.type) {
    case 'pods':
      if (side.type !== 'pod' || !matches(peer.pods, side.pod.labels)) return 'no';
      if (peer.notOnHost === true && side.pod.hostNetwork) return 'no';
      return matchNamespace(world, peer.namespaces, side.pod.namespace);
    case 'nodes': {
      const node = nodeOf(world.model, side);
      return node !== undefined && matches(peer.selector, node.labels) ? 'yes' : 'no';
    }
    case 'domain':
      if (side.type !== 'ip' || side.node !== undefined) return 'no';
      world.doubts?.add(`${peer.pattern} may or may not have stood for ${side.text}`);
      return 'maybe';
    case 'cidr':
      return matchCidr(world, peer, side);
    case 'unknown':
      world.doubts?.add(`a policy has ${peer.text}`);
      return 'maybe';
    default:
      return assertNever(peer);
  }
}

/** Whether a namespace is meant. Of one that could not be read, only its name is known. */
export function matchNamespace(world: World, match: NamespaceMatch, namespace: string): Match {
  if (match.by === 'name') return match.name === namespace ? 'yes' : 'no';
  const known = world.model.namespace(namespace);
  if (known !== undefined) return matches(match.selector, known.labels) ? 'yes' : 'no';
  return matchNameOnly(world, match.selector, namespace);
}

function matchNameOnly(world: World, selector: Selector, namespace: string): Match {
  const labels = { [NAME_LABEL]: namespace };
  const named = selector.filter((requirement) => requirement.key === NAME_LABEL);
  if (!named.every((requirement) => holds(requirement, labels))) return 'no';
  if (named.length === selector.length) return 'yes';
  world.doubts?.add(`the labels of namespace ${namespace} are not known`);
  return 'maybe';
}

/** An address range. Whether it reaches pods is the dialect's (facts/policy.md §0 fact 10, §1 rules 21, 22, 33). */
function matchCidr(world: World, peer: Peer & { readonly type: 'cidr' }, side: Side): Match {
  if (side.type === 'pod') {
    if (!world.dialect.ipBlockMatchesPods && peer.reachesPods !== true) return 'no';
    if (side.ips.length === 0) return matchWithoutAddress(world, peer, side);
  }
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

type Ranges = { readonly range: IpRange | undefined; readonly except: readonly IpRange[] };

const ranges = new WeakMap<Peer, Ranges>();

/** The ranges of a CIDR peer, read once. */
export function rangesOf(peer: Peer & { readonly type: 'cidr' }): Ranges {
  const known = ranges.get(peer);
  if (known !== undefined) return known;
  const made = { range: parseCidr(peer.cidr), except: peer.except.flatMap((text) => parseCidr(text) ?? []) };
  ranges.set(peer, made);
  return made;
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
