import {
  type EndRef,
  formatIp,
  hostCidr,
  isInCidr,
  isLive,
  keyOf,
  type Pod,
  type PortSpec,
  parseCidr,
  type Service,
} from '../cluster/cluster.ts';
import { plural, SluiceError } from '../common/common.ts';
import type { ClusterModel } from '../live/live.ts';
import type { End } from '../policy/model/model.ts';
import { nameOfEnd, podsOfEnd, serviceTargets } from '../policy/path/path.ts';
import type { GrantRequest } from './grant.ts';
import type { PeerSelection, PlanInput } from './plan.ts';
import { noPods, type Refusal, refusal } from './refusals.ts';
import { type Selection, selectPods } from './selection.ts';

/** One end of the grant: the picked pods with their selector, or addresses. */
export type Side =
  | { readonly type: 'pods'; readonly pods: readonly Pod[]; readonly selection: Selection }
  | { readonly type: 'addresses'; readonly name: string; readonly cidr: string };

/** The request with a Service's address replaced by the Service: policies never see that address (NP-27). */
export function meantBy({ model, request }: Pick<PlanInput, 'model' | 'request'>): GrantRequest {
  const { destination } = request;
  if (destination.type !== 'ip' || model.podAt(destination.ip) !== undefined) return request;
  const service = model.serviceAt(destination.ip);
  if (service === undefined) return request;
  const { namespace, name } = service;
  return { ...request, destination: { type: 'service', namespace, name } };
}

/** Whether an end is addresses outside, which have no half (NP-1). */
export function isOutside(model: ClusterModel, end: EndRef): boolean {
  return end.type === 'range' || (end.type === 'ip' && model.podAt(end.ip) === undefined);
}

/** Resolves an end to its pods and their selector, or to the reason why it can't be an end of a grant. */
export function sideOf(input: PlanInput, end: EndRef, role: 'source' | 'destination'): Side | Refusal {
  const { model } = input;
  if (end.type === 'ip') {
    const pod = model.podAt(end.ip);
    if (pod === undefined) return { type: 'addresses', name: end.ip, cidr: hostCidr(end.ip) };
    return sideOf(input, { type: 'pod', namespace: pod.namespace, name: pod.name }, role);
  }
  if (end.type === 'range')
    return blockFault(model, end.cidr) ?? { type: 'addresses', name: end.cidr, cidr: end.cidr };
  const pods = podsOfEnd(model, end);
  return pods.length === 0 ? noPods(end, role) : podSide(input, end, pods);
}

/** Where connections to the destination end: its pods or addresses, with the ports that they reach there. */
export type Aim = {
  readonly side: Side | Refusal;
  readonly ports: readonly PortSpec[];
  /** Where the pods behind a Service differ: the ports of each, by its key. */
  readonly byPod?: ReadonlyMap<string, readonly PortSpec[]>;
};

/** Resolves the destination. Policies see the pods or addresses behind a Service, at the ports of each (NP-27). */
export function aimOf(input: PlanInput): Aim | Refusal {
  const { model, request } = input;
  const { destination, ports } = request;
  const service =
    destination.type === 'service' ? model.service(destination.namespace, destination.name) : undefined;
  if (service === undefined) return { side: sideOf(input, destination, 'destination'), ports };
  try {
    return serviceAim(input, service);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return refusal(error.code === 'refused' ? 'no-destination' : 'invalid', error.message, error.hint);
  }
}

/** @throws SluiceError as `serviceTargets` */
function serviceAim(input: PlanInput, service: Service): Aim | Refusal {
  const { model, request } = input;
  const pods = new Map<Pod, PortSpec[]>();
  const addresses = new Map<string, PortSpec[]>();
  for (const { port, protocol } of request.ports) {
    const asked = { type: 'range', protocol, from: port, to: port } as const;
    for (const { member, ports } of serviceTargets(model, service, asked).targets) {
      const specs = ports.map(([number]): PortSpec => ({ port: number, protocol }));
      if (member.type === 'pod') pods.set(member.pod, [...(pods.get(member.pod) ?? []), ...specs]);
      else if (member.type !== 'reserved') {
        const ip =
          member.type === 'node' ? member.ip : formatIp({ ...member.range, value: member.range.first });
        addresses.set(ip, [...(addresses.get(ip) ?? []), ...specs]);
      }
    }
  }
  const ports = uniquePorts([...pods.values(), ...addresses.values()].flat());
  const [ip, ...more] = addresses.keys();
  if (ip === undefined) {
    return {
      side: podSide(input, request.destination, [...pods.keys()]),
      ports,
      byPod: new Map(Array.from(pods, ([pod, own]) => [keyOf(pod), uniquePorts(own)])),
    };
  }
  if (pods.size === 0 && more.length === 0)
    return { side: sideOf(input, { type: 'ip', ip }, 'destination'), ports };
  return refusal(
    'invalid',
    `Service ${keyOf(service)} leads to ${pods.size === 0 ? '' : `${plural(pods.size, 'pod')} and `}${list([ip, ...more])}, and a grant has one destination.`,
    'Grant one of them by its name or address, or a block that holds the addresses.',
  );
}

function uniquePorts(ports: readonly PortSpec[]): readonly PortSpec[] {
  const unique = new Map(ports.map((spec) => [`${spec.port}/${spec.protocol}`, spec]));
  return [...unique.values()].sort((a, b) =>
    a.protocol === b.protocol ? a.port - b.port : a.protocol < b.protocol ? -1 : 1,
  );
}

