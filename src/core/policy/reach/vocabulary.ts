import { type Ip, type Pod, parseIp } from '../../cluster/cluster.ts';
import type { ClusterModel } from '../../live/live.ts';
import { cidrsOfGroups } from '../cilium/cilium.ts';
import { type Dialect, MESH_KEYS, rangesOf } from '../match/match.ts';
import {
  isAccountKey,
  type Peer,
  type PodMatch,
  type Policy,
  type Rule,
  unprefixed,
} from '../model/model.ts';

/** How a set of policies can tell pods apart. */
export type Vocabulary = {
  /** Label keys used by some selector, without their source. */
  readonly keys: ReadonlySet<string>;
  /** Whether some rule names a port. */
  readonly namesPorts: boolean;
  /** First addresses of the pieces into which CIDRs split each family, ascending. */
  readonly cuts: Cuts;
  /** Whether a CIDR may match a pod at all. */
  readonly cidrsReachPods: boolean;
};

/** Starts of the pieces of each family; every address is in the last piece that starts at or before it. */
export type Cuts = { readonly 4: readonly bigint[]; readonly 6: readonly bigint[] };

/**
 * The vocabulary of some policies, and of the services that their rules may name. Includes both readings of a
 * NetworkPolicy.
 */
export function vocabularyOf(dialect: Dialect, policies: Iterable<Policy>, model: ClusterModel): Vocabulary {
  const keys = new Set<string>(MESH_KEYS);
  let namesPorts = false;
  let cidrsReachPods = false;
  let namesServices = false;
  const cuts = { 4: new Set<bigint>([0n]), 6: new Set<bigint>([0n]) };

  const addMatch = ({ pods }: PodMatch) => {
    for (const { key } of pods) keys.add(unprefixed(key).key);
  };
  const addPeer = (peer: Peer) => {
    if (peer.type === 'pods') addMatch(peer);
    if (peer.type === 'reserved') for (const { key } of peer.selector) keys.add(unprefixed(key).key);
    namesServices ||= peer.type === 'services';
    if (peer.type === 'cidr-group') cidrsOfGroups(model, peer).forEach(addPeer);
    if (peer.type === 'cidr') {
      cidrsReachPods ||= dialect.ipBlockMatchesPods !== 'no' || peer.reachesPods === true;
      addCuts(cuts, peer);
    }
  };
  const addRule = ({ peers, ports }: Rule) => {
    if (peers !== 'any') peers.forEach(addPeer);
    namesPorts ||= ports !== 'any' && ports.some(({ type }) => type === 'named');
  };
  for (const policy of policies) {
    const { unlisted, parts = [] } = policy;
    for (const reading of [policy, ...parts]) {
      addMatch(reading.subject);
      reading.ingress.forEach(addRule);
      reading.egress.forEach(addRule);
    }
    unlisted?.ingress.forEach(addRule);
    unlisted?.egress.forEach(addRule);
  }
  for (const { selector = {} } of namesServices ? model.services() : []) {
    for (const key of Object.keys(selector)) keys.add(key);
  }
  return { keys, namesPorts, cidrsReachPods, cuts: { 4: sorted(cuts[4]), 6: sorted(cuts[6]) } };
}

/** Splits both families where a CIDR or one of its exceptions begins or ends. */
function addCuts(
  cuts: { readonly 4: Set<bigint>; readonly 6: Set<bigint> },
  peer: Peer & { readonly type: 'cidr' },
): void {
  const { range, except } = rangesOf(peer);
  for (const item of range === undefined ? [] : [range, ...except]) {
    cuts[item.family].add(item.first);
    cuts[item.family].add(item.last + 1n);
  }
}

/** Numbers in ascending order. */
export function sorted(values: ReadonlySet<bigint>): readonly bigint[] {
  return [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** The piece that contains an address: `4:3`. */
export function pieceOf(cuts: Cuts, { family, value }: Ip): string {
  return `${family}:${lastAtOrBefore(cuts[family], value)}`;
}

/** The index of the last of some ascending numbers that is not above a value; -1 if all are. */
export function lastAtOrBefore(numbers: readonly bigint[], value: bigint): number {
  let low = -1;
  let high = numbers.length;
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0n) <= value) low = middle;
    else high = middle;
  }
  return low;
}

/** Everything about a pod that could make policies treat it differently, as one text. */
export function podWords({ keys, namesPorts, cidrsReachPods, cuts }: Vocabulary, pod: Pod): string {
  let text = `${pod.namespace}\n${pod.hostNetwork}${familiesOf(pod)}`;
  for (const key of keys) {
    const value = Object.hasOwn(pod.labels, key) ? pod.labels[key] : undefined;
    text += value === undefined ? '\n' : `\n=${value}`;
    if (isAccountKey(key)) text += `\n${pod.serviceAccount}`;
  }
  if (namesPorts) for (const port of pod.ports) if (port.name !== undefined) text += `\n${portWord(port)}`;
  if (pod.hostNetwork) return `${text}\n${pod.node}\n${pod.ips.join()}`;
  if (cidrsReachPods) for (const ip of pod.ips) text += `\n${pieceText(cuts, ip)}`;
  return text;
}

/** The address families in which a pod may talk to the outside. */
function familiesOf({ ips }: Pod): string {
  const [four, six] = [ips.some((ip) => !ip.includes(':')), ips.some((ip) => ip.includes(':'))];
  return `${four ? 4 : ''}${six ? 6 : ''}`;
}

function portWord({ name, port, protocol, sidecar }: Pod['ports'][number]): string {
  return `${name}=${protocol}/${port}${sidecar === true ? '*' : ''}`;
}

function pieceText(cuts: Cuts, text: string): string {
  const ip = parseIp(text);
  return ip === undefined ? '' : pieceOf(cuts, ip);
}
