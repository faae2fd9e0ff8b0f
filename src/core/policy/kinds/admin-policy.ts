import { PROTOCOLS, type Protocol, parseCidr, parseSelector, safeLabels } from '../../cluster/cluster.ts';
import {
  isRecord,
  numberOf,
  type Raw,
  rawOf,
  rawsOf,
  safeText,
  textOf,
  textsOf,
  timeOf,
} from '../../common/common.ts';
import {
  type Direction,
  type NamespaceMatch,
  originOf,
  type Peer,
  type PodMatch,
  type Policy,
  type PortMatch,
  type Rule,
  type RuleAction,
  type Tier,
} from '../model/model.ts';

/**
 * An AdminNetworkPolicy, a BaselineAdminNetworkPolicy (v1alpha1, both peer schemas), or a ClusterNetworkPolicy
 * (v1alpha2). Never throws. Whatever can't be read fails closed: such a rule accepts nothing, and denies broadly
 * (ANP-10); `problems` says so.
 */
export function parseAdminPolicy(raw: unknown): Policy {
  const object = rawOf(raw);
  const metadata = rawOf(object.metadata);
  const spec = rawOf(object.spec);
  const kind = textOf(object.kind) ?? 'AdminNetworkPolicy';
  const problems: string[] = [];
  const tier = tierOf(kind, spec);
  const subject = subjectOf(spec, problems);
  const priority = tier === 'baseline' && kind === 'BaselineAdminNetworkPolicy' ? 0 : numberOf(spec.priority);
  if (priority === undefined) problems.push('spec.priority must be a number');
  return {
    kind,
    name: safeText(textOf(metadata.name) ?? ''),
    uid: textOf(metadata.uid) ?? '',
    labels: safeLabels(metadata.labels),
    annotations: safeLabels(metadata.annotations),
    tier,
    priority: priority ?? 0,
    subject: subject ?? EVERYBODY,
    isolates: { ingress: false, egress: false },
    ingress: rulesOf(spec, 'ingress', problems),
    egress: rulesOf(spec, 'egress', problems),
    ...(subject === undefined ? { inert: true } : {}),
    problems,
    ...originOf(metadata),
    created: timeOf(metadata.creationTimestamp),
  };
}

const EVERYBODY: PodMatch = { namespaces: { by: 'labels', selector: [] }, pods: [], notOnHost: true };

function tierOf(kind: string, spec: Raw): Tier {
  if (kind === 'ClusterNetworkPolicy') return spec.tier === 'Baseline' ? 'baseline' : 'admin';
  return kind === 'BaselineAdminNetworkPolicy' ? 'baseline' : 'admin';
}

/** `namespaces` or `pods`; without either the API server would have rejected it (ANP-6). */
function subjectOf(spec: Raw, problems: string[]): PodMatch | undefined {
  const subject = rawOf(spec.subject);
  if (isRecord(subject.namespaces)) {
    const { selector, problems: found } = parseSelector(subject.namespaces);
    problems.push(...found);
    return found.length > 0 ? undefined : { ...EVERYBODY, namespaces: { by: 'labels', selector } };
  }
  if (isRecord(subject.pods)) {
    const namespaces = parseSelector(subject.pods.namespaceSelector);
    const pods = parseSelector(subject.pods.podSelector);
    problems.push(...namespaces.problems, ...pods.problems);
    if (namespaces.problems.length + pods.problems.length > 0) return undefined;
    return { ...EVERYBODY, namespaces: { by: 'labels', selector: namespaces.selector }, pods: pods.selector };
  }
  problems.push('spec.subject must name namespaces or pods');
  return undefined;
}

function rulesOf(spec: Raw, direction: Direction, problems: string[]): readonly Rule[] {
  return rawsOf(spec[direction]).flatMap((raw, index): readonly Rule[] => {
    const path = `spec.${direction}[${index}]`;
    const action = actionOf(raw.action);
    if (action === undefined) {
      problems.push(`${path}: action ${JSON.stringify(raw.action)} is unknown`);
      return [];
    }
    const peers = parsePeers(raw[direction === 'ingress' ? 'from' : 'to'], path, problems);
    const ports = parsePorts(raw.ports ?? raw.protocols, path, problems);
    return [{ action, peers: failClosed(action, peers), ports }];
  });
}

function actionOf(value: unknown): RuleAction | undefined {
  switch (value) {
    case 'Allow':
    case 'Accept':
      return 'allow';
    case 'Deny':
      return 'deny';
    case 'Pass':
      return 'pass';
    default:
      return undefined;
  }
}

/** A rule with an unknown peer must not accept it, and denies as if it matched everyone (ANP-10). */
function failClosed(action: RuleAction, peers: readonly Peer[]): Rule['peers'] {
  const known = peers.filter((peer) => peer.type !== 'unknown');
  if (known.length === peers.length) return peers;
  if (action === 'allow') return known;
  return action === 'deny' ? 'any' : peers;
}

/**
 * Ports of both versions: `portNumber`, `portRange`, `namedPort` (v1alpha1, TCP by default), and `tcp`, `udp`, `sctp`
 * with a destinationPort, `destinationNamedPort` (v1alpha2). Absent or empty: all traffic (ANP-8).
 */
