import { canonicalIp, isLive, keyOf, type Node, type Pod } from '../../cluster/cluster.ts';
import { SluiceError } from '../../common/common.ts';
import type { ClusterModel } from '../../live/live.ts';
import { OWN_NODE, UNKNOWN_NODE } from '../match/match.ts';
import type { End } from '../model/model.ts';
import { endOf } from './atoms.ts';
import type { Member, Source } from './members.ts';
import type { EntityName, PathEnd } from './path-end.ts';
import { memberAt } from './service.ts';

/**
 * The members of an entity, seen from the pods at the other end (ENF-31). A node that is in no list, as in manifests,
 * is one of which nothing is known.
 *
 * @throws SluiceError `usage` where the other end has no pods, `failed` for an API server of unknown address
 */
export function entityEnd(model: ClusterModel, name: EntityName, others: readonly Pod[]): Source {
  switch (name) {
    case 'host':
      return { name, notes: [], nodes: 'own', members: ownNodes(model, needPods(name, others)) };
    case 'remote-node':
      return { name, notes: [], nodes: 'other', members: otherNodes(model, needPods(name, others)) };
    case 'kube-apiserver':
      return { name, notes: [], members: apiServers(model) };
    case 'health':
    case 'ingress':
      return {
        name,
        notes: [`${name} is an endpoint of Cilium's own`],
        members: [{ type: 'reserved', name }],
      };
    case 'cluster':
      return { name, notes: ['cluster is every pod and every node'], members: everything(model) };
  }
}

/** An end that is no pod, with what tells it from others: for those who pair ends themselves. */
export type NodeEnd = { readonly end: End; readonly node: Node | undefined };

/** Nodes and entities by name, as ends; undefined for any other text. */
export type NamedNodes = { readonly ends: readonly NodeEnd[]; readonly nodes?: 'own' | 'other' };

/**
 * The nodes that `node/name`, `host`, `remote-node` or `kube-apiserver` mean, for paths to and from these pods; undefined
 * for any other end, and where they are unknown.
 */
export function nodesNamed(model: ClusterModel, end: PathEnd, pods: readonly Pod[]): NamedNodes | undefined {
  if (end.type === 'node') return model.node(end.name) && namedBy({ members: membersOf(model, end.name) });
  const entity = end.type === 'entity' || end.type === 'named' ? end.entity : undefined;
  switch (entity) {
    case 'host':
    case 'remote-node':
      return pods.length === 0 ? undefined : namedBy(entityEnd(model, entity, pods));
    case 'kube-apiserver':
      return model.endpoints('default', 'kubernetes').length === 0
        ? undefined
        : namedBy(entityEnd(model, entity, pods));
    default:
      return undefined;
  }
}

function namedBy({ members, nodes }: Pick<Source, 'members' | 'nodes'>): NamedNodes {
  const ends = members.map((member) => ({
    end: endOf(member),
    node: member.type === 'node' ? member.node : undefined,
  }));
  return { ends, ...(nodes === undefined ? {} : { nodes }) };
}

function needPods(name: EntityName, pods: readonly Pod[]): readonly Pod[] {
  if (pods.length > 0) return pods;
  throw new SluiceError(
    'usage',
    `${name} is a node as seen from a pod, so the other end must be a pod.`,
    'Use a pod or a workload at the other end, or write node/NAME.',
  );
}

function ownNodes(model: ClusterModel, pods: readonly Pod[]): readonly Member[] {
  const names = new Set(pods.map(({ node }) => node));
  return [...names].flatMap((name) => (name === undefined ? unlisted(OWN_NODE) : membersOf(model, name)));
}

/** Without the nodes of the API server, if there are others: those are `kube-apiserver`. */
function otherNodes(model: ClusterModel, pods: readonly Pod[]): readonly Member[] {
  const servers = new Set(model.endpoints('default', 'kubernetes').map(canonicalIp));
  const nodes = [...model.nodes()];
  const plain = nodes.filter(({ ips }) => !ips.some((ip) => servers.has(canonicalIp(ip))));
  const names = new Set((plain.length > 0 ? plain : nodes).map(({ name }) => name));
  const homes = new Set(pods.map(({ node }) => node));
  const isEnough = [...homes].every((home) => [...names].some((name) => name !== home));
  const members = [...names].flatMap((name) => membersOf(model, name));
  return isEnough ? members : [...members, ...unlisted(UNKNOWN_NODE)];
}

function membersOf(model: ClusterModel, name: string): readonly Member[] {
  const node = model.node(name);
  if (node === undefined || node.ips.length === 0) return unlisted({ ...UNKNOWN_NODE, name });
  return node.ips.map((ip) => ({ type: 'node', node, ip }));
}

function unlisted(node: Node): readonly Member[] {
  return [{ type: 'node', node, ip: '' }];
}

function apiServers(model: ClusterModel): readonly Member[] {
  const addresses = model.endpoints('default', 'kubernetes');
  if (addresses.length > 0) return addresses.map((ip) => memberAt(model, ip));
  throw new SluiceError(
    'failed',
    'The addresses of the API server are unknown: Service default/kubernetes has no EndpointSlice here.',
    'Write its address, or add the EndpointSlice to the manifests.',
  );
}

function everything(model: ClusterModel): readonly Member[] {
  const pods = Array.from(model.pods()).filter((pod) => isLive(pod) && !pod.hostNetwork);
  const nodes = Array.from(model.nodes(), keyOf).flatMap((name) => membersOf(model, name));
  return [...pods.map((pod): Member => ({ type: 'pod', pod })), ...nodes];
}
