import { canonicalIp, isLive, keyOf, type Node, type Pod } from '../../cluster/cluster.ts';
import { SluiceError } from '../../common/common.ts';
import type { ClusterModel } from '../../live/live.ts';
import { OWN_NODE, UNKNOWN_NODE } from '../match/match.ts';
import type { Member, Source } from './members.ts';
import type { EntityName } from './path-end.ts';
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
