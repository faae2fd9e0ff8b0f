import { SluiceError, safeText, textAt } from '../../core/common/common.ts';
import type { Origin } from './errors.ts';

/** A call that took longer than it may. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut';
  readonly milliseconds: number;

  constructor(milliseconds: number) {
    super(`no answer in ${milliseconds / 1_000} s`);
    this.milliseconds = milliseconds;
  }
}

/** Why a call got no answer; `lost` when a connection broke that may work again at once. */
export type NetworkCause = 'lost' | 'refused' | 'unreachable' | 'timeout' | 'name' | 'tls' | 'protocol';

/** A SluiceError of code `unreachable` that says which way the server could not be reached. */
export class NetworkError extends SluiceError {
  readonly network: NetworkCause;

  constructor(network: NetworkCause, message: string, hint: string, cause: unknown) {
    super('unreachable', message, hint, cause);
    this.network = network;
  }
}

/** The error for a failed connection: host, port, cause and next step. */
export function networkError(origin: Origin, error: unknown): NetworkError {
  const { server } = origin;
  const host = safeText(hostPort(server));
  const code = textAt(error, 'code') ?? (error instanceof Error ? error.message : '');
  const make = (network: NetworkCause, why: string, hint: string) =>
    new NetworkError(network, `${host} can't be reached: ${why}.`, hint, error);
  if (error instanceof TimedOut)
    return make(
      'timeout',
      error.message,
      'Check the network, the VPN, and the server address in the kubeconfig.',
    );
  switch (code) {
    case 'ECONNREFUSED':
      return make(
        'refused',
        'connection refused',
        'Is the cluster running? Check the server address in the kubeconfig.',
      );
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return make(
        'name',
        `the name ${safeText(server.hostname)} is not known`,
        'Check the server address in the kubeconfig, DNS and the VPN.',
      );
    case 'ETIMEDOUT':
    case 'ESOCKETTIMEDOUT':
      return make('timeout', 'the connection timed out', 'Check the network and the VPN.');
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return make('unreachable', 'there is no route to it', 'Check the network and the VPN.');
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return make(
        'tls',
        `its certificate is for other names than ${safeText(server.hostname)}`,
        'Check the server address, or set tls-server-name in the kubeconfig.',
      );
    case 'CERT_HAS_EXPIRED':
      return make(
        'tls',
        'its certificate, or one above it, has expired',
        'Ask whoever runs the cluster to renew it.',
      );
    case 'CERT_NOT_YET_VALID':
      return make('tls', 'its certificate is not valid yet', 'Check the clock of this machine.');
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'CERT_SIGNATURE_FAILURE':
      return make(
        'tls',
        'its certificate is from an authority that the kubeconfig does not trust',
        'Check certificate-authority in the kubeconfig; the cluster may have been made anew.',
      );
    default:
      return other(make, code, server);
  }
}

function other(
  make: (network: NetworkCause, why: string, hint: string) => NetworkError,
  code: string,
  server: URL,
): NetworkError {
  if (code === 'EPROTO' || code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS')) {
    return make(
      'tls',
      code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER'
        ? 'it does not speak TLS'
        : `TLS failed (${safeText(code)})`,
      'Check http:// or https:// in the server address, and the client certificate.',
    );
  }
  if (code.startsWith('HPE_')) {
    return make(
      'protocol',
      `what answers there does not speak ${server.protocol === 'https:' ? 'HTTP' : 'plain HTTP'}`,
      'Check http:// or https:// in the server address of the kubeconfig.',
    );
  }
  return make(
    'lost',
    `the connection broke (${safeText(code) || 'no reason given'})`,
    'Repeat; check the network.',
  );
}

function hostPort(server: URL): string {
  return server.port === '' ? `${server.hostname}:${server.protocol === 'https:' ? 443 : 80}` : server.host;
}
