import { SluiceError, safeText, textAt } from '../../core/common/common.ts';
import type { Entry } from './kubeconfig.ts';
import { readMaterial } from './user-entry.ts';

/** The cluster entry of a context. */
export type ClusterEntry = {
  readonly name: string;
  /** The address of the API server; may have a path. */
  readonly server: URL;
  /** PEM of the CAs to trust; absent: the system's. */
  readonly ca?: string;
  readonly insecure: boolean;
  readonly tlsServerName?: string;
  readonly proxy?: URL;
  readonly disableCompression: boolean;
};

/**
 * Reads a cluster of a kubeconfig, with its CA.
 *
 * @throws SluiceError `config` for a server or proxy with an invalid URL, or an unreadable CA
 */
export async function readCluster(entry: Entry): Promise<ClusterEntry> {
  const { fields } = entry;
  const server = url(entry, 'server', textAt(fields, 'server') ?? '', ['http:', 'https:']);
  const ca = await readMaterial(entry, 'certificate-authority');
  const tlsServerName = textAt(fields, 'tls-server-name');
  const proxy = textAt(fields, 'proxy-url');
  return {
    name: entry.name,
    server,
    ca,
    insecure: fields['insecure-skip-tls-verify'] === true,
    ...(tlsServerName ? { tlsServerName } : {}),
    ...(proxy
      ? { proxy: url(entry, 'proxy-url', proxy, ['http:', 'https:', 'socks5:', 'socks5h:', 'socks4:']) }
      : {}),
    disableCompression: fields['disable-compression'] === true,
  };
}

function url(entry: Entry, field: string, value: string, protocols: readonly string[]): URL {
  const text = value !== '' && !value.includes('://') && field === 'server' ? `https://${value}` : value;
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  if (parsed !== undefined && protocols.includes(parsed.protocol)) return parsed;
  throw new SluiceError(
    'config',
    `Invalid ${field} ${safeText(value) || '(none)'} of cluster ${safeText(entry.name)}: not a supported URL.`,
    `Fix it in ${safeText(entry.file)}; it must start with ${protocols.map((protocol) => `${protocol}//`).join(', ')}.`,
  );
}
