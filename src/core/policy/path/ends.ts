import {
  type EndRef,
  isLive,
  type Pod,
  type PortSpec,
  type Service,
  type ServicePort,
} from '../../cluster/cluster.ts';
import { assertNever, nearestNames, SluiceError } from '../../common/common.ts';
import type { ClusterModel } from '../../live/live.ts';
import type { End } from '../model/model.ts';

/** The current members of an end: its live pods, or an address or a block; `service` if the end is a Service. */
export type ResolvedEnd = {
  readonly name: string;
  /** Live pods; empty for an address that does not belong to a pod. */
  readonly pods: readonly Pod[];
  /** One per pod, or the address; none for a block. */
  readonly ends: readonly End[];
  readonly service?: Service;
};

/** One backend of a Service and the port that it listens on. */
export type Target = { readonly pod: Pod; readonly port: number; readonly protocol: PortSpec['protocol'] };

/** The display name of an end: `web`, `svc/db`, `10.0.0.1`, `10.0.0.0/8`; just the name for workloads and pods. */
export function nameOfEnd(ref: EndRef): string {
  switch (ref.type) {
    case 'workload':
      return ref.ref.name;
    case 'pod':
      return ref.name;
    case 'service':
      return `svc/${ref.name}`;
    case 'ip':
      return ref.ip;
    case 'range':
      return ref.cidr;
    default:
      return assertNever(ref);
  }
}

/** Live pods of an end: of the workload, behind the Service, the pod itself, or the one with the address; not of a block. */
export function podsOfEnd(model: ClusterModel, ref: EndRef): readonly Pod[] {
  switch (ref.type) {
    case 'workload':
      return model.podsOf(ref.ref);
    case 'pod': {
      const pod = model.pod(ref.namespace, ref.name);
      return pod !== undefined && isLive(pod) ? [pod] : [];
    }
    case 'service': {
      const service = model.service(ref.namespace, ref.name);
      return service === undefined ? [] : podsBehind(model, service);
    }
    case 'ip': {
      const pod = model.podAt(ref.ip);
      return pod === undefined ? [] : [pod];
    }
    case 'range':
      return [];
    default:
      return assertNever(ref);
  }
}

function outsideOf(model: ClusterModel, { namespace, name }: Service): readonly End[] {
  return model.endpoints(namespace, name).map((ip): End => ({ type: 'ip', ip }));
}

/** The pods that a Service selects, or those that its EndpointSlices name. */
function podsBehind(model: ClusterModel, service: Service): readonly Pod[] {
  if (service.selector !== undefined) return model.backends(service);
  const pods = model.endpoints(service.namespace, service.name).flatMap((ip) => model.podAt(ip) ?? []);
  return [...new Set(pods)];
}

/**
 * Resolves an end to its pods.
 *
 * @throws SluiceError `not-found`, with similar existing names, if there is no such pod, workload or Service; `refused`
 *   if it exists but has no live pods
 */
export function resolveEnd(model: ClusterModel, ref: EndRef): ResolvedEnd {
  const name = nameOfEnd(ref);
  const pods = podsOfEnd(model, ref);
  const service = ref.type === 'service' ? model.service(ref.namespace, ref.name) : undefined;
  if (ref.type === 'range') return { name, pods, ends: [] };
  if (ref.type === 'ip' && pods.length === 0) return { name, pods, ends: [{ type: 'ip', ip: ref.ip }] };
  const outside = service?.selector === undefined && service !== undefined ? outsideOf(model, service) : [];
  if (pods.length === 0 && outside.length > 0) return { name, pods, ends: outside, service };
  if (pods.length === 0) throw missing(model, ref, service);
  const ends = pods.map((pod): End => ({ type: 'pod', pod, ...(ref.type === 'ip' ? { ip: ref.ip } : {}) }));
  return { name, pods, ends, service };
}

/**
 * The backends of a Service for one of its ports, each with the pod's port: a named targetPort resolves per pod, and
 * pods without that name are skipped (NP-25, NP-27).
 */
export function targetsOf(model: ClusterModel, service: Service, port: PortSpec): readonly Target[] {
  const entry = service.ports.find((item) => item.port === port.port && item.protocol === port.protocol);
  if (entry === undefined) return [];
  return model.backends(service).flatMap((pod): readonly Target[] => {
    // Clients of a headless Service connect to its pods directly, on the port that they dial.
    const number = service.headless ? port.port : targetPortOf(pod, entry);
    return number === undefined ? [] : [{ pod, port: number, protocol: port.protocol }];
  });
}

function targetPortOf(pod: Pod, { targetPort, protocol }: ServicePort): number | undefined {
  if (typeof targetPort === 'number') return targetPort;
  return pod.ports.find((item) => item.name === targetPort && item.protocol === protocol)?.port;
}

function missing(
  model: ClusterModel,
  ref: Exclude<EndRef, { readonly type: 'range' }>,
  service: Service | undefined,
): SluiceError {
  switch (ref.type) {
    case 'pod': {
      const pod = model.pod(ref.namespace, ref.name);
      if (pod !== undefined) return idle(`Pod ${ref.namespace}/${ref.name} has terminated`);
      return unknown(
        `Pod ${ref.namespace}/${ref.name} not found`,
        nearestNames(`${ref.namespace}/${ref.name}`, podNames(model)),
      );
    }
    case 'workload': {
      const { kind, namespace, name } = ref.ref;
      return unknown(
        `${kind} ${namespace}/${name} has no running pods`,
        nearestNames(`${namespace}/${kind}/${name}`, ownerNames(model)),
      );
    }
    case 'service':
      if (service !== undefined) return idle(`Service ${ref.namespace}/${ref.name} has no running pods`);
      return unknown(
        `Service ${ref.namespace}/${ref.name} not found`,
        nearestNames(`${ref.namespace}/svc/${ref.name}`, serviceNames(model)),
      );
    case 'ip':
      return unknown(`No pod has the address ${ref.ip}`, []);
    default:
      return assertNever(ref);
  }
}

function podNames(model: ClusterModel): readonly string[] {
  return Array.from(model.pods(), ({ namespace, name }) => `${namespace}/${name}`);
}

function ownerNames(model: ClusterModel): readonly string[] {
  return Array.from(model.pods()).flatMap(({ owner }) =>
    owner === undefined ? [] : [`${owner.namespace}/${owner.kind}/${owner.name}`],
  );
}

function serviceNames(model: ClusterModel): readonly string[] {
  return Array.from(model.services(), ({ namespace, name }) => `${namespace}/svc/${name}`);
}

function unknown(sentence: string, near: readonly string[]): SluiceError {
  const hint = near.length === 0 ? 'Check the name and namespace.' : `Did you mean ${near.join(' or ')}?`;
  return new SluiceError('not-found', `${sentence}.`, hint);
}

function idle(sentence: string): SluiceError {
  return new SluiceError('refused', `${sentence}.`, 'Wait until a pod is running, or choose another end.');
}
