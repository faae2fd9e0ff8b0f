import { isLive, keyOf, type Pod, type PortSpec } from '../cluster/cluster.ts';
import type { Engine } from '../policy/decide/decide.ts';
import { matchPods } from '../policy/match/match.ts';
import type { End, PairChange, Peer, Policy, PolicyRef, PortMatch } from '../policy/model/model.ts';
import { type ClusterDiff, clusterDiff, pathChangesText } from '../policy/reach/reach.ts';
import type { Grant } from './grant.ts';

/** What a grant's policies reach now: pods by their labels, not just those at planning time. */
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
  const peers =
    rule === undefined || rule.peers === 'any' ? [] : rule.peers.flatMap((peer) => endsOf(engine, peer));
  const ports = rule === undefined || rule.ports === 'any' ? [] : rule.ports.flatMap(portOf);
  return isIngress
    ? { sources: peers, destinations: subjects, ports }
    : { sources: subjects, destinations: peers, ports };
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

/** A pair by its names, port and protocol. */
export function pairKey({ from, to, port, protocol }: PairChange): string {
  return `${from.namespace ?? ''}/${from.name}>${to.namespace ?? ''}/${to.name}:${port}/${protocol}`;
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

function endsOf({ model, world }: Engine, peer: Peer): readonly End[] {
  if (peer.type === 'cidr') return [{ type: 'ip', ip: peer.cidr.replace(/\/\d+$/, '') }];
  if (peer.type !== 'pods') return [];
  return [...new Set(peerNamespaces(peer))]
    .flatMap((name) => model.podsIn(name))
    .filter((pod) => isSelectable(pod) && matchPods(world, peer, pod) === 'yes')
    .map((pod) => ({ type: 'pod', pod }));
}

/** Whether policies can select the pod at all (NP-29, NP-32). */
function isSelectable(pod: Pod): boolean {
  return isLive(pod) && !pod.hostNetwork;
}

function portOf(match: PortMatch): readonly PortSpec[] {
  return match.type === 'range' ? [{ port: match.from, protocol: match.protocol }] : [];
}

function nameOf(end: End): PairChange['from'] {
  return end.type === 'pod' ? { namespace: end.pod.namespace, name: end.pod.name } : { name: end.ip };
}

function nameKey(end: End): string {
  return end.type === 'pod' ? keyOf(end.pod) : end.ip;
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
