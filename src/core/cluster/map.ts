import { numberOf, type Raw, rawOf, rawsOf, safeText, textOf, textsOf } from '../common/common.ts';
import { protocolOf } from './map-pod.ts';
import type {
  ApiObject,
  CidrGroup,
  EndpointSlice,
  Namespace,
  Node,
  Service,
  ServicePort,
} from './objects.ts';
import { safeLabels } from './selector.ts';

/** The label that always carries a namespace's name (NP-20). */
export const NAME_LABEL = 'kubernetes.io/metadata.name';

/** A Namespace; the name label is added if missing. */
export function mapNamespace(raw: ApiObject): Namespace {
  const name = safeText(raw.metadata.name);
  return {
    kind: 'Namespace',
    name,
    labels: { ...safeLabels(raw.metadata.labels), [NAME_LABEL]: name },
    deleting: raw.metadata.deletionTimestamp !== undefined,
  };
}

/** A Node with the addresses it reports, internal ones first, as the kubelet lists them. */
export function mapNode(raw: ApiObject): Node {
  const addresses = rawsOf(rawOf(raw.status).addresses)
    .filter((item) => item.type === 'InternalIP' || item.type === 'ExternalIP')
    .flatMap((item) => (typeof item.address === 'string' ? [safeText(item.address)] : []));
  return {
    kind: 'Node',
    name: safeText(raw.metadata.name),
    labels: safeLabels(raw.metadata.labels),
    ips: addresses,
  };
}

/** An EndpointSlice with the addresses of its endpoints that are ready, or whose readiness is not set. */
export function mapEndpointSlice(raw: ApiObject): EndpointSlice {
  const labels = safeLabels(raw.metadata.labels);
  const ready = rawsOf(raw.endpoints).filter((item) => rawOf(item.conditions).ready !== false);
  return {
    kind: 'EndpointSlice',
    namespace: safeText(raw.metadata.namespace ?? 'default'),
    name: safeText(raw.metadata.name),
    service: labels['kubernetes.io/service-name'] ?? '',
    addresses: ready.flatMap((item) => textsOf(item.addresses).map((address) => safeText(address))),
    ports: rawsOf(raw.ports).flatMap(slicePort),
  };
}

function slicePort(raw: Raw): NonNullable<EndpointSlice['ports']> {
  const port = numberOf(raw.port);
  if (port === undefined) return [];
  const name = textOf(raw.name);
  const named = name === undefined || name === '' ? {} : { name: safeText(name) };
  return [{ ...named, port, protocol: protocolOf(raw.protocol) }];
}

/** A CiliumCIDRGroup of either version. */
export function mapCidrGroup(raw: ApiObject): CidrGroup {
  return {
    kind: 'CiliumCIDRGroup',
    name: safeText(raw.metadata.name),
    labels: safeLabels(raw.metadata.labels),
    cidrs: textsOf(rawOf(raw.spec).externalCIDRs).map((cidr) => safeText(cidr)),
  };
}

/** A Service. `targetPort` defaults to the port itself, as on the API server. */
export function mapService(raw: ApiObject): Service {
  const spec = rawOf(raw.spec);
  const type = serviceType(spec.type);
  const clusterIPs = clusterIPsOf(spec);
  const selector = safeLabels(spec.selector);
  const externalName = textOf(spec.externalName);
  const outerIPs = outerIPsOf(raw, spec);
  const policy = trafficPolicyOf(type, spec.externalTrafficPolicy);
  return {
    kind: 'Service',
    namespace: safeText(raw.metadata.namespace ?? 'default'),
    name: safeText(raw.metadata.name),
    uid: raw.metadata.uid ?? '',
    labels: safeLabels(raw.metadata.labels),
    type,
    clusterIPs,
    headless: spec.clusterIP === 'None',
    ...(externalName === undefined ? {} : { externalName: safeText(externalName) }),
    ...(Object.keys(selector).length === 0 ? {} : { selector }),
    ...(outerIPs.length === 0 ? {} : { outerIPs }),
    externalTrafficPolicy: policy,
    ports: rawsOf(spec.ports).flatMap(servicePort),
  };
}

function serviceType(value: unknown): Service['type'] {
  switch (value) {
    case 'NodePort':
    case 'LoadBalancer':
    case 'ExternalName':
      return value;
    default:
      return 'ClusterIP';
  }
}

function clusterIPsOf(spec: Raw): readonly string[] {
  const all = textsOf(spec.clusterIPs);
  const first = textOf(spec.clusterIP);
  const addresses = all.length > 0 ? all : first === undefined ? [] : [first];
  return addresses.filter((address) => address !== 'None').map((address) => safeText(address));
}

function outerIPsOf({ status }: ApiObject, spec: Raw): readonly string[] {
  const balanced = rawsOf(rawOf(rawOf(status).loadBalancer).ingress).flatMap(({ ip }) => textOf(ip) ?? []);
  return [...balanced, ...textsOf(spec.externalIPs)].map((address) => safeText(address));
}

/** For services reached from outside; the API server defaults to `Cluster`. */
function trafficPolicyOf(type: Service['type'], value: unknown): Service['externalTrafficPolicy'] {
  if (type !== 'NodePort' && type !== 'LoadBalancer') return undefined;
  return value === 'Local' ? 'Local' : 'Cluster';
}

function servicePort(raw: Raw): readonly ServicePort[] {
  const port = numberOf(raw.port);
  if (port === undefined) return [];
  const name = textOf(raw.name);
  const nodePort = numberOf(raw.nodePort);
  const target = numberOf(raw.targetPort) ?? textOf(raw.targetPort) ?? port;
  return [
    {
      ...(name === undefined ? {} : { name: safeText(name) }),
      port,
      targetPort: typeof target === 'string' ? safeText(target) : target === 0 ? port : target,
      protocol: protocolOf(raw.protocol),
      ...(nodePort === undefined || nodePort === 0 ? {} : { nodePort }),
    },
  ];
}
