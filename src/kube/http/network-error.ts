import { SluiceError, safeText, textAt } from '../../core/common/common.ts';
import type { Origin } from './errors.ts';

/** A call that timed out. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut';
  readonly milliseconds: number;

  constructor(milliseconds: number) {
    super(`timed out after ${milliseconds / 1_000}s`);
    this.milliseconds = milliseconds;
  }
}

/** Why a call got no response; `lost` for a broken connection that may work again at once. */
export type NetworkCause = 'lost' | 'refused' | 'unreachable' | 'timeout' | 'name' | 'tls' | 'protocol';

/** A SluiceError of code `unreachable` with the kind of network failure. */
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
    new NetworkError(network, `Unable to connect to ${host}: ${why}.`, hint, error);
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
        `no such host ${safeText(server.hostname)}`,
        'Check the server address in the kubeconfig, DNS and the VPN.',
      );
    case 'ETIMEDOUT':
    case 'ESOCKETTIMEDOUT':
      return make('timeout', 'connection timed out', 'Check the network and the VPN.');
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return make('unreachable', 'no route to host', 'Check the network and the VPN.');
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return make(
        'tls',
        `its certificate is not valid for ${safeText(server.hostname)}`,
        'Check the server address, or set tls-server-name in the kubeconfig.',
      );
    case 'CERT_HAS_EXPIRED':
      return make(
        'tls',
        'its certificate or a CA certificate has expired',
        'Ask your cluster administrator to renew it.',
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
        'its certificate is signed by an unknown authority',
        'Check certificate-authority in the kubeconfig; the cluster may have been recreated.',
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
        ? 'the server does not use TLS'
        : `TLS failed (${safeText(code)})`,
      'Check http:// or https:// in the server address, and the client certificate.',
    );
  }
  if (code.startsWith('HPE_')) {
    return make(
      'protocol',
      `the server does not use ${server.protocol === 'https:' ? 'HTTP' : 'plain HTTP'}`,
      'Check http:// or https:// in the server address of the kubeconfig.',
    );
  }
  return make(
    'lost',
    `connection lost (${safeText(code) || 'no reason given'})`,
    'Check the network, then try again.',
  );
}

function hostPort(server: URL): string {
  return server.port === '' ? `${server.hostname}:${server.protocol === 'https:' ? 443 : 80}` : server.host;
}