function parsePorts(value: unknown, path: string, problems: string[]): Rule['ports'] {
  if (value === undefined || value === null) return 'any';
  if (!Array.isArray(value)) {
    problems.push(`${path}: ports must be a list`);
    return [];
  }
  if (value.length === 0) return 'any';
  return value.flatMap((item: unknown) => portsOf(rawOf(item), path, problems));
}

function portsOf(raw: Raw, path: string, problems: string[]): readonly PortMatch[] {
  if (isRecord(raw.portNumber)) return numbered(protocolOf(raw.portNumber), raw.portNumber.port, undefined);
  if (isRecord(raw.portRange))
    return numbered(protocolOf(raw.portRange), raw.portRange.start, raw.portRange.end);
  const name = textOf(raw.namedPort) ?? textOf(raw.destinationNamedPort);
  if (name !== undefined) {
    return PROTOCOLS.map((protocol) => ({ type: 'named', protocol, name: safeText(name) }));
  }
  const found = PROTOCOLS.filter((protocol) => isRecord(raw[protocol.toLowerCase()]));
  if (found.length === 0) problems.push(`${path}: a port has no known field`);
  return found.flatMap((protocol) => {
    const target = rawOf(raw[protocol.toLowerCase()]).destinationPort;
    if (!isRecord(target)) return [{ type: 'all', protocol } as const];
    const range = rawOf(target.range);
    return isRecord(target.range)
      ? numbered(protocol, range.start, range.end)
      : numbered(protocol, target.number, undefined);
  });
}

function protocolOf(raw: Raw): Protocol {
  return PROTOCOLS.find((protocol) => protocol === raw.protocol) ?? 'TCP';
}

function numbered(protocol: Protocol, first: unknown, last: unknown): readonly PortMatch[] {
  const from = numberOf(first);
  return from === undefined ? [] : [{ type: 'range', protocol, from, to: numberOf(last) ?? from }];
}

/** The peers of a rule, any of which may match (ANP-7, ANP-11). */
function parsePeers(value: unknown, path: string, problems: string[]): readonly Peer[] {
  return rawsOf(value).flatMap((raw) => peersOf(raw, path, problems));
}

function peersOf(raw: Raw, path: string, problems: string[]): readonly Peer[] {
  if (isRecord(raw.namespaces)) return [namespacesPeer(raw.namespaces, path, problems)];
  if (isRecord(raw.pods)) return [podsPeer(raw.pods, path, problems)];
  if (isRecord(raw.nodes)) return [nodesPeer(raw.nodes, path, problems)];
  if (Array.isArray(raw.networks)) return networkPeers(textsOf(raw.networks), path, problems);
  if (Array.isArray(raw.domainNames)) {
    return textsOf(raw.domainNames).map((name) => ({ type: 'domain', pattern: safeText(name) }));
  }
  return [unknown(`${path}: a peer has no known field`, problems)];
}

/** A plain selector, or `{namespaceSelector}` from before v0.1.5. `sameLabels` was removed and is not read. */
function namespacesOf(value: Raw, problems: string[]): NamespaceMatch | undefined {
  if ('sameLabels' in value || 'notSameLabels' in value) return undefined;
  const wanted = isRecord(value.namespaceSelector) ? value.namespaceSelector : value;
  const { selector, problems: found } = parseSelector(wanted);
  problems.push(...found);
  return found.length > 0 ? undefined : { by: 'labels', selector };
}

function namespacesPeer(value: Raw, path: string, problems: string[]): Peer {
  const namespaces = namespacesOf(value, problems);
  if (namespaces === undefined) return unknown(`${path}: the namespaces cannot be read`, problems);
  return { type: 'pods', namespaces, pods: [], notOnHost: true };
}

function podsPeer(value: Raw, path: string, problems: string[]): Peer {
  const older = isRecord(value.namespaces) ? value.namespaces : undefined;
  const namespaces = namespacesOf(older ?? { namespaceSelector: value.namespaceSelector ?? {} }, problems);
  const { selector, problems: found } = parseSelector(value.podSelector);
  problems.push(...found);
  if (namespaces === undefined || found.length > 0) {
    return unknown(`${path}: the pods cannot be read`, problems);
  }
  return { type: 'pods', namespaces, pods: selector, notOnHost: true };
}

function nodesPeer(value: Raw, path: string, problems: string[]): Peer {
  const { selector, problems: found } = parseSelector(value);
  return found.length > 0
    ? unknown(`${path}: the nodes cannot be read`, problems)
    : { type: 'nodes', selector };
}

/** CIDRs; they also match pod addresses (ANP-7). */
function networkPeers(cidrs: readonly string[], path: string, problems: string[]): readonly Peer[] {
  return cidrs.map((cidr): Peer => {
    if (parseCidr(cidr) === undefined)
      return unknown(`${path}: ${safeText(cidr)} is not a valid CIDR`, problems);
    return { type: 'cidr', cidr: safeText(cidr), except: [], reachesPods: true };
  });
}

function unknown(problem: string, problems: string[]): Peer {
  problems.push(problem);
  return { type: 'unknown', text: 'an unknown peer' };
}
