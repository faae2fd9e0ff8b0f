import type { KubeConfig } from '@kubernetes/client-node';
import type { ApiClient } from '../http/client.ts';

/**
 * The chosen cluster, user and context as client-node carries them, once kubectl's rules have been applied. Who asks
 * proves itself by our own credentials, over our own connections: the carrier has none.
 *
 * @param signal ends a login that is under way
 */
export async function kubeConfigOf(
  { origin, transport }: ApiClient,
  signal: AbortSignal,
): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  const { context, user } = origin;
  const cluster = context;
  config.loadFromOptions({
    currentContext: context,
    contexts: [{ name: context, cluster, user }],
    clusters: [{ name: cluster, server: transport.url('').href.replace(/\/$/, ''), skipTLSVerify: false }],
    users: [{ name: user }],
  });
  config.applyToHTTPSOptions = async (options) => {
    Object.assign(options, await transport.access(signal));
  };
  return config;
}
