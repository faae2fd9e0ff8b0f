import { createHash, X509Certificate } from 'node:crypto';
import { SluiceError } from '../../core/errors.ts';
import type { ClusterApi, ClusterInfo } from '../../core/ports.ts';
import { safeText } from '../../core/safe-text.ts';
import type { Target } from '../config/target.ts';
import type { Discovery } from '../discovery.ts';
import type { ApiClient } from '../http/client.ts';
import type { VersionSource } from '../version.ts';
import { detectEnforcer } from './enforcer.ts';

/** What is known of a cluster: version, who it is, what enforces policies. See `ClusterInfo`. */
export async function askInfo(
  parts: {
    readonly client: ApiClient;
    readonly discovery: Discovery;
    readonly version: VersionSource;
    readonly target: Target;
    readonly read: ClusterApi['read'];
  },
  signal?: AbortSignal,
): Promise<ClusterInfo> {
  const { client, discovery, target } = parts;
  const version = await parts.version.get(signal);
  const [enforcer, clusterUid] = await Promise.all([
    detectEnforcer(client, discovery, version.gitVersion, signal),
    systemUid(parts.read, signal),
  ]);
  const { ca } = target.cluster;
  return {
    context: safeText(target.context),
    server: safeText(target.cluster.server.href.replace(/\/$/, '')),
    version: `${version.major}.${version.minor}`,
    gitVersion: version.gitVersion,
    minor: version.minor,
    clusterUid,
    caSha256: ca === undefined ? undefined : fingerprint(ca),
    ...enforcer,
  };
}

async function systemUid(read: ClusterApi['read'], signal?: AbortSignal): Promise<string | undefined> {
  try {
    const ref = { group: '', version: 'v1', resource: 'namespaces', name: 'kube-system' };
    return (await read(ref, signal))?.metadata.uid;
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'forbidden') return undefined;
    throw error;
  }
}

/** SHA-256 of the first certificate in a PEM, hex, as `openssl x509 -fingerprint -sha256` without colons. */
function fingerprint(pem: string): string {
  try {
    return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
  } catch {
    return createHash('sha256').update(pem).digest('hex');
  }
}
