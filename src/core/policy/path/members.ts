import {
  type EndRef,
  EVERY_ADDRESS,
  formatIp,
  type IpRange,
  inRange,
  isLive,
  type Node,
  type Pod,
  parseCidr,
  parseIp,
  rangeOfAddress,
  type WorkloadRef,
} from '../../cluster/cluster.ts';
import { assertNever, SluiceError } from '../../common/common.ts';
import type { ClusterModel } from '../../live/live.ts';
import type { End, PortRange, Query } from '../model/model.ts';
import { hasIpv6 } from '../reach/reach.ts';
import { ambiguousEnd, missingEnd, workloadWord } from './missing.ts';
import { type EntityName, isDnsName, nameOfPathEnd, type PathEnd } from './path-end.ts';

type MembersEnd = EndTraits & { readonly type: 'members'; readonly members: readonly Member[] };

/** An end with its members; a Service has none yet, because they depend on the port. */
export type FoundEnd =
  | MembersEnd
  | { readonly type: 'service'; readonly namespace: string; readonly name: string }
  | { readonly type: 'loopback' }
  /** Its members depend on the other end. */
  | { readonly type: 'entity'; readonly entity: EntityName };

/**
 * Finds the current members of an end. Terminated pods count only if there are no others: they have no network, and the
 * verdict says so (NP-32).
 *
 * @throws SluiceError `not-found` with similar names; `usage` with all meanings of an ambiguous name
 */
export function findEnd(model: ClusterModel, end: PathEnd, role: 'source' | 'destination'): FoundEnd {
  const name = nameOfPathEnd(end);
  switch (end.type) {
    case 'pod': {
      const pod = model.pod(end.namespace, end.name);
      if (pod === undefined) throw missingEnd(model, 'pod', { ...end, kind: 'Pod' });
      return podsEnd(name, [pod]);
    }
    case 'workload':
      return workloadEnd(model, end.ref);
    case 'service':
      return { type: 'service', namespace: end.namespace, name: end.name };
    case 'ip':
      return addressEnd(model, end.ip, role);
    case 'named':
      return findEnd(model, meaningOf(model, end, role), role);
    case 'node':
      return nodeEnd(model, end.name);
    case 'range':
      return rangeEnd(model, end.cidr);
    case 'world':
      return { type: 'members', name, notes: [WORLD], members: everywhere(model) };
    case 'dns':
      return dnsEnd(model, end.name);
    case 'loopback':
      return { type: 'loopback' };
    case 'entity':
      return { type: 'entity', entity: end.entity };
    default:
      return assertNever(end);
  }
}

/**
 * The end of a grant: the same pod, workload or Service that `explain` evaluates for this end.
 *
 * @throws SluiceError as `findEnd`; `usage` for an end that a grant cannot have, or a block that is not exact; `refused`
 *   for a Service that is a DNS name
 */
export function grantEndOf(model: ClusterModel, end: PathEnd, role: 'source' | 'destination'): EndRef {
  const meant = end.type === 'named' ? meaningOf(model, end, role) : end;
  switch (meant.type) {
    case 'pod':
    case 'workload':
    case 'ip':
      return meant;
    case 'service':
      mustNotBeName(model, meant);
      return meant;
    case 'range':
      return { ...meant, cidr: exactCidr(meant.cidr) };
    case 'named':
    case 'node':
    case 'world':
    case 'dns':
    case 'loopback':
    case 'entity':
      throw new SluiceError(
        'usage',
        `A grant cannot have ${nameOfPathEnd(end)} as its ${role}.`,
        INSTEAD[meant.type],
      );
    default:
      return assertNever(meant);
  }
}

const GRANT_END =
  'Write a pod, a workload, a Service or addresses, as in web, deploy/web, svc/web, 10.0.0.7 or 198.51.100.0/24.';

