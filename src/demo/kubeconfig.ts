import { writeYaml } from '../core/yaml/write.ts';

/** The text of a kubeconfig with one context, `demo`, for one user of the embedded cluster, which is at `server`. */
export function kubeconfigFor(
  server: string,
  user: { readonly name: string; readonly token: string },
  namespace: string,
): string {
  return writeYaml({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'demo',
    clusters: [{ name: 'demo', cluster: { server } }],
    users: [{ name: user.name, user: { token: user.token } }],
    contexts: [{ name: 'demo', context: { cluster: 'demo', user: user.name, namespace } }],
  });
}
