import { isIP } from 'node:net';
import tls, { type ConnectionOptions, createSecureContext, type SecureContext } from 'node:tls';
import { type ClusterEntry, certificatesIn } from '../config/config.ts';

type Client = { readonly cert?: string; readonly key?: string };

/**
 * What to trust, and the client certificate to show. Every certificate of the kubeconfig's CA is an anchor, be it an
 * intermediate one or the server's own; without a CA those of the system are, which Node would pass over (API-47).
 */
export function secureContextFor(
  { ca, insecure }: Pick<ClusterEntry, 'ca' | 'insecure'>,
  client: Client,
): SecureContext {
  const anchors = ca === undefined ? systemAnchors(insecure) : certificatesIn(ca);
  return createSecureContext({
    ...(anchors === undefined ? {} : { ca: [...anchors] }),
    ...(client.cert === undefined ? {} : { cert: client.cert }),
    ...(client.key === undefined ? {} : { key: client.key }),
    allowPartialTrustChain: true,
    // As in Go, which takes RSA keys of 1024 bits: clusters live longer than their first certificates.
    ciphers: `${tls.DEFAULT_CIPHERS}:@SECLEVEL=1`,
  });
}

/** The certificates of the operating system and of `NODE_EXTRA_CA_CERTS`; nothing if there are none: Node's own then. */
function systemAnchors(insecure: boolean): readonly string[] | undefined {
  if (insecure) return undefined;
  const system = tls.getCACertificates('system');
  return system.length === 0 ? undefined : [...system, ...tls.getCACertificates('extra')];
}

/** Which name the server's certificate has to have. An address is not sent, but verified all the same, as in Go. */
export function nameCheck({
  insecure,
  tlsServerName: name,
}: Pick<ClusterEntry, 'insecure' | 'tlsServerName'>): ConnectionOptions {
  return {
    ...(insecure ? { rejectUnauthorized: false } : {}),
    ...(name === undefined
      ? {}
      : {
          servername: isIP(name) === 0 ? name : '',
          checkServerIdentity: (_, cert) => tls.checkServerIdentity(name, cert),
        }),
  };
}
