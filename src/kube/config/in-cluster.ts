import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Where a pod has the token of its service account, the CA, and the name of its namespace. */
export const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The name of the context, cluster and user that are made of it. */
const NAME = 'in-cluster';

/**
 * The content of the kubeconfig that the surroundings of a pod amount to, or undefined outside of one: the API server by
 * `KUBERNETES_SERVICE_HOST` and `_PORT`, the token by its file, which the kubelet rotates, the namespace by
 * `POD_NAMESPACE`, else by its file. As in client-go, variables and a token make a pod, and without the CA those of the
 * system are trusted.
 * Source: k8s.io/client-go/rest/config.go, `InClusterConfig`; tools/clientcmd/client_config.go, `inClusterClientConfig`.
 *
 * @param folder of the service account
 */
export async function inClusterConfig(
  folder: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '' } = process.env;
  const [tokenFile, ca] = [join(folder, 'token'), join(folder, 'ca.crt')];
  if (host === '' || port === '' || !(await isFile(tokenFile))) return undefined;
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const trusted = (await isFile(ca)) ? { 'certificate-authority': ca } : {};
  const namespace = await ownNamespace(folder);
  return {
    'current-context': NAME,
    contexts: [{ name: NAME, context: { cluster: NAME, user: NAME, namespace } }],
    clusters: [{ name: NAME, cluster: { server, ...trusted } }],
    users: [{ name: NAME, user: { tokenFile } }],
  };
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => !found.isDirectory(),
    () => false,
  );
}

async function ownNamespace(folder: string): Promise<string> {
  const named = process.env.POD_NAMESPACE ?? '';
  if (named !== '') return named;
  const text = await readFile(join(folder, 'namespace'), 'utf8').catch(() => '');
  return text.trim();
}
