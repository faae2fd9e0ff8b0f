import { credentialsOf } from '../../../src/kube/auth/credentials.ts';
import { loadKubeconfig } from '../../../src/kube/config/kubeconfig.ts';
import { chooseTarget } from '../../../src/kube/config/target.ts';
import { type ApiClient, createClient } from '../../../src/kube/http/client.ts';
import { createServerClock } from '../../../src/kube/http/exchange.ts';
import { createTransport } from '../../../src/kube/http/transport.ts';

/** The client below `connect`, for tests of what is built on it; `lifetime` ends it. */
export async function apiClient(kubeconfig: string, lifetime: AbortSignal): Promise<ApiClient> {
  const target = await chooseTarget(await loadKubeconfig({ text: kubeconfig }), {});
  const clock = createServerClock();
  const transport = createTransport(
    target.cluster,
    credentialsOf(target.user, target.cluster, { notice: () => undefined, terminal: false, lifetime }),
    undefined,
    clock,
  );
  lifetime.addEventListener('abort', () => transport.dispose(), { once: true });
  return createClient({
    transport,
    origin: { server: target.cluster.server, context: target.context, user: target.user.name },
    clock,
    compress: true,
    debug: () => undefined,
    lifetime,
  });
}