/** What to write in place of an end that a grant cannot have. */
const INSTEAD = {
  named: GRANT_END,
  node: 'Write an address of the node, which every host-network pod on it has too.',
  world: 'Write the addresses that are meant, as in 198.51.100.0/24.',
  dns: 'A NetworkPolicy knows no DNS names: write its addresses, as in 198.51.100.7 or 198.51.100.0/24.',
  loopback: GRANT_END,
  entity: 'A NetworkPolicy knows no entities: write the addresses that are meant, as in 198.51.100.0/24.',
} as const;

/**
 * Refuses a Service that is only a name for another one.
 *
 * @throws SluiceError `refused`
 */
function mustNotBeName(
  model: ClusterModel,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): void {
  const service = model.service(namespace, name);
  if (service?.type !== 'ExternalName') return;
  const stands = service.externalName ?? '';
  const [own = '', elsewhere = '', svc] = stands.split('.');
  throw new SluiceError(
    'refused',
    `Service ${namespace}/${name} is only another name for ${stands}, and a NetworkPolicy knows no DNS names.`,
    svc === 'svc'
      ? `Name the Service that it stands for: ${elsewhere}/svc/${own}.`
      : 'Write its addresses, as in 198.51.100.7 or 198.51.100.0/24.',
  );
}

/**
 * A CIDR as a policy has it.
 *
 * @throws SluiceError `usage` where bits are set that do not count: the block may not be the one that was meant
 */
function exactCidr(text: string): string {
  const range = parseCidr(text);
  const [address = '', bits] = text.split('/');
  if (range === undefined) throw new SluiceError('usage', `"${text}" is not a valid CIDR.`, GRANT_END);
  const cidr = `${formatIp({ family: range.family, value: range.first })}/${bits}`;
  if (parseIp(address)?.value === range.first) return cidr;
  throw new SluiceError(
    'usage',
    `"${text}" is not the start of a block: only the first ${bits} bits of its address count.`,
    `Write ${cidr} for the block, or ${address} for the address.`,
  );
}

/**
 * Checks that an end exists in the cluster; an ambiguous name does, several times.
 *
 * @throws SluiceError `not-found`, with similar names
 */
export function mustExist(model: ClusterModel, end: PathEnd): void {
  if (end.type === 'service' && model.service(end.namespace, end.name) === undefined)
    throw missingEnd(model, 'Service', { ...end, kind: 'Service' });
  try {
    findEnd(model, end, 'destination');
  } catch (error) {
    if (error instanceof SluiceError && error.code !== 'not-found') return;
    throw error;
  }
}

const WORLD = "world is every address except those of the cluster's pods and nodes";

/** The possible addresses of a DNS name: all external ones, because the real ones are unknown. */
export function dnsEnd(model: ClusterModel, name: string): MembersEnd {
  return {
    type: 'members',
    name,
    dns: name,
    oneOf: `the address of ${name} is unknown, and policies treat addresses differently`,
    notes: [`${name} is assumed to be outside the cluster`],
    members: everywhere(model),
  };
}

/** All addresses; IPv6 only if the cluster has it. */
function everywhere(model: ClusterModel): readonly Member[] {
  const families = hasIpv6(model) ? ([4, 6] as const) : ([4] as const);
  return families.map((family) => ({ type: 'range', range: EVERY_ADDRESS[family] }));
}

function podsEnd(name: string, pods: readonly Pod[], notes: readonly string[] = []): FoundEnd {
  return { type: 'members', name, notes, members: pods.map((pod) => ({ type: 'pod', pod })) };
}

function workloadEnd(model: ClusterModel, ref: WorkloadRef): FoundEnd {
  const live = model.podsOf(ref);
  if (live.length > 0) return podsEnd(ref.name, live);
  const revision = model.podsIn(ref.namespace).filter((pod) => isLive(pod) && isOfRevision(pod, ref));
  if (revision.length > 0) return podsEnd(ref.name, revision);
  const finished = model.podsIn(ref.namespace).filter(({ owner }) => isSame(owner, ref));
  if (finished.length > 0) return podsEnd(ref.name, finished);
  const what = `${ref.kind} with pods named`;
  throw missingEnd(model, what, { namespace: ref.namespace, name: ref.name, kind: ref.kind });
}

