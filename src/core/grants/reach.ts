import {
  covers,
  type IpRange,
  isInCidr,
  isLive,
  keyOf,
  type Pod,
  type PortSpec,
  parseCidr,
} from '../cluster/cluster.ts';
import type { ClusterModel } from '../live/live.ts';
import type { Engine } from '../policy/decide/decide.ts';
import { matchPods, portStarts } from '../policy/match/match.ts';
import type {
  End,
  EndName,
  PairChange,
  Peer,
  Policy,
  PolicyRef,
  PortMatch,
  Rule,
} from '../policy/model/model.ts';
import {
  blocksOf,
  type ClusterDiff,
  clusterDiff,
  pathChangesText,
  piecesWithin,
  rangeOfText,
  rangeText,
} from '../policy/reach/reach.ts';
import type { Grant } from './grant.ts';

/**
 * What a grant's policies reach now: pods by their labels, not just those at planning time. Of a block or a range of
 * ports, one of each piece that the policies on these pods may treat differently.
 */
export type Reach = {
  readonly sources: readonly End[];
  readonly destinations: readonly End[];
  readonly ports: readonly PortSpec[];
};

/** What the policies of a grant reach; each has one direction, one rule and one peer (`policyManifest`). */
export function reachOf(engine: Engine, policies: readonly Policy[]): Reach {
  const [policy] = policies;
  if (policy === undefined) return { sources: [], destinations: [], ports: [] };
  const isIngress = policy.isolates.ingress;
  const [rule] = isIngress ? policy.ingress : policy.egress;
  const subjects = engine.selected(policy).map((pod): End => ({ type: 'pod', pod }));
  const rules = rulesOn(engine, subjects);
  const peers =
    rule === undefined || rule.peers === 'any'
      ? []
      : rule.peers.flatMap((peer) => endsOf(engine, peer, rules));
  const ports = rule === undefined || rule.ports === 'any' ? [] : rule.ports;
  return isIngress
    ? { sources: peers, destinations: subjects, ports: portsOf(engine, ports, peers, subjects) }
    : { sources: subjects, destinations: peers, ports: portsOf(engine, ports, subjects, peers) };
}

function rulesOn(engine: Engine, ends: readonly End[]): readonly Rule[] {
  return [...new Set(ends.flatMap((end) => (end.type === 'pod' ? engine.rulesOn(end.pod) : [])))];
}

/** Single ports as they are; of a range, the first of each piece. */
function portsOf(
  engine: Engine,
  matches: readonly PortMatch[],
  sources: readonly End[],
  destinations: readonly End[],
): readonly PortSpec[] {
  const ranges = matches.filter((match) => match.type === 'range');
  if (ranges.every(({ from, to }) => from === to))
    return ranges.map(({ from, protocol }) => ({ port: from, protocol }));
  const rules = rulesOn(engine, [...sources, ...destinations]);
  const pods = destinations.flatMap((end) => (end.type === 'pod' ? [end.pod] : []));
  return ranges.flatMap(({ from, to, protocol }) => {
    const starts = (pods.length === 0 ? [undefined] : pods).flatMap((pod) =>
      portStarts(engine.world, rules, protocol, pod),
    );
    const inside = [...new Set(starts)].filter((port) => from < port && port <= to).sort((a, b) => a - b);
    return [from, ...inside].map((port) => ({ port, protocol }));
  });
}

/** The most pairs that are evaluated repeatedly while a grant is active. */
const MOST_PAIRS = 400;

/** Every pair of a reach, up to a limit. */
export function pairsOf({ sources, destinations, ports }: Reach): readonly (PairChange & {
  readonly ends: readonly [End, End];
})[] {
  const pairs: (PairChange & { readonly ends: readonly [End, End] })[] = [];
  for (const from of sources) {
    for (const to of destinations) {
      if (nameKey(from) === nameKey(to)) continue;
      for (const port of ports) {
        if (pairs.length === MOST_PAIRS) return pairs;
        pairs.push({ from: nameOf(from), to: nameOf(to), ...port, ends: [from, to] });
      }
    }
  }
  return pairs;
}

/** The pairs that policies opened and that are closed now, without them. */
export function closedPairs(engine: Engine, policies: readonly Policy[]): readonly PairChange[] {
  return pairsOf(reachOf(engine, policies)).filter(({ ends: [from, to], port, protocol }) => {
    const { egress, ingress } = engine.decide({ from, to, port, protocol });
    return egress.verdict === 'deny' || ingress.verdict === 'deny';
  });
}

/** A pair by its names, port and protocol. */
export function pairKey({ from, to, port, protocol }: PairChange): string {
  return `${from.namespace ?? ''}/${from.name}>${to.namespace ?? ''}/${to.name}:${port}/${protocol}`;
}

/** Whether a pair is one of those given, or a part of one whose end is a block. */
export function isAmong(pairs: readonly PairChange[]): (pair: PairChange) => boolean {
  const known = new Set(pairs.map(pairKey));
  const portKey = ({ port, protocol }: PairChange) => `${port}/${protocol}`;
  const blocks = Map.groupBy(
    pairs.filter(({ from, to }) => isBlock(from) || isBlock(to)),
    portKey,
  );
  return (pair) =>
    known.has(pairKey(pair)) ||
    (blocks.get(portKey(pair)) ?? []).some(
      ({ from, to }) => isWithin(from, pair.from) && isWithin(to, pair.to),
    );
}

