import { parseIp } from '../../core/cluster/ip.ts';
import type { Protocol } from '../../core/cluster/objects.ts';
import { SluiceError } from '../../core/errors.ts';

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
