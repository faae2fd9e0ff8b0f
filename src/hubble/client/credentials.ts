import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { type ChannelCredentials, type ChannelOptions, credentials } from '@grpc/grpc-js';
import { SluiceError } from '../../core/common/common.ts';

/** TLS options as in the hubble CLI's flags, with files as PEM text. `false`: plaintext. */
export type HubbleTls =
  | false
  | {
      readonly ca?: string;
      readonly cert?: string;
      readonly key?: string;
      /** The name to expect in the certificate instead of the address. */
      readonly serverName?: string;
      readonly insecureSkipVerify?: boolean;
    };

/**
 * Credentials of a channel to `host`.
 *
 * @throws SluiceError `usage` when the client certificate or its key is missing, `config` for invalid PEM
 */
export function channelCredentials(tls: HubbleTls, host: string): ChannelCredentials {
  if (tls === false) return credentials.createInsecure();
  const { ca, cert, key, insecureSkipVerify = false, serverName = host } = tls;
  if ((cert === undefined) !== (key === undefined)) {
    throw new SluiceError(
      'usage',
      cert === undefined
        ? 'The client key for Hubble has no certificate.'
        : 'The client certificate for Hubble has no key.',
      'Set both --tls-client-cert-file and --tls-client-key-file.',
    );
  }
  try {
    return credentials.createSsl(bytes(ca), bytes(key), bytes(cert), {
      rejectUnauthorized: !insecureSkipVerify,
      checkServerIdentity: (_asked, presented) => checkServerIdentity(serverName, presented),
    });
  } catch (error) {
    throw new SluiceError(
      'config',
      `Unable to load the TLS files for Hubble: ${error instanceof Error ? error.message : String(error)}.`,
      'They must be in PEM format, and the key must match the certificate.',
      error,
    );
  }
}

/**
 * Options of a channel. A channel is used for one connection and is not shared, so that each attempt really dials.
 *
 * @param isForwarded whether the address is the local end of a port-forward; like loopback in Go, it uses no proxy
 */
export function channelOptions(tls: HubbleTls, host: string, isForwarded: boolean): ChannelOptions {
  const serverName = tls === false ? undefined : sentName(tls.serverName ?? host);
  return {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
    ...(isForwarded || isLoopback(host) ? { 'grpc.enable_http_proxy': 0 } : {}),
    ...(serverName === undefined
      ? {}
      : { 'grpc.ssl_target_name_override': serverName, 'grpc.default_authority': serverName }),
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/**
 * The name sent in the handshake. An address must not be sent (RFC 6066 §3), and Node warns on the terminal if it is;
 * the certificate is still checked against the address.
 */
function sentName(name: string): string {
  return isIP(name) === 0 ? name : RELAY_NAME;
}

/** A name in Relay's certificate by default (HUB-8). */
const RELAY_NAME = 'instance.hubble-relay.cilium.io';

function bytes(pem: string | undefined): Buffer | null {
  return pem === undefined ? null : Buffer.from(pem);
}
