import { type Pod, rangeOfAddress, type Service, type ServicePort } from '../../cluster/cluster.ts';
import { SluiceError, several } from '../../common/common.ts';
import type { ClusterModel } from '../../live/live.ts';
import type { Engine, PathDecision } from '../decide/decide.ts';
import type { End, PortRange, Through } from '../model/model.ts';
import type { AskedPorts } from './asked-ports.ts';
import type { Cell } from './cells.ts';
import type { Destination, Member, Target } from './members.ts';

type Found = { readonly targets: readonly Target[]; readonly notes: readonly string[] };

/**
 * The destinations of a Service: its backends, each at its own target port, as policies see the connection (NP-27). A
 * headless Service only resolves to its pods, so the dialed port is the port that is reached. One without a selector
 * leads where its EndpointSlices say.
 *
 * @throws SluiceError `failed`, with the existing ports, for a port that it does not have or that leads nowhere
 */
export function serviceTargets(model: ClusterModel, service: Service, asked: AskedPorts): Destination {
  const name = `svc/${service.name}`;
  const { targets, notes } =
    service.selector === undefined
      ? endpointTargets(model, service, asked)
      : service.headless
        ? headlessTargets(model, service, asked)
        : backendTargets(model, service, asked);
  const caches = asked.type === 'icmp' ? [] : dnsCaches(model, service, asked);
  const end = {
    name,
    targets: [...targets, ...caches],
    notes: [...notes, ...outerNotes(service)],
    viaService: true,
    ...(caches.length === 0
      ? {}
      : { oneOf: `node-local-dns may answer for svc/${service.name} on the pod's own node` }),
  };
  if (service.headless || asked.type === 'icmp') return end;
  const entries = entriesOf(service, asked);
  return { ...end, through: (target, port) => throughOf(service, entries, target, port) };
}

/** Where the cache of a node listens besides the address of the resolver's Service. */
export const DNS_CACHE = '169.254.20.10';

/** The addresses at which a cache on each node takes lookups in place of the resolver's pods (ENF-36). */
function dnsCaches(
  model: ClusterModel,
  { namespace, name, clusterIPs, ports }: Service,
  asked: Exclude<AskedPorts, { type: 'icmp' }>,
): readonly Target[] {
  const isResolver = namespace === 'kube-system' && (name === 'kube-dns' || name === 'coredns');
  const isAsked = ports.some(
    ({ port, protocol }) =>
      port === 53 &&
      protocol === asked.protocol &&
      asked.type === 'range' &&
      asked.from <= 53 &&
      53 <= asked.to,
  );
  if (!isResolver || !isAsked || !hasDnsCache(model)) return [];
  return [DNS_CACHE, ...clusterIPs].flatMap((ip): readonly Target[] => {
    const range = rangeOfAddress(ip);
    return range === undefined ? [] : [{ member: { type: 'range', range }, ports: [[53, 53]] }];
  });
}

/** Whether a DNS cache runs on the nodes, as the Kubernetes add-on installs it. */
export function hasDnsCache(model: ClusterModel): boolean {
  return model
    .podsIn('kube-system')
    .some(({ hostNetwork, labels }) => hostNetwork && labels['k8s-app'] === 'node-local-dns');
}

/** The port of a Service that leads to a port of a target: the only one asked for, or the one whose target it is. */
function throughOf(
  service: Service,
  entries: readonly ServicePort[],
  target: End,
  port: number,
): Through | undefined {
  const leads = (entry: ServicePort) =>
    target.type === 'pod' ? targetPortOf(target.pod, entry) === port : entry.targetPort === port;
  const entry = entries.length === 1 ? entries[0] : entries.find(leads);
  return entry === undefined ? undefined : { service, port: entry.port };
}

function backendTargets(model: ClusterModel, service: Service, asked: AskedPorts): Found {
  const backends = model.backends(service);
  if (asked.type === 'icmp') {
    const ports: readonly PortRange[] = [[asked.from, asked.to]];
    return { targets: podTargets(backends, () => ports), notes: [NO_ICMP] };
  }
  const entries = entriesOf(service, asked);
  const targets = podTargets(backends, (pod) =>
    entries.flatMap((entry) => {
      const number = targetPortOf(pod, entry);
      return number === undefined ? [] : [[number, number] as const];
    }),
  );
  if (targets.length === 0) throw leadsNowhere(service, entries, backends.length);
  return { targets, notes: entries.flatMap((entry) => portNotes(service, entry, backends)) };
}

