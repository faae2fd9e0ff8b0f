import { SluiceError, safeText, textAt } from '../../core/common/common.ts';
import type { Origin } from './errors.ts';
import { ProxyError } from './tunnel.ts';

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

/** The error for a failed connection: host, port, cause and next step; of the proxy, if that is at fault. */
export function networkError(origin: Origin, error: unknown): NetworkError {
  const { server } = origin;
  if (error instanceof ProxyError) return proxyFailure(server, error);
  const [network, why, hint] = failureOf(error, server);
  return new NetworkError(network, `Unable to connect to ${hostPort(server)}: ${why}.`, hint, error);
}

/** What a proxy has answered, or why it was not reached. The URL of a proxy may hold a password, so it is not shown whole. */
function proxyFailure(server: URL, error: ProxyError): NetworkError {
  const { proxy, status, cause, message } = error;
  const { url, from } = proxy;
  const name = `the proxy ${url.protocol}//${hostPort(url)}`;
  const setting = from === 'proxy-url' ? 'proxy-url of the cluster in the kubeconfig' : from;
  const make = (network: NetworkCause, what: string, hint: string) =>
    new NetworkError(network, what, hint, error);
  if (status === 407 || /authentication/i.test(message)) {
    return make(
      'refused',
      `${capital(name)} ${url.username === '' ? 'wants a user and a password' : 'rejected the user and password'} to connect to ${hostPort(server)}.`,
      `Put them into ${setting}, as in ${url.protocol}//USER:PASSWORD@${hostPort(url)}.`,
    );
  }
  if (status !== undefined || /rejected connection/i.test(message)) {
    const answer = status === undefined ? message.replace(/^.* - /, '') : `HTTP ${status}`;
    return make(
      'unreachable',
      `${capital(name)} does not connect to ${hostPort(server)}: ${safeText(answer, 100)}.`,
      `Check the server address in the kubeconfig and ${setting}; NO_PROXY names hosts to reach without ${from === 'proxy-url' ? 'one from the environment' : 'it'}.`,
    );
  }
  const [network, why] = failureOf(cause ?? new Error(message), url);
  return make(
    network === 'lost' ? 'unreachable' : network,
    `Unable to connect to ${name}: ${network === 'lost' ? safeText(message, 200) : why}.`,
    `Check ${setting}, and whether the proxy is running.`,
  );
}

type Failure = readonly [network: NetworkCause, why: string, hint: string];

const CHECK_ADDRESS = 'Check the server address in the kubeconfig';
const CHECK_SCHEME = 'Check http:// or https:// in the server address of the kubeconfig.';
const UNKNOWN_AUTHORITY: Failure = [
  'tls',
  'its certificate is signed by an unknown authority',
  'Check certificate-authority in the kubeconfig; the cluster may have been recreated.',
];

/** By the code of Node's error. */
const FAILURES: Readonly<Record<string, Failure>> = {
  ECONNREFUSED: ['refused', 'connection refused', `Is the cluster running? ${CHECK_ADDRESS}.`],
  ETIMEDOUT: ['timeout', 'connection timed out', 'Check the network and the VPN.'],
  ESOCKETTIMEDOUT: ['timeout', 'connection timed out', 'Check the network and the VPN.'],
  EHOSTUNREACH: ['unreachable', 'no route to host', 'Check the network and the VPN.'],
  ENETUNREACH: ['unreachable', 'no route to host', 'Check the network and the VPN.'],
  CERT_HAS_EXPIRED: [
    'tls',
    'its certificate or a CA certificate has expired',
    'Ask your cluster administrator to renew it.',
  ],
  CERT_NOT_YET_VALID: ['tls', 'its certificate is not valid yet', 'Check the clock of this machine.'],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  CERT_SIGNATURE_FAILURE: UNKNOWN_AUTHORITY,
  EPROTO: ['tls', 'the server does not use TLS', CHECK_SCHEME],
  ERR_SSL_WRONG_VERSION_NUMBER: ['tls', 'the server does not use TLS', CHECK_SCHEME],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: ['tls', 'the server does not use TLS', CHECK_SCHEME],
};

/** What OpenSSL says of a certificate that it does not accept, other than the above. */
const BAD_CERTIFICATE =
  /^(UNABLE_TO_|CERT_|CRL_|ERROR_IN_C|INVALID_(CA|PURPOSE)|PATH_LENGTH_|HOSTNAME_|UNSPECIFIED)/;

function failureOf(error: unknown, server: URL): Failure {
  if (error instanceof TimedOut)
    return [
      'timeout',
      error.message,
      `Check the network, the VPN, and the server address in the kubeconfig.`,
    ];
  const message = error instanceof Error ? error.message : '';
  const code = textAt(error, 'code') ?? message;
  const known = FAILURES[code];
  if (known !== undefined) return known;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return ['name', `no such host ${safeText(server.hostname)}`, `${CHECK_ADDRESS}, DNS and the VPN.`];
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const name = textAt(error, 'host') || server.hostname;
    return [
      'tls',
      `its certificate is not valid for ${safeText(name)}`,
      'Check the server address and tls-server-name in the kubeconfig.',
    ];
  }
  if (/ALERT_.*(CERTIFICATE|UNKNOWN_CA)/.test(code)) {
    return [
      'tls',
      `it rejected the client certificate (${alertOf(code)})`,
      'Renew client-certificate and client-key of the user in the kubeconfig.',
    ];
  }
  if (BAD_CERTIFICATE.test(code))
    return [
      'tls',
      `its certificate can't be used (${safeText(message, 100)})`,
      'Ask your cluster administrator to renew it.',
    ];
  if (code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS') || code.startsWith('ERR_OSSL')) {
    return [
      'tls',
      `TLS failed (${safeText(code)})`,
      'Check http:// or https:// in the server address, and the client certificate.',
    ];
  }
  if (code.startsWith('HPE_')) {
    const used = server.protocol === 'https:' ? 'HTTP' : 'plain HTTP';
    return ['protocol', `the server does not use ${used}`, CHECK_SCHEME];
  }
  const why = safeText(code) || 'no reason given';
  return ['lost', `connection lost (${why})`, 'Check the network, then try again.'];
}

/** `ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED` → `certificate expired`. */
function alertOf(code: string): string {
  return safeText(
    code
      .replace(/^.*ALERT_/, '')
      .replaceAll('_', ' ')
      .toLowerCase(),
  );
}

/** Host and port of a URL, for messages. */
function hostPort({ hostname, port, protocol }: URL): string {
  return safeText(`${hostname}:${port || DEFAULT_PORTS[protocol] || 1080}`);
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'https:': 443, 'http:': 80 };

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
