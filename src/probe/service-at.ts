import { targetsOf } from '../core/cluster/ends/ends.ts';
import type { ClusterModel } from '../core/cluster/model.ts';
import type { Pod, Protocol } from '../core/cluster/objects.ts';

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

/** A `ServiceAt` over a live model of the cluster; backends by the address of the service's family. */
export function serviceResolver(model: ClusterModel): ServiceAt {
  return (ip, port, protocol) => {
    const service = model.serviceAt(ip);
    if (service === undefined) return undefined;
    const backends = targetsOf(model, service, { port, protocol }).flatMap((target) => {
      const address = target.pod.ips.find((each) => each.includes(':') === ip.includes(':'));
      return address === undefined ? [] : [{ pod: target.pod, ip: address, port: target.port }];
    });
    return { namespace: service.namespace, name: service.name, backends };
  };
}