function isBlock({ namespace, name }: EndName): boolean {
  return namespace === undefined && /[/-]/.test(name);
}

function isWithin(outer: EndName, inner: EndName): boolean {
  if (outer.namespace !== undefined || inner.namespace !== undefined)
    return outer.namespace === inner.namespace && outer.name === inner.name;
  const [all, part] = [addressRange(outer.name), addressRange(inner.name)];
  return all !== undefined && part !== undefined && covers(all, part);
}

/** The addresses of an end by its name: `10.0.0.1`, `10.0.0.0/8`, `10.0.0.0-10.0.0.9`. */
export function addressRange(name: string): IpRange | undefined {
  return parseCidr(name) ?? rangeOfText(name);
}

/** The namespaces that policies of a grant are in, or admit. */
export function namespacesOf(policies: readonly Policy[]): readonly string[] {
  const names = policies.flatMap(({ namespace, ingress, egress }) => [
    ...(namespace === undefined ? [] : [namespace]),
    ...[...ingress, ...egress].flatMap(({ peers }) => (peers === 'any' ? [] : peers.flatMap(peerNamespaces))),
  ]);
  return [...new Set(names)];
}

function peerNamespaces(peer: Peer): readonly string[] {
  if (peer.type !== 'pods') return [];
  const { namespaces } = peer;
  return namespaces.by === 'name' ? [namespaces.name] : namespaces.selector.flatMap(({ values }) => values);
}

function endsOf(engine: Engine, peer: Peer, rules: readonly Rule[]): readonly End[] {
  const { model, world } = engine;
  if (peer.type === 'cidr')
    return [...addressesOf(model, peer.cidr, rules), ...podsInside(engine, peer.cidr)];
  if (peer.type !== 'pods') return [];
  return [...new Set(peerNamespaces(peer))]
    .flatMap((name) => model.podsIn(name))
    .filter((pod) => isSelectable(pod) && matchPods(world, peer, pod) === 'yes')
    .map((pod) => ({ type: 'pod', pod }));
}

/** One address for each piece of a block; a block of one address is that. */
function addressesOf(model: ClusterModel, cidr: string, rules: readonly Rule[]): readonly End[] {
  const range = parseCidr(cidr);
  if (range === undefined) return [];
  if (range.first === range.last) return [{ type: 'ip', ip: cidr.replace(/\/\d+$/, '') }];
  const pieces = piecesWithin(model, [range], blocksOf(model, rules));
  return pieces.map((piece): End => {
    const name = covers(piece, range) ? cidr : rangeText(piece);
    return { type: 'ip', ip: piece.side.text, blocks: [name] };
  });
}

/** Pods that got an address of a block since the grant was planned, where the enforcer may match them (NP-22). */
function podsInside({ model, dialect }: Engine, cidr: string): readonly End[] {
  if (dialect.ipBlockMatchesPods === 'no') return [];
  return Array.from(model.pods()).flatMap((pod): readonly End[] => {
    const ip = isSelectable(pod) ? pod.ips.find((one) => isInCidr(cidr, one)) : undefined;
    return ip === undefined ? [] : [{ type: 'pod', pod, ip }];
  });
}

/** Whether policies can select the pod at all (NP-29, NP-32). */
function isSelectable(pod: Pod): boolean {
  return isLive(pod) && !pod.hostNetwork;
}

function nameOf(end: End): PairChange['from'] {
  return end.type === 'pod'
    ? { namespace: end.pod.namespace, name: end.pod.name }
    : { name: addressName(end) };
}

function nameKey(end: End): string {
  return end.type === 'pod' ? keyOf(end.pod) : addressName(end);
}

function addressName({ ip, blocks }: End & { readonly type: 'ip' }): string {
  return blocks?.[0] ?? ip;
}

type Asked = Pick<Engine, 'model' | 'dialect' | 'foreign'>;

/** What ending a grant now would do to the whole cluster; undefined if none of its policies is visible. */
export function endEffect(asked: Asked, { halves }: Pick<Grant, 'halves'>): ClusterDiff | undefined {
  const remove = halves.flatMap(({ namespace, policy }): readonly PolicyRef[] => {
    const known =
      policy === undefined ? undefined : asked.model.policy('NetworkPolicy', namespace, policy.name);
    return known === undefined ? [] : [known];
  });
  return remove.length === 0 ? undefined : clusterDiff(asked, { add: [], remove });
}

/**
 * The same in sentences: what closes, or that nothing does because the path is open without the grant; and which pods
 * would no longer be isolated because the grant is their only policy (GRANT-4).
 */
export function endTexts(asked: Asked, grant: Pick<Grant, 'halves'>): readonly string[] {
  const effect = endEffect(asked, grant);
  if (effect === undefined) return [];
  const { opens, closes, blurs, freed } = effect;
  const pods = freed.map(({ pod, direction }) => `${pod.namespace}/${pod.name} (${direction})`);
  return [
    ...(closes.length === 0 ? [] : [`It closes ${pathChangesText(closes, 2)}.`]),
    ...(closes.length + blurs.length > 0 ? [] : ['It closes nothing: the path is open without it.']),
    ...(pods.length === 0 ? [] : [`It leaves ${listed(pods)} not isolated: no other policy isolates them.`]),
    ...(opens.length === 0 ? [] : [`It opens ${pathChangesText(opens, 2)}.`]),
  ];
}

function listed(names: readonly string[]): string {
  return names.length <= 3
    ? names.join(', ')
    : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}
