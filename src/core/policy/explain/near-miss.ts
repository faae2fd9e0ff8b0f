import {
  holds,
  inRange,
  type Labels,
  type Pod,
  type Requirement,
  selectorOf,
} from '../../cluster/cluster.ts';
import { assertNever } from '../../common/common.ts';
import { matchesIdentity } from '../cilium/cilium.ts';
import type { HalfDecision } from '../decide/decide.ts';
import {
  createWorld,
  type Dialect,
  matchNamespace,
  matchPeers,
  matchPorts,
  type Question,
  rangesOf,
  type Side,
  type World,
} from '../match/match.ts';
import {
  type Direction,
  type NearMiss,
  type Peer,
  type PodMatch,
  type Policy,
  type PortMatch,
  type Reading,
  type Rule,
  unprefixed,
} from '../model/model.ts';
import { managedBy } from './causes.ts';
import { editsFor } from './smallest-edit.ts';
import { peersText, podText, portsText, portText, ruleText, selectorText } from './text.ts';

/** How many near misses a half lists: the nearest ones. */
const LIMIT = 8;

/** Nearest first: right peer on another port; right pods in another namespace; another peer; neither peer nor port. */
type Rank = 0 | 1 | 2 | 3;

type Candidate = {
  readonly policy: Policy;
  readonly reading: Reading;
  readonly rule: Rule;
  readonly index: number;
  readonly why: NearMiss['why'];
  readonly rank: Rank;
};

/** The rules of isolating policies that did not admit the peer, nearest first, each with the reason. */
export function nearMisses(world: World, half: HalfDecision): readonly NearMiss[] {
  const { direction, question } = half;
  return [...candidates(world, half)]
    .sort((a, b) => a.rank - b.rank)
    .slice(0, LIMIT)
    .map((candidate) => describe(world, candidate, direction, question));
}

/** The nearest one: the name of its policy and the reason, as a phrase. */
export function nearestMiss(world: World, half: HalfDecision): Pick<NearMiss, 'name' | 'text'> | undefined {
  let nearest: Candidate | undefined;
  for (const candidate of candidates(world, half)) {
    if (nearest === undefined || candidate.rank < nearest.rank) nearest = candidate;
    if (nearest.rank === 0) break;
  }
  if (nearest === undefined) return undefined;
  return { name: nearest.policy.name, text: wording(world, nearest, half.question).text };
}

function* candidates(world: World, { steps, direction, question }: HalfDecision): Iterable<Candidate> {
  for (const { action, applied } of steps) {
    if (action !== 'isolate') continue;
    const { policy, reading } = applied;
    for (const [index, rule] of reading[direction].entries()) {
      const miss = rule.action === 'allow' ? missOf(world, rule, question) : undefined;
      if (miss !== undefined) yield { policy, reading, rule, index, ...miss };
    }
  }
}

function missOf(world: World, rule: Rule, question: Question): Pick<Candidate, 'why' | 'rank'> | undefined {
  const peer = matchPeers(world, rule.peers, question) !== 'no';
  const port = matchPorts(world, rule.ports, question) !== 'no';
  if (peer && port) return undefined;
  if (peer) return { why: hasProtocol(rule, question) ? 'port' : 'protocol', rank: 0 };
  const elsewhere =
    rule.peers !== 'any' && rule.peers.some((item) => missesByNamespace(world, item, question.peer));
  if (!port) return { why: elsewhere ? 'namespace' : 'peer', rank: 3 };
  return elsewhere ? { why: 'namespace', rank: 1 } : { why: 'peer', rank: 2 };
}

function hasProtocol(rule: Rule, question: Question): boolean {
  return rule.ports === 'any' || rule.ports.some(({ protocol }) => protocol === question.protocol);
}

function missesByNamespace(world: World, peer: Peer, side: Side): boolean {
  if (peer.type !== 'pods' || side.type !== 'pod') return false;
  return (
    failing(world, peer, side.pod).length === 0 &&
    matchNamespace(world, peer.namespaces, side.pod.namespace) === 'no'
  );
}

function describe(world: World, candidate: Candidate, direction: Direction, question: Question): NearMiss {
  const { policy, rule, index, why } = candidate;
  const { text, because } = wording(world, candidate, question);
  const manager = managedBy(policy);
  const [edit, otherEdit] = editsFor(world, { ...candidate, direction }, question);
  return {
    kind: policy.kind,
    namespace: policy.namespace,
    name: policy.name,
    direction,
    ruleIndex: rule.at?.index ?? index,
    why,
    managedBy: manager,
    text,
    admits: ruleText(rule),
    because,
    edit,
    otherEdit,
  };
}

type Wording = { readonly text: string; readonly because: string };