/** Whether a pod is of a ReplicaSet, one revision of the Deployment that owns it. */
function isOfRevision({ owner, labels }: Pod, { kind, name }: WorkloadRef): boolean {
  const isOwned = kind === 'ReplicaSet' && owner?.kind === 'Deployment';
  return isOwned && `${owner.name}-${labels['pod-template-hash']}` === name;
}

function isSame(a: WorkloadRef | undefined, b: WorkloadRef): boolean {
  return a !== undefined && a.kind === b.kind && a.name === b.name && a.namespace === b.namespace;
}

/**
 * Resolves a bare name: a pod, otherwise the only workload or Service with that name, otherwise a DNS name. In
 * manifests, which contain no pods, a workload takes precedence over a Service.
 */
function meaningOf(
  model: ClusterModel,
  { namespace, name, entity }: PathEnd & { readonly type: 'named' },
  role: 'source' | 'destination',
): PathEnd {
  const owned = model.podsIn(namespace).filter(({ owner }) => owner?.name === name);
  const pod = model.pod(namespace, name);
  if (pod !== undefined && !owned.includes(pod)) return { type: 'pod', namespace, name };
  const kinds = new Set(owned.flatMap(({ owner }) => owner?.kind ?? []));
  const workloads = [...kinds].map((kind): PathEnd => ({ type: 'workload', ref: { kind, namespace, name } }));
  const services: readonly PathEnd[] =
    model.service(namespace, name) === undefined ? [] : [{ type: 'service', namespace, name }];
  // Connections never come from a Service, so as a source the name means the workload.
  const isWorkload = role === 'source' || owned.some(({ standIn }) => standIn);
  const meanings = isWorkload && workloads.length > 0 ? workloads : [...workloads, ...services];
  const [only, ...others] = meanings;
  if (only === undefined) {
    if (entity !== undefined) return { type: 'entity', entity };
    if (isDnsName(name)) return { type: 'dns', name };
    throw missingEnd(model, 'pod, workload or Service', { namespace, name });
  }
  if (others.length === 0) return only;
  const words = [...kinds].map((kind) => workloadWord(kind, name));
  throw ambiguousEnd(namespace, name, services.length === 0 ? words : [...words, `svc/${name}`]);
}

function addressEnd(model: ClusterModel, ip: string, role: 'source' | 'destination'): FoundEnd {
  const pod = model.podAt(ip);
  if (pod !== undefined) {
    const notes = [`${ip} is the address of pod ${pod.namespace}/${pod.name}`];
    return { type: 'members', name: ip, notes, members: [{ type: 'pod', pod, ip }] };
  }
  const node = model.nodeAt(ip);
  if (node !== undefined) {
    const notes = [`${ip} is an address of node ${node.name}`];
    return { type: 'members', name: ip, notes, members: [{ type: 'node', node, ip }] };
  }
  const service = model.serviceAt(ip);
  if (service !== undefined && role === 'destination') {
    return { type: 'service', namespace: service.namespace, name: service.name };
  }
  const range = rangeOfAddress(ip);
  if (range === undefined)
    throw new SluiceError('usage', `"${ip}" is not a valid IP address.`, 'Write the address in full.');
  const notes =
    service === undefined
      ? []
      : [`${ip} belongs to Service ${service.namespace}/${service.name}: connections do not come from it`];
  return { type: 'members', name: ip, notes, members: [{ type: 'range', range }] };
}

