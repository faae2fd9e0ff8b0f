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

/**
 * A `ServiceAt` over the services and pods of the moment. Backends are the running pods that the service selects, on
 * the target port, by number or by the name a container gives it; without a selector there are none known.
 */
export function serviceResolver(services: () => readonly Service[], pods: () => readonly Pod[]): ServiceAt {
  return (ip, port, protocol) => {
    for (const service of services()) {
      if (!service.clusterIPs.includes(ip)) continue;
      const entry = service.ports.find((each) => each.port === port && each.protocol === protocol);
      const { namespace, name } = service;
      if (entry === undefined) return { namespace, name, backends: [] };
      const backends = pods()
        .filter((pod) => serves(service, pod))
        .flatMap((pod) => {
          const target = targetPort(pod, entry.targetPort, protocol);
          const address = pod.ips.find((each) => each.includes(':') === ip.includes(':'));
          return target === undefined || address === undefined ? [] : [{ pod, ip: address, port: target }];
        });
      return { namespace, name, backends };
    }
    return undefined;
  };
}

function serves({ namespace, selector }: Service, pod: Pod): boolean {
  if (selector === undefined || Object.keys(selector).length === 0) return false;
  if (pod.namespace !== namespace || pod.phase !== 'Running' || pod.deleting) return false;
  return Object.entries(selector).every(([key, value]) => pod.labels[key] === value);
}

function targetPort(pod: Pod, target: number | string, protocol: Protocol): number | undefined {
  if (typeof target === 'number') return target;
  return pod.ports.find((each) => each.name === target && each.protocol === protocol)?.port;
}