const NO_ICMP = 'a Service does not forward ICMP: this applies to its pods directly';

function podTargets(pods: readonly Pod[], portsOf: (pod: Pod) => readonly PortRange[]): readonly Target[] {
  return pods
    .map((pod): Target => ({ member: { type: 'pod', pod }, ports: portsOf(pod) }))
    .filter(({ ports }) => ports.length > 0);
}

function headlessTargets(model: ClusterModel, service: Service, asked: AskedPorts): Found {
  const backends = model.backends(service);
  if (backends.length === 0) throw leadsNowhere(service, [], 0);
  const ports =
    asked.type === 'named'
      ? entriesOf(service, asked).map(({ port }): PortRange => [port, port])
      : [[asked.from, asked.to] as const];
  const note = `svc/${service.name} is headless: clients connect to its pods directly, on the port they dial instead of targetPort`;
  return { targets: podTargets(backends, () => ports), notes: [note] };
}

/** Manually managed endpoints: pods, nodes, or external addresses (NP-27). */
function endpointTargets(model: ClusterModel, service: Service, asked: AskedPorts): Found {
  const entries = asked.type === 'icmp' ? [] : entriesOf(service, asked);
  const targets = model
    .slicesOf(service.namespace, service.name)
    .flatMap(({ addresses, ports: listed = [] }) => {
      const ports =
        asked.type === 'icmp'
          ? [[asked.from, asked.to] as const]
          : entries.flatMap((entry) => endpointPort(entry, listed));
      return addresses.map((ip): Target => ({ member: memberAt(model, ip), ports }));
    });
  const reached = targets.filter(({ ports }) => ports.length > 0);
  if (reached.length === 0) {
    throw new SluiceError(
      'failed',
      `Service ${service.namespace}/${service.name} has no selector, and no EndpointSlice gives it an address.`,
      'Use the address that it should lead to.',
    );
  }
  return {
    targets: reached,
    notes: [`svc/${service.name} has no selector: its EndpointSlices define where it leads`],
  };
}

function endpointPort(
  { name, port, targetPort, protocol }: ServicePort,
  listed: readonly { readonly name?: string; readonly port: number; readonly protocol: string }[],
): readonly PortRange[] {
  const found = listed.find((item) => (item.name ?? '') === (name ?? '') && item.protocol === protocol)?.port;
  const number = found ?? (typeof targetPort === 'number' ? targetPort : port);
  return [[number, number]];
}

/** An address as a member: of a pod, of a node, or outside. */
export function memberAt(model: ClusterModel, ip: string): Member {
  const pod = model.podAt(ip);
  if (pod !== undefined) return { type: 'pod', pod, ip };
  const node = model.nodeAt(ip);
  if (node !== undefined) return { type: 'node', node, ip };
  const range = rangeOfAddress(ip);
  if (range === undefined)
    throw new SluiceError('failed', `Endpoint "${ip}" is not a valid IP address.`, 'Fix the EndpointSlice.');
  return { type: 'range', range };
}

/**
 * The requested ports of a Service.
 *
 * @throws SluiceError `failed`, with the ports that it has
 */
export function entriesOf(
  service: Service,
  asked: Exclude<AskedPorts, { type: 'icmp' }>,
): readonly ServicePort[] {
  const entries = service.ports.filter(
    ({ name, port, protocol }) =>
      protocol === asked.protocol &&
      (asked.type === 'named' ? name === asked.name : asked.from <= port && port <= asked.to),
  );
  if (entries.length > 0) return entries;
  const known = service.ports.map(
    ({ name, port, protocol }) =>
      `${port}/${protocol.toLowerCase()}${name === undefined ? '' : ` (${name})`}`,
  );
  const wanted =
    asked.type === 'named'
      ? asked.name
      : asked.from === asked.to
        ? `${asked.from}`
        : `${asked.from}-${asked.to}`;
  throw new SluiceError(
    'failed',
    `svc/${service.name} has no port ${wanted}/${asked.protocol.toLowerCase()} that leads to a pod.`,
    known.length === 0 ? 'It declares no port.' : `It declares ${known.join(', ')}.`,
  );
}