function wording(world: World, { rule, why }: Candidate, question: Question): Wording {
  const peers = peersText(rule.peers);
  const asked = `${question.protocol.toLowerCase()} ${question.port}`;
  switch (why) {
    case 'port': {
      const refusal = refusedPort(world, rule, question);
      return refusal === undefined
        ? { text: `admits ${peers}, but on ${samePorts(rule, question)}`, because: `asked for ${asked}` }
        : { text: `admits ${peers} on ${refusal.port}, but ${refusal.text}`, because: refusal.text };
    }
    case 'protocol':
      return { text: `admits ${peers}, but on ${portsText(rule.ports)}`, because: `asked for ${asked}` };
    case 'namespace': {
      const where = question.peer.type === 'pod' ? question.peer.pod.namespace : '';
      return { text: `admits ${peers}, not in ${where}`, because: `${nameOf(question.peer)} is in ${where}` };
    }
    case 'peer': {
      const { short, long } = difference(world, rule, question);
      return { text: `admits ${peers}, not ${short}`, because: long };
    }
    default:
      return assertNever(why);
  }
}

/** A port that contains the requested one, and why the enforcer ignores it. */
function refusedPort(
  { model, dialect, foreign }: World,
  { ports }: Rule,
  question: Question,
): { readonly port: string; readonly text: string } | undefined {
  const { sctp, endPort, sidecarPortNames } = dialect;
  if (ports === 'any' || ![sctp, endPort, sidecarPortNames].includes('no')) return undefined;
  const taking = createWorld(
    model,
    { ...dialect, sctp: 'yes', endPort: 'yes', sidecarPortNames: 'yes' },
    foreign,
  );
  const port = ports.find((item) => matchPorts(taking, [item], question) === 'yes');
  return port === undefined ? undefined : { port: portText(port), text: refusalText(dialect, port) };
}

function refusalText({ sctp, endPort }: Dialect, port: PortMatch): string {
  if (port.protocol === 'SCTP' && sctp === 'no') return 'SCTP ports are ignored';
  if (port.type === 'range' && endPort === 'no') return 'endPort is ignored';
  return 'port names of sidecars are ignored';
}

/** The ports of the requested protocol, without repeating it. */
function samePorts({ ports }: Rule, { protocol }: Question): string {
  if (ports === 'any') return 'any port';
  return ports
    .filter((port) => port.protocol === protocol)
    .map(portText)
    .join(', ');
}

/** How the other end differs from the closest peer item. */
function difference(
  world: World,
  rule: Rule,
  { peer: side, through }: Question,
): { readonly short: string; readonly long: string } {
  if (through !== undefined) {
    const { name, selector = {} } = through.service;
    const text = `svc/${name}, which selects ${selectorText(selectorOf(selector)) || 'no pods'}`;
    return { short: text, long: `${world.dialect.enforcer} compares with the selector of ${text}` };
  }
  if (side.type === 'ip') return { short: side.text, long: `${side.text} ${whyNotIn(world, rule, side)}` };
  const name = podText(side.pod);
  const items = rule.peers === 'any' ? [] : rule.peers;
  const nearest = items
    .filter((peer) => peer.type === 'pods')
    .map((peer) => ({
      peer,
      failed: failing(world, peer, side.pod),
      elsewhere: matchNamespace(world, peer.namespaces, side.pod.namespace) === 'no',
    }))
    .sort((a, b) => Number(a.elsewhere) - Number(b.elsewhere) || a.failed.length - b.failed.length)[0];
  if (nearest === undefined) return { short: name, long: `${name} does not match` };
  const labels = nearest.failed.map((requirement) =>
    actual(requirement, world.matching.podLabels(nearest.peer, side.pod)),
  );
  const present = labels.filter((label) => label !== undefined);
  if (present.length > 0) return { short: present.join(','), long: `${name} has ${present.join(',')}` };
  const keys = [...new Set(nearest.failed.map(({ key }) => unprefixed(key).key))].join(', ');
  return { short: `${name} (no ${keys})`, long: `${name} has no ${keys}` };
}

/** A node may well be in a range, and not matched by it (CIL-11). */
function whyNotIn({ dialect }: World, { peers }: Rule, side: Side & { readonly type: 'ip' }): string {
  const isInside = (peer: Peer) => {
    const range = peer.type === 'cidr' ? rangesOf(peer).range : undefined;
    return range !== undefined && side.ips.some((ip) => inRange(range, ip));
  };
  const isNode = side.node !== undefined && dialect.identityLabels && !dialect.cidrMatchesNodes;
  if (!isNode || peers === 'any' || !peers.some(isInside)) return 'is not in its range';
  return `is a node, and ${dialect.enforcer} matches no node by its address`;
}

function failing(world: World, match: PodMatch, pod: Pod): readonly Requirement[] {
  const labels = world.matching.podLabels(match, pod);
  const derived = labels !== pod.labels;
  return match.pods.filter((requirement) =>
    derived ? !matchesIdentity([requirement], labels) : !holds(requirement, labels),
  );
}

function actual(requirement: Requirement, labels: Labels): string | undefined {
  const { key } = unprefixed(requirement.key);
  return Object.hasOwn(labels, key) ? `${key}=${labels[key]}` : undefined;
}

function nameOf(side: Side): string {
  return side.type === 'pod' ? podText(side.pod) : side.text;
}
