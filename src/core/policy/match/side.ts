import { type Ip, type Node, type Pod, parseIp, type Service } from '../../cluster/cluster.ts';
import type { ClusterModel } from '../../live/live.ts';
import type { End } from '../model/model.ts';

/** One end of a path as policies see it: a pod with its labels, or a bare address, possibly of a node. */
export type Side =
  | { readonly type: 'pod'; readonly pod: Pod; readonly ips: readonly Ip[] }
  | {
      readonly type: 'ip';
      readonly text: string;
      readonly ips: readonly Ip[];
      readonly node?: Node;
      readonly reserved?: 'health' | 'ingress';
      /** The requested DNS name, if any: rules that name domains then decide. */
      readonly dns?: string;
      /** The address blocks it stands for, if it is not a single address. */
      readonly blocks?: readonly string[];
    };

/** Its name in a sentence: the pod's name, or the address. */
export function nameOfSide(side: Side): string {
  return side.type === 'pod' ? side.pod.name : side.text;
}

/** A pod with all its addresses. */
export function sideOfPod(pod: Pod): Side {
  return { type: 'pod', pod, ips: ipsOf(pod.ips) };
}

/** A Service as an address. */
export function sideOfService({ name, clusterIPs }: Service): Side {
  return { type: 'ip', text: `svc/${name}`, ips: ipsOf(clusterIPs) };
}

/** An end as policies see it. A pod's address is treated as that pod. */
export function sideOf(model: ClusterModel, end: End): Side {
  if (end.type === 'pod') {
    const texts = end.ip === undefined ? end.pod.ips : [end.ip];
    return { type: 'pod', pod: end.pod, ips: ipsOf(texts) };
  }
  if (end.reserved !== undefined) {
    return { type: 'ip', text: end.reserved, ips: ipsOf([end.ip]), reserved: end.reserved };
  }
  if (end.dns !== undefined) return { type: 'ip', text: end.dns, ips: ipsOf([end.ip]), dns: end.dns };
  if (end.blocks !== undefined) {
    return { type: 'ip', text: blocksText(end.blocks), ips: ipsOf([end.ip]), blocks: end.blocks };
  }
  if (end.node !== undefined) {
    return { type: 'ip', text: end.node.name, ips: ipsOf([end.ip]), node: end.node };
  }
  const pod = model.podAt(end.ip);
  if (pod !== undefined) return { type: 'pod', pod, ips: ipsOf([end.ip]) };
  const node = model.nodeAt(end.ip);
  return { type: 'ip', text: end.ip, ips: ipsOf([end.ip]), node };
}

function blocksText(blocks: readonly string[]): string {
  return blocks.length <= 2 ? blocks.join(' or ') : `${blocks[0]} or ${blocks.length - 1} more blocks`;
}

/** A host-network pod as it appears on the wire: with its node's address (NP-29). */
export function asNode(model: ClusterModel, side: Side & { readonly type: 'pod' }): Side {
  const { pod } = side;
  const node = nodeOf(model, side);
  const ips = side.ips.length === 0 && node !== undefined ? ipsOf(node.ips) : side.ips;
  const text = pod.ips[0] ?? node?.ips[0] ?? pod.node ?? pod.name;
  const bare: Node = { kind: 'Node', name: pod.node ?? text, labels: {}, ips: pod.ips };
  return { type: 'ip', text, ips, node: node ?? bare };
}

/** The node that a side is, or whose address a host-network pod shares. */
export function nodeOf(model: ClusterModel, side: Side): Node | undefined {
  if (side.type === 'ip') return side.node;
  const { pod } = side;
  if (!pod.hostNetwork) return undefined;
  return pod.node === undefined ? model.nodeAt(pod.ips[0] ?? '') : model.node(pod.node);
}

/** Some node, of which nothing is known. */
export const UNKNOWN_NODE: Node = { kind: 'Node', name: 'a node', labels: {}, ips: [] };

/** The node of the pod at the other end, where manifests say nothing of it. */
export const OWN_NODE: Node = { ...UNKNOWN_NODE, name: 'its own node' };

/** Whether a node is the one that a pod runs on, by what is known of both. */
export function isNodeOf(node: Node | undefined, pod: Pod | undefined): boolean {
  return node === OWN_NODE ? pod?.node === undefined : node !== undefined && node.name === pod?.node;
}

/** Whether a side is a node of which neither addresses nor labels are known. */
export function isUnknownNode(side: Side): boolean {
  return side.type === 'ip' && side.node !== undefined && side.ips.length === 0;
}

/** Whether two sides are the same pod. */
export function isSamePod(a: Side, b: Side): boolean {
  return (
    a.type === 'pod' && b.type === 'pod' && a.pod.namespace === b.pod.namespace && a.pod.name === b.pod.name
  );
}

/** Whether a side is the node that a pod runs on. */
export function isOwnNode(pod: Pod, side: Side): boolean {
  if (side.type !== 'ip' || side.node === undefined) return false;
  return side.node.name === pod.node || side.node === OWN_NODE;
}

function ipsOf(texts: readonly string[]): readonly Ip[] {
  return texts.flatMap((text) => parseIp(text) ?? []);
}