function nodeEnd(model: ClusterModel, name: string): FoundEnd {
  const node = model.node(name);
  if (node === undefined) throw missingEnd(model, 'node', { name });
  if (node.ips.length === 0) {
    throw new SluiceError(
      'failed',
      `Node ${name} has no address yet.`,
      'Wait until its kubelet reports one.',
    );
  }
  return {
    type: 'members',
    name: `node/${name}`,
    notes: [],
    members: node.ips.map((ip) => ({ type: 'node', node, ip })),
  };
}

/** A range; pods and nodes with addresses in it become members of their own. */
function rangeEnd(model: ClusterModel, cidr: string): FoundEnd {
  const range = parseCidr(cidr);
  if (range === undefined)
    throw new SluiceError('usage', `"${cidr}" is not a valid CIDR.`, 'Use a format like 10.0.0.0/8.');
  const inside = (ip: string) => isInside(range, ip);
  const pods = Array.from(model.pods()).filter((pod) => isLive(pod) && !pod.hostNetwork);
  const podMembers = pods.flatMap((pod) =>
    pod.ips.filter(inside).map((ip): Member => ({ type: 'pod', pod, ip })),
  );
  const nodeMembers = Array.from(model.nodes()).flatMap((node: Node) =>
    node.ips.filter(inside).map((ip): Member => ({ type: 'node', node, ip })),
  );
  const services = Array.from(model.services()).filter(({ clusterIPs }) => clusterIPs.some(inside)).length;
  return {
    type: 'members',
    name: cidr,
    notes: [
      ...insideNotes(cidr, podMembers.length, nodeMembers.length),
      ...(services === 0
        ? []
        : [
            `${cidr} contains ${counted(services, 'ClusterIP')}: use svc/NAME, because policies apply to the pods behind it`,
          ]),
    ],
    members: [{ type: 'range', range }, ...podMembers, ...nodeMembers],
  };
}

function insideNotes(cidr: string, pods: number, nodes: number): readonly string[] {
  const what = [
    ...(pods === 0 ? [] : [`${counted(pods, 'address')} of pods`]),
    ...(nodes === 0 ? [] : [`${nodes} of nodes`]),
  ];
  return what.length === 0 ? [] : [`${cidr} contains ${what.join(' and ')}: they are evaluated as such`];
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : word.endsWith('s') ? 'es' : 's'}`;
}

function isInside(range: IpRange, text: string): boolean {
  const ip = parseIp(text);
  return ip !== undefined && inRange(range, ip);
}

/**
 * A member of an end: a pod (at one of its addresses), one address of a node (empty for a node that is in no list), or
 * external addresses.
 */
export type Member =
  | { readonly type: 'pod'; readonly pod: Pod; readonly ip?: string }
  | { readonly type: 'node'; readonly node: Node; readonly ip: string }
  | { readonly type: 'range'; readonly range: IpRange }
  /** An endpoint of Cilium's own, which no object describes. */
  | { readonly type: 'reserved'; readonly name: 'health' | 'ingress' };

/** A member as a destination, with the ports there that the requested ports lead to, or types for ICMP. */
export type Target = { readonly member: Member; readonly ports: readonly PortRange[] };

/** Properties of an end other than its members. */
export type EndTraits = {
  readonly name: string;
  /** Set if only one of the members is meant and it is unknown which: the reason. */
  readonly oneOf?: string;
  /** The DNS name of the addresses. */
  readonly dns?: string;
  /** Of the nodes among the members, only the own one of the pod at the other end, or only others. */
  readonly nodes?: 'own' | 'other';
  /** The Service that leads to a port of a target, unless its pods are dialed themselves. */
  readonly through?: (target: End, port: number) => Query['through'];
  /** Whether a pod at both ends connects to itself through a Service. */
  readonly viaService?: boolean;
  /** Remarks that apply to any verdict. */
  readonly notes: readonly string[];
};

export type Source = EndTraits & { readonly members: readonly Member[] };

export type Destination = EndTraits & { readonly targets: readonly Target[] };
