import { type Pod, type Protocol, parseIp } from '../core/cluster/cluster.ts';
import { SluiceError } from '../core/common/common.ts';
import type { ClusterModel } from '../core/live/live.ts';
import { targetsOf } from '../core/policy/path/path.ts';

/** The target of a connect test, validated so that it can't be interpreted as an option or by a shell. */
export type ConnectTarget = {
  readonly host: string;
  /** The address family, or `name` if it must be resolved first. */
  readonly form: 'ipv4' | 'ipv6' | 'name';
  readonly port: number;
  readonly protocol: Protocol;
  /** `host:port`, with brackets around IPv6. */
  readonly address: string;
};

/** DNS names in clusters: labels of letters, digits, `-` and `_` (SRV), not starting or ending with a dash. */
const NAME = /^(?!.{254})[a-z\d_]([a-z\d_-]{0,61}[a-z\d])?(\.[a-z\d_]([a-z\d_-]{0,61}[a-z\d])?)*\.?$/i;

/** Only digits and dots must be a valid address: tools also accept `127.1` and `2130706433` as addresses. */
const NUMERIC = /^[\d.]+$|^0x/i;

/**
 * Validates the host and port of a connect test. Throws `usage` if the host is neither an IP address nor a DNS name, or
 * the port is not from 1 to 65535.
 */
export function connectTarget(host: string, port: number, protocol: Protocol): ConnectTarget {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new SluiceError('usage', `Invalid port ${port}.`, 'Use a number from 1 to 65535.');
  }
  if (parseIp(host) !== undefined) {
    return host.includes(':')
      ? { host, form: 'ipv6', port, protocol, address: `[${host}]:${port}` }
      : { host, form: 'ipv4', port, protocol, address: `${host}:${port}` };
  }
  if (NAME.test(host) && !NUMERIC.test(host)) {
    return { host, form: 'name', port, protocol, address: `${host}:${port}` };
  }
  throw new SluiceError(
    'usage',
    `${JSON.stringify(host)} is neither an IP address nor a DNS name.`,
    'Use an IPv4 or IPv6 address, or a name such as db.payments.',
  );
}

/** The service at an address, and its backends with their target ports. */
export type ServiceTarget = {
  readonly namespace: string;
  readonly name: string;
  readonly backends: readonly { readonly pod: Pod; readonly ip: string; readonly port: number }[];
};

/**
 * Finds the service at an address and port. A socket shows the address that was dialed, because kube-proxy and others
 * translate it further down the stack.
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
