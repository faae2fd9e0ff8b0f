import { type Pod, type Protocol, parseIp } from '../core/cluster/cluster.ts';
import { SluiceError } from '../core/common/common.ts';
import type { ClusterModel } from '../core/live/live.ts';
import { targetsOf } from '../core/policy/path/path.ts';

/** Where a connect test goes: checked, so that nothing in it can be read as an option or by a shell. */
export type ConnectTarget = {
  readonly host: string;
  /** The address family, or `name` when it must be resolved first. */
  readonly form: 'ipv4' | 'ipv6' | 'name';
  readonly port: number;
  readonly protocol: Protocol;
  /** `host:port`, with brackets around IPv6. */
  readonly address: string;
};

/** Names as DNS has them in clusters: labels of letters, digits, `-` and `_` (SRV), neither end a dash. */
const NAME = /^(?!.{254})[a-z\d_]([a-z\d_-]{0,61}[a-z\d])?(\.[a-z\d_]([a-z\d_-]{0,61}[a-z\d])?)*\.?$/i;

/** Digits and dots alone are an address or nothing: tools read `127.1` and `2130706433` as addresses too. */
const NUMERIC = /^[\d.]+$|^0x/i;

/**
 * Checks host and port of a connect test. Throws `usage` when the host is neither an address nor a DNS name, or the
 * port not a number from 1 to 65535.
 */
export function connectTarget(host: string, port: number, protocol: Protocol): ConnectTarget {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new SluiceError('usage', `${port} is not a port.`, 'Give a number from 1 to 65535.');
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
    `${JSON.stringify(host)} is neither an address nor a DNS name.`,
    'Give an IPv4 or IPv6 address, or a name such as db.payments.',
  );
}

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
