import { isRecord, listAt, SluiceError, safeText, textAt } from '../../core/common/common.ts';
import { type Entry, faultOf, flagField, textField } from './fields.ts';
import { certificatesIn, readMaterial } from './material.ts';

/** The cluster entry of a context. */
export type ClusterEntry = {
  readonly name: string;
  /** The address of the API server; may have a path. */
  readonly server: URL;
  /** The address as it is written in the kubeconfig. */
  readonly address: string;
  /** User and password in the address, which Go sends where there is nothing better. */
  readonly login?: { readonly username: string; readonly password: string };
  /** PEM of the CAs to trust; absent: the system's. */
  readonly ca?: string;
  readonly insecure: boolean;
  readonly tlsServerName?: string;
  readonly proxy?: URL;
  readonly disableCompression: boolean;
  /** What the cluster tells credential plug-ins: its extension `client.authentication.k8s.io/exec`. */
  readonly pluginConfig?: unknown;
};

/**
 * Reads a cluster of a kubeconfig, with its CA.
 *
 * @throws SluiceError `config` for a server or proxy with an invalid URL, an unreadable CA, or one beside
 *   `insecure-skip-tls-verify`
 */
export async function readCluster(entry: Entry): Promise<ClusterEntry> {
  const ca = await readMaterial(entry, 'certificate-authority');
  const insecure = flagField(entry, 'insecure-skip-tls-verify');
  const { server, login, address } = readServer(entry, insecure || ca !== undefined);
  if (ca !== undefined && server.protocol === 'https:') {
    if (insecure)
      throw faultOf(entry, `has both ${ca.field} and insecure-skip-tls-verify`, 'Keep one of them');
    if (certificatesIn(ca.text).length === 0)
      throw faultOf(entry, `has a ${ca.field} without a PEM certificate`, 'Paste or name the whole PEM');
  }
  const tlsServerName = textField(entry, 'tls-server-name');
  const proxy = textField(entry, 'proxy-url');
  const pluginConfig = extensionOf(entry, 'client.authentication.k8s.io/exec');
  return {
    name: entry.name,
    server,
    address,
    ...(login === undefined ? {} : { login }),
    ...(ca === undefined ? {} : { ca: ca.text }),
    insecure,
    ...(tlsServerName === undefined ? {} : { tlsServerName }),
    ...(proxy === undefined
      ? {}
      : { proxy: url(entry, 'proxy-url', proxy, ['http:', 'https:', 'socks5:', 'socks5h:', 'socks4:']) }),
    disableCompression: flagField(entry, 'disable-compression'),
    ...(pluginConfig === undefined ? {} : { pluginConfig }),
  };
}

/** An address without a scheme is plain HTTP, unless something is said about TLS (API-43). */
function readServer(entry: Entry, hasTls: boolean): Pick<ClusterEntry, 'server' | 'address' | 'login'> {
  const text = textField(entry, 'server') ?? '';
  // Go takes nothing but host and port without a scheme.
  const isBare = /^[^/]+\/?$/.test(text);
  const scheme = isBare ? `${hasTls ? 'https' : 'http'}://` : '';
  const server = url(entry, 'server', `${scheme}${text}`, ['http:', 'https:']);
  const { username, password } = server;
  for (const part of ['username', 'password', 'search', 'hash'] as const) server[part] = '';
  return username === '' && password === ''
    ? { server, address: text }
    : {
        server,
        address: text,
        login: { username: decodeURIComponent(username), password: decodeURIComponent(password) },
      };
}

function extensionOf(entry: Entry, name: string): unknown {
  const found = listAt(entry.fields, 'extensions').find((item) => textAt(item, 'name') === name);
  return isRecord(found) ? found.extension : undefined;
}

function url(entry: Entry, field: string, text: string, protocols: readonly string[]): URL {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  if (parsed !== undefined && protocols.includes(parsed.protocol) && isComplete(parsed)) return parsed;
  // A password in it is for nobody's eyes.
  const shown = safeText(text).replace(/^.*@/, '…@');
  throw new SluiceError(
    'config',
    `Invalid ${field} ${shown || '(none)'} of cluster ${safeText(entry.name)}: not a supported URL.`,
    `Fix it in ${safeText(entry.file)}; it must start with ${protocols.map((protocol) => `${protocol}//`).join(', ')}.`,
  );
}

/** Whether there is a host, and user and password can be read. */
function isComplete({ hostname, username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return hostname !== '';
  } catch {
    return false;
  }
}
