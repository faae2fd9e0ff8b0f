import { type Ip, inRange, matches } from '../../cluster/cluster.ts';
import type { ClusterModel } from '../../live/live.ts';
import type { ForeignObject } from '../model/model.ts';
import type { Dialect } from './dialect.ts';
import type { CidrPeer, Doubt, Doubts, Match, Matching, NamedPort, Question } from './matching.ts';
import { type CidrTable, createCidrTable, matchesAdminDomain } from './ranges.ts';
import { nameOfSide, type Side } from './side.ts';

/** Matching as specified by the Kubernetes API: the starting point for enforcers without policies of their own. */
export function apiMatching(
  _model: ClusterModel,
  dialect: Dialect,
  cidrs: CidrTable,
): Omit<Matching, 'matchEnforcerPeer' | 'clusterPort' | 'selectsReserved'> {
  return {
    readings: (policy) => policy.parts ?? [policy],
    podLabels: (_match, pod) => pod.labels,
    matchLabels: ({ pods }, labels) => (matches(pods, labels) ? 'yes' : 'no'),
    seesLabel: () => true,
    namespaceLabels: (_selector, { labels }) => labels,
    matchCidr: (peer, { peer: side, self, destination }, doubts) => {
      const match = matchCidr(dialect, cidrs, peer, side, doubts);
      const isHost = dialect.hostNamespaces.length > 0 && side.type === 'ip' && side.node !== undefined;
      const isAll = peer.cidr.endsWith('/0') && peer.except.length === 0;
      if (match !== 'yes' || !isHost || self !== destination || isAll) return match;
      // Nodes reach pods by an address of the overlay (ENF-34).
      doubts?.push({ type: 'enforcer', what: 'host-address' });
      return 'maybe';
    },
    matchDomain: ({ pattern }, name) => matchesAdminDomain(pattern, name),
    matchName: (port, question, doubts) => matchName(dialect, port, question, doubts),
  };
}

/** An address range. Whether it matches pods depends on the dialect (NP-21, NP-22, NP-33). */
function matchCidr(
  { ipBlockMatchesPods }: Dialect,
  cidrs: CidrTable,
  peer: CidrPeer,
  side: Side,
  doubts: Doubts,
): Match {
  if (side.type !== 'pod' || peer.reachesPods === true) return matchAddresses(cidrs, peer, side, doubts);
  if (ipBlockMatchesPods === 'no') return 'no';
  const match = matchAddresses(cidrs, peer, side, doubts);
  if (match !== 'yes' || ipBlockMatchesPods === 'yes') return match;
  doubts?.push({ type: 'enforcer', what: 'ipblock-pods' });
  return 'maybe';
}

function matchAddresses(cidrs: CidrTable, peer: CidrPeer, side: Side, doubts: Doubts): Match {
  if (side.ips.length === 0) {
    if (peer.except.length === 0 && peer.cidr.endsWith('/0')) return 'yes';
    doubts?.push(addressDoubt(side));
    return 'maybe';
  }
  const { range, except } = cidrs.rangesOf(peer);
  if (range === undefined) return 'no';
  const hit = (ip: Ip) => inRange(range, ip) && !except.some((hole) => inRange(hole, ip));
  const hits = side.ips.filter(hit).length;
  if (hits === 0) return 'no';
  if (hits === side.ips.length) return 'yes';
  doubts?.push({ type: 'some-addresses', pod: nameOfSide(side), cidr: peer.cidr });
  return 'maybe';
}

/** That an end has no known address. */
export function addressDoubt(side: Side): Doubt {
  return side.type === 'pod' ? { type: 'no-address', pod: side.pod.name } : { type: 'node-address' };
}

/** A name resolves on the destination pod. Not every enforcer takes names declared only by native sidecars. */
function matchName(
  { sidecarPortNames }: Dialect,
  { name, protocol }: NamedPort,
  { destination, port }: Question,
  doubts: Doubts,
): Match {
  if (destination.type !== 'pod') return 'no';
  const found = destination.pod.ports.filter(
    (item) => item.name === name && item.protocol === protocol && item.port === port,
  );
  if (found.length === 0) return 'no';
  if (sidecarPortNames === 'yes' || found.some(({ sidecar }) => sidecar !== true)) return 'yes';
  if (sidecarPortNames === 'no') return 'no';
  doubts?.push({ type: 'enforcer', what: 'sidecar-ports' });
  return 'maybe';
}

/**
 * What policies are evaluated in: the objects of a cluster, and how its enforcer reads them. `foreign` are policies in
 * force that are not evaluated here; `doubts`, if given, collects the reason for every `maybe`. The caches of
 * `matching` and `cidrs` depend on objects that never change, and are dropped with the world.
 */
export type World = {
  readonly model: ClusterModel;
  readonly dialect: Dialect;
  readonly foreign: readonly ForeignObject[];
  readonly matching: Matching;
  readonly cidrs: CidrTable;
  readonly doubts?: Doubt[];
};

/** What a world is made from; an engine has it. */
export type WorldParts = Pick<World, 'model' | 'dialect'> & Partial<Pick<World, 'foreign'>>;

/** A world with empty caches. */
export function createWorld(
  model: ClusterModel,
  dialect: Dialect,
  foreign: readonly ForeignObject[] = [],
): World {
  const cidrs = createCidrTable();
  return { model, dialect, foreign, cidrs, matching: dialect.matching(model, dialect, cidrs) };
}
