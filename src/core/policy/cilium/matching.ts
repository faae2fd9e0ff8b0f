import { inRange, matches, type Selector } from '../../cluster/cluster.ts';
import type { ClusterModel } from '../../live/live.ts';
import {
  addressDoubt,
  type CidrPeer,
  type CidrTable,
  type Dialect,
  type Doubts,
  type EnforcerPeer,
  escaped,
  type Match,
  type Matching,
  matchesAdminDomain,
  matchesDomain,
  type NamedPort,
  type Question,
} from '../match/match.ts';
import {
  type Peer,
  type PodMatch,
  type Policy,
  type Reading,
  type Rule,
  unprefixed,
} from '../model/model.ts';
import { createCidrGroups } from './cidr-groups.ts';
import { type CiliumSight, createIdentities, reservedLabels, reservedOf } from './identity.ts';
import { isReplacedNamespace, labelFilter, matchesIdentity, mentionsNamespace } from './labels.ts';
import { createClusterPorts, matchServices, ownPort } from './services.ts';

/** How Cilium matches in one cluster: by identities. */
export function ciliumMatching(model: ClusterModel, dialect: Dialect, cidrs: CidrTable): Matching {
  const filter = labelFilter(dialect.labels);
  const sight: CiliumSight = { model, dialect, cidrs, identityOf: createIdentities(model, filter) };
  const clusterPort = createClusterPorts(model);
  const matchGroup = createCidrGroups(sight, matchWorldCidr);
  const readings = new WeakMap<Policy, readonly Reading[]>();

  /** For egress, Cilium's agent resolves a port name over the whole cluster. */
  function matchName({ name, protocol, to }: NamedPort, { port, destination, self }: Question): Match {
    const isEgress = self !== destination && dialect.namedEgressPorts === 'cluster';
    const own = destination.type === 'pod' ? ownPort(destination.pod, name, protocol) : undefined;
    const number = isEgress ? clusterPort(name, protocol) : own;
    const isIt = typeof number === 'number' && number <= port && port <= Math.max(number, to ?? number);
    return isIt ? 'yes' : 'no';
  }

  function matchEnforcerPeer(peer: EnforcerPeer, question: Question, doubts: Doubts): Match {
    switch (peer.type) {
      case 'cidr-group':
        return matchGroup(peer, question, doubts);
      case 'entity':
        return matchEntity(model, peer.entity, question, doubts);
      case 'reserved':
        return matchReserved(sight, peer.selector, question, doubts);
      case 'services':
        return matchServices(sight, peer, question);
    }
  }

  return {
    readings: (policy) => {
      if (policy.parts !== undefined) return policy.parts;
      if (policy.kind !== 'NetworkPolicy') return [policy];
      const known = readings.get(policy) ?? [asCilium(dialect, policy)];
      readings.set(policy, known);
      return known;
    },
    podLabels: (_match, pod) => sight.identityOf(pod),
    matchLabels: ({ pods }, labels) => (matchesIdentity(pods, labels) ? 'yes' : 'no'),
    seesLabel: filter.own,
    namespaceLabels: (_selector, { labels }) => labels,
    matchCidr: (peer, question, doubts) => matchWorldCidr(sight, peer, question, doubts),
    matchEnforcerPeer,
    matchDomain: ({ pattern, identity }, name) =>
      identity === 'cilium'
        ? matchesDomain(pattern, name, domainExpression)
        : matchesAdminDomain(pattern, name),
    matchName,
    clusterPort,
    // Selectors that match everything without referring to namespaces (CIL-10).
    selectsReserved: ({ identity, pods }, name) =>
      identity === 'cilium' && !mentionsNamespace(pods) && matches(pods, { [`reserved:${name}`]: '' }),
  };
}

/** The matching of another enforcer that may also be given Cilium policies: those are read as Cilium reads them. */
export function besideCilium(
  api: (
    ...args: Parameters<Dialect['matching']>
  ) => Omit<Matching, 'matchEnforcerPeer' | 'clusterPort' | 'selectsReserved'>,
): Dialect['matching'] {
  return (model, dialect, cidrs) => {
    const own = api(model, dialect, cidrs);
    const cilium = ciliumMatching(model, dialect, cidrs);
    return {
      ...own,
      podLabels: (match, pod) => (match.identity === 'cilium' ? cilium : own).podLabels(match, pod),
      matchLabels: (match, ...rest) =>
        (match.identity === 'cilium' ? cilium : own).matchLabels(match, ...rest),
      matchCidr: (peer, ...rest) => (peer.identity === 'cilium' ? cilium : own).matchCidr(peer, ...rest),
      matchDomain: (peer, name) => (peer.identity === 'cilium' ? cilium : own).matchDomain(peer, name),
      matchEnforcerPeer: cilium.matchEnforcerPeer,
      clusterPort: cilium.clusterPort,
      selectsReserved: () => false,
    };
  };
}

/** What `cluster` contains in addition to pods (CIL-10). */
const IN_CLUSTER = ['host', 'remote-node', 'kube-apiserver', 'health', 'ingress', 'init', 'unmanaged'];