function targetPortOf(pod: Pod, { targetPort, protocol }: ServicePort): number | undefined {
  if (typeof targetPort === 'number') return targetPort;
  return pod.ports.find((item) => item.name === targetPort && item.protocol === protocol)?.port;
}

/** Remarks on where one port leads: another number, several, or none on some backends. */
function portNotes(service: Service, entry: ServicePort, backends: readonly Pod[]): readonly string[] {
  const byNumber = Map.groupBy(backends, (pod) => targetPortOf(pod, entry));
  const nameless = byNumber.get(undefined) ?? [];
  const numbers = [...byNumber].filter(([number]) => number !== undefined);
  const [first] = numbers;
  const leads =
    numbers.length === 1 && first !== undefined
      ? first[0] === entry.port
        ? []
        : [`port ${entry.port} of svc/${service.name} leads to port ${first[0]} of its pods`]
      : numbers.length === 0
        ? []
        : [
            `port ${entry.port} of svc/${service.name} (${entry.targetPort}) leads to ${numbers
              .map(([number, pods]) => `port ${number} of ${podList(pods)}`)
              .join(', ')}`,
          ];
  return [
    ...leads,
    ...(nameless.length === 0
      ? []
      : [
          `${podList(nameless)} declare${nameless.length === 1 ? 's' : ''} no port ${entry.targetPort}: svc/${service.name} does not route there`,
        ]),
  ];
}

function podList(pods: readonly Pod[]): string {
  return several(
    pods.map(({ name }) => name),
    3,
  );
}

/** What changes for clients outside the cluster (NP-27). */
function outerNotes({ name, type, externalTrafficPolicy }: Service): readonly string[] {
  if (type !== 'NodePort' && type !== 'LoadBalancer') return [];
  return externalTrafficPolicy === 'Local'
    ? [
        `svc/${name} is a ${type} with externalTrafficPolicy Local: external clients keep their address and only reach pods on the node they connect to`,
      ]
    : [
        `svc/${name} is a ${type} with externalTrafficPolicy Cluster: external clients may arrive with the address of a node`,
      ];
}

function leadsNowhere(service: Service, entries: readonly ServicePort[], backends: number): SluiceError {
  if (backends === 0) {
    return new SluiceError(
      'refused',
      `Service ${service.namespace}/${service.name} has no running pods.`,
      'Wait until a pod is running, or choose another end.',
    );
  }
  const names = entries.map(({ targetPort }) => targetPort);
  return new SluiceError(
    'failed',
    `svc/${service.name} leads to ${names.join(', ')}, but none of its pods declares that port.`,
    'Declare the port in the pods, or use its number in the Service.',
  );
}

/**
 * Whether an allow holds, given that Cilium learns a name's addresses only from lookups that it proxies (CIL-20): some
 * rule of the source proxies lookups, or the path is allowed without rules that name domains.
 */
export function isLearned(engine: Engine, cells: readonly Cell[]): boolean {
  if (!engine.dialect.identityLabels) return true;
  return cells.every(({ query, decision }) => {
    if (decision.verdict !== 'allow' || query.from.type !== 'pod') return true;
    if (engine.rulesOn(query.from.pod).some(({ l7 }) => l7 === 'dns')) return true;
    return withoutName(engine, query).egress.verdict === 'allow';
  });
}

/** Remarks on what rules with domain names admit besides the name itself. */
export function dnsNotes(engine: Engine, name: string, cells: readonly Cell[]): readonly string[] {
  const shares = cells.some(
    ({ query, decision }) =>
      decision.egress.verdict === 'deny' && withoutName(engine, query).egress.verdict === 'undecidable',
  );
  return shares ? [`an address that ${name} shares with an admitted name is also admitted`] : [];
}

function withoutName(engine: Engine, query: Cell['query']): PathDecision {
  const to: End = query.to.type === 'ip' ? { type: 'ip', ip: query.to.ip } : query.to;
  return engine.decide({ ...query, to });
}
