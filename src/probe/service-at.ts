import type { Pod, Protocol, Service } from '../core/cluster/objects.ts';

/** What answers behind a service's address: the service, and its backends with the port they really serve. */
export type ServiceTarget = {
  readonly namespace: string;
  readonly name: string;
  readonly backends: readonly { readonly pod: Pod; readonly ip: string; readonly port: number }[];
};

/**
 * Finds the service at an address and port. A socket shows the address that was dialled: kube-proxy and its kin
 * translate it further down, out of the socket's sight.
 */
export type ServiceAt = (ip: string, port: number, protocol: Protocol) => ServiceTarget | undefined;

/** The questions that `core`'s cluster model answers about services. */
export type ServiceModel = {
  readonly serviceAt: (ip: string) => Service | undefined;
  readonly backends: (service: Service) => readonly Pod[];
};

/**
 * A `ServiceAt` over a live model of the cluster. Backends are the pods that the service selects, on the target port,
 * by number or by the name a container gives it.
 */
export function serviceResolver(model: ServiceModel): ServiceAt {
  return (ip, port, protocol) => {
    const service = model.serviceAt(ip);
    if (service === undefined) return undefined;
    const { namespace, name, ports } = service;
    const entry = ports.find((each) => each.port === port && each.protocol === protocol);
    if (entry === undefined) return { namespace, name, backends: [] };
    const backends = model.backends(service).flatMap((pod) => {
      const target = targetPort(pod, entry.targetPort, protocol);
      const address = pod.ips.find((each) => each.includes(':') === ip.includes(':'));
      return target === undefined || address === undefined ? [] : [{ pod, ip: address, port: target }];
    });
    return { namespace, name, backends };
  };
}

function targetPort(pod: Pod, target: number | string, protocol: Protocol): number | undefined {
  if (typeof target === 'number') return target;
  return pod.ports.find((each) => each.name === target && each.protocol === protocol)?.port;
}