/** Whether an entity contains the other end. */
function matchEntity(model: ClusterModel, entity: string, { peer, self }: Question, doubts: Doubts): Match {
  if (entity === 'all') return 'yes';
  if (peer.type === 'pod') return entity === 'cluster' ? 'yes' : 'no';
  const { names, apiServer } = reservedOf(model, peer, self);
  const wanted = entity === 'cluster' ? IN_CLUSTER : [entity];
  if (names.some((name) => wanted.includes(name))) return 'yes';
  if (apiServer !== undefined || !wanted.includes('kube-apiserver')) return 'no';
  doubts?.push({ type: 'api-server' });
  return 'maybe';
}

/** A selector with a `reserved:` key: it is bound to neither a namespace nor a cluster (CIL-6). */
function matchReserved(
  { model, identityOf }: CiliumSight,
  selector: Selector,
  { peer, self }: Question,
  doubts: Doubts,
): Match {
  const { names, apiServer } = reservedOf(model, peer, self);
  const pod = peer.type === 'pod' ? identityOf(peer.pod) : {};
  const holdsAs = (reserved: readonly string[]) =>
    selector.every((requirement) => {
      const { source, key } = unprefixed(requirement.key);
      return source === 'reserved'
        ? matches([{ ...requirement, key }], reservedLabels(reserved))
        : matchesIdentity([requirement], pod);
    });
  const holds = holdsAs(names);
  if (apiServer === undefined && holdsAs([...names, 'kube-apiserver']) !== holds) {
    doubts?.push({ type: 'api-server' });
    return 'maybe';
  }
  return holds ? 'yes' : 'no';
}

/** A CIDR: world; nodes only by mode and never by /0; pods only if the mode says so (CIL-11). */
function matchWorldCidr(
  { dialect, cidrs }: CiliumSight,
  peer: CidrPeer,
  { peer: side }: Question,
  doubts: Doubts,
): Match {
  const { range, except } = cidrs.rangesOf(peer);
  if (range === undefined || (side.type === 'ip' && side.reserved !== undefined)) return 'no';
  const isInCluster = side.type === 'pod' || side.node !== undefined;
  const isOut = isInCluster && (peer.cidr.endsWith('/0') || !reachesInside(dialect, side));
  if (isOut && peer.reachesPods !== true) return 'no';
  if (side.ips.length === 0) {
    doubts?.push(addressDoubt(side));
    return 'maybe';
  }
  const hits = side.ips.filter((ip) => inRange(range, ip) && !except.some((hole) => inRange(hole, ip)));
  if (hits.length === 0) return 'no';
  if (side.type === 'pod' && hits.length < side.ips.length) {
    doubts?.push({ type: 'some-addresses', pod: side.pod.name, cidr: peer.cidr });
    return 'maybe';
  }
  if (!isOut) return 'yes';
  // The API says that networks match addresses in the cluster; Cilium's CIDRs do not (ANP-7, CIL-16).
  doubts?.push({ type: 'enforcer', what: 'networks-inside' });
  return 'maybe';
}

/** Whether `policy-cidr-match-mode` lets a CIDR match this end; other enforcers have no such mode. */
function reachesInside(dialect: Dialect, side: Question['peer']): boolean {
  if (side.type === 'pod') return dialect.identityLabels && dialect.ipBlockMatchesPods === 'yes';
  return dialect.cidrMatchesNodes;
}

/**
 * `*` is any characters within one label, `**.` at the start any number of labels, `*` alone every name (docs
 * `layer3.rst`).
 */
function domainExpression(pattern: string): RegExp {
  if (pattern === '*') return /^/;
  const any = '(?:[-a-z0-9_]+\\.)*';
  const [start, rest] = pattern.startsWith('**.')
    ? [`${any}[-a-z0-9_]+\\.`, pattern.slice(3)]
    : ['', pattern];
  return new RegExp(`^${start}${escaped(rest).replaceAll('*', '[-a-z0-9_]*')}$`);
}

/**
 * A NetworkPolicy as Cilium reads it: both sections count and isolate, listed or not; a namespace in matchLabels is
 * replaced with the policy's own (CIL-6, CIL-21).
 */
function asCilium({ appliesUnlisted }: Dialect, policy: Policy): Reading {
  const { unlisted, isolates } = policy;
  const more = appliesUnlisted && unlisted !== undefined ? unlisted : { ingress: [], egress: [] };
  return {
    subject: pinned(policy.subject),
    isolates: {
      ingress: isolates.ingress || more.ingress.length > 0,
      egress: isolates.egress || more.egress.length > 0,
    },
    ingress: [...policy.ingress, ...more.ingress].map(pinnedRule),
    egress: [...policy.egress, ...more.egress].map(pinnedRule),
  };
}

function pinnedRule(rule: Rule): Rule {
  return rule.peers === 'any' ? rule : { ...rule, peers: rule.peers.map(pinnedPeer) };
}

function pinnedPeer(peer: Peer): Peer {
  return peer.type === 'pods' && peer.namespaces.by === 'name' ? { ...peer, ...pinned(peer) } : peer;
}

function pinned(match: PodMatch): PodMatch {
  return { ...match, pods: match.pods.filter((requirement) => !isReplacedNamespace(requirement, '')) };
}