function podSide(input: PlanInput, end: EndRef, pods: readonly Pod[]): Side | Refusal {
  const { model, engine, workloads, permanent = false } = input;
  const workload =
    end.type === 'workload'
      ? workloads.find(
          ({ kind, namespace, name }) =>
            kind === end.ref.kind && namespace === end.ref.namespace && name === end.ref.name,
        )
      : undefined;
  const neighbours = [...model.podsIn(pods[0]?.namespace ?? '')].filter(selectable);
  const selection = selectPods(pods, neighbours, { ...engine.dialect, permanent }, workload);
  if (selection === undefined) {
    return refusal(
      'cannot-open',
      `The pods of ${nameOfEnd(end)} share no ${permanent ? 'lasting ' : ''}label that a policy could select.`,
      'Add a label that only they have, such as app.',
    );
  }
  if (end.type === 'pod' && selection.matched.length > pods.length) {
    const others = selection.matched.filter((pod) => pod.name !== end.name).map(({ name }) => name);
    return refusal(
      'cannot-open',
      `No label distinguishes ${end.name} from ${list(others)}.`,
      `Grant the whole workload, or run kubectl label pod ${end.name} -n ${end.namespace} only=${onlyValue(end.name)} to give it a label of its own.`,
    );
  }
  return { type: 'pods', pods, selection };
}

/** A name as a label has it, which is shorter and ends in a letter or digit. */
function onlyValue(name: string): string {
  return name.slice(0, 63).replace(/[^a-z0-9]+$/i, '');
}

/** Given to each pod of a StatefulSet by its controller, also to the one that replaces it. */
const POD_NAME = 'statefulset.kubernetes.io/pod-name';

/**
 * By which labels one pod is granted, and for how long they are its own (GRANT-43); undefined unless one pod was asked
 * for.
 */
export function onlyPodNote(side: Side, end: EndRef): string | undefined {
  if (end.type !== 'pod' || side.type !== 'pods') return undefined;
  const { selector } = side.selection;
  const labels = selector.map(({ key, values }) =>
    values.length === 0 ? key : `${key}=${values.join('|')}`,
  );
  const lasts = selector.some(({ key }) => key === POD_NAME)
    ? 'which the pod that replaces it gets too'
    : 'which any pod that gets these labels would share, and a pod that replaces it may lack';
  return `only pod ${end.name} is meant, by ${labels.join(', ')}, ${lasts}`;
}

/** The shortest prefix of a block that is granted, and of one that needs no confirming, by IP family (GRANT-41). */
export const WIDEST = { 4: 8, 6: 32 } as const;
const UNCONFIRMED = { 4: 16, 6: 48 } as const;

/** Whether a block is so wide that somebody has to confirm it. */
export function isWide(cidr: string): boolean {
  const range = parseCidr(cidr);
  return range !== undefined && Number(cidr.split('/')[1]) < UNCONFIRMED[range.family];
}

/**
 * Why a block can't be an end: it is too wide, or it holds addresses of the cluster, which policies see otherwise or only
 * some enforcers match (GRANT-41).
 */
function blockFault(model: ClusterModel, cidr: string): Refusal | undefined {
  const range = parseCidr(cidr);
  if (range === undefined) throw new Error('a block of a grant is a valid CIDR');
  const { family, first } = range;
  const widest = WIDEST[family];
  if (Number(cidr.split('/')[1]) < widest) {
    return refusal(
      'invalid',
      `${cidr} is wider than /${widest}, the widest block that a grant opens.`,
      `Use the part that is needed, such as ${formatIp({ family, value: first })}/${widest + 8}.`,
    );
  }
  const inside = (ips: readonly string[]) => ips.some((ip) => isInCidr(cidr, ip));
  const pods = Array.from(model.pods()).filter((pod) => isLive(pod) && !pod.hostNetwork && inside(pod.ips));
  if (pods.length > 0) {
    return refusal(
      'invalid',
      `${cidr} holds addresses of pods, which have policies of their own: ${list(pods.map(keyOf))}.`,
      'Name the pods by their workload, or use a block without them.',
    );
  }
  const services = Array.from(model.services()).filter(({ clusterIPs, outerIPs = [] }) =>
    inside([...clusterIPs, ...outerIPs]),
  );
  if (services.length > 0) {
    return refusal(
      'invalid',
      `${cidr} holds addresses of Services, which policies do not see: ${list(services.map(keyOf))}.`,
      'Name the Service, as in svc/NAME, or use a block without its address.',
    );
  }
  const nodes = Array.from(model.nodes()).filter(({ ips }) => inside(ips));
  if (nodes.length === 0) return undefined;
  return refusal(
    'invalid',
    `${cidr} holds addresses of nodes, which not every policy matches by address: ${list(nodes.map(({ name }) => name))}.`,
    'Use a block without them, or one address of a node.',
  );
}

/** Whether policies can select the pod at all, unlike terminated and host-network pods (NP-29, NP-32). */
function selectable(pod: Pod): boolean {
  return !pod.hostNetwork && pod.phase !== 'Succeeded' && pod.phase !== 'Failed';
}

/** The side as the peer in the other side's policy. */
export function peerOf(side: Side): PeerSelection {
  if (side.type === 'addresses') return { type: 'addresses', cidr: side.cidr };
  return { type: 'pods', namespace: side.selection.namespace, selector: side.selection.selector };
}

/** The intended ends: each pod, or the addresses. */
export function endsOf(side: Side): readonly End[] {
  if (side.type === 'pods') return side.pods.map((pod) => ({ type: 'pod', pod }));
  return [{ type: 'ip', ip: side.cidr.replace(/\/.*$/, ''), blocks: [side.name] }];
}

function list(names: readonly string[]): string {
  return names.length <= 2
    ? names.join(' and ')
    : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}
