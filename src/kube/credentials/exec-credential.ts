import { SluiceError } from '../../core/errors.ts';
import { textAt } from '../../core/json.ts';
import { safeText } from '../../core/safe-text.ts';
import type { ClusterEntry } from '../config/cluster-entry.ts';
import type { ExecPlugin } from '../config/user-entry.ts';
import type { Credential } from './credentials.ts';

const VERSIONS: readonly string[] = [
  'client.authentication.k8s.io/v1',
  'client.authentication.k8s.io/v1beta1',
];

/**
 * The ExecCredential that a plug-in finds in `KUBERNETES_EXEC_INFO`: whether it may ask on the terminal, and the
 * cluster when the kubeconfig says so.
 * Source: k8s.io/client-go/pkg/apis/clientauthentication/v1.
 */
export function requestOf(plugin: ExecPlugin, cluster: ClusterEntry, interactive: boolean): unknown {
  return {
    kind: 'ExecCredential',
    apiVersion: plugin.apiVersion,
    spec: {
      interactive,
      ...(plugin.provideClusterInfo
        ? {
            cluster: {
              server: cluster.server.href.replace(/\/$/, ''),
              ...(cluster.tlsServerName === undefined ? {} : { 'tls-server-name': cluster.tlsServerName }),
              ...(cluster.insecure ? { 'insecure-skip-tls-verify': true } : {}),
              ...(cluster.ca === undefined
                ? {}
                : { 'certificate-authority-data': Buffer.from(cluster.ca).toString('base64') }),
              ...(cluster.proxy === undefined ? {} : { 'proxy-url': cluster.proxy.href }),
            },
          }
        : {}),
    },
  };
}

/**
 * Reads what a plug-in printed.
 *
 * @param who the plug-in, as the subject of a sentence
 * @throws SluiceError `unauthenticated` when it is no ExecCredential of the version asked for, or holds none
 */
export function readExecCredential(
  output: string,
  apiVersion: string,
  who: string,
): { readonly credential: Credential; readonly expires?: number } {
  const fault = (what: string) =>
    new SluiceError(
      'unauthenticated',
      `${who} ${what}.`,
      `Check its apiVersion in the kubeconfig (${VERSIONS.join(' or ')}), and update the plug-in.`,
    );
  if (!VERSIONS.includes(apiVersion)) throw fault(`speaks the version ${safeText(apiVersion) || '(none)'}`);
  const value = parseJson(output);
  if (textAt(value, 'kind') !== 'ExecCredential') throw fault('printed no ExecCredential');
  const answered = textAt(value, 'apiVersion');
  if (answered !== apiVersion)
    throw fault(`answered in ${safeText(answered ?? '(none)')} instead of ${apiVersion}`);
  const token = textAt(value, 'status', 'token');
  const cert = textAt(value, 'status', 'clientCertificateData');
  const key = textAt(value, 'status', 'clientKeyData');
  if (!token && !(cert && key)) throw fault('gave neither a token nor a certificate with its key');
  const expires = Date.parse(textAt(value, 'status', 'expirationTimestamp') ?? '');
  return {
    credential: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(cert && key ? { cert, key } : {}),
    },
    ...(Number.isNaN(expires) ? {} : { expires }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
