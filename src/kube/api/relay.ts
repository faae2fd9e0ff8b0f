import type { ApiObject } from '../../core/cluster/cluster.ts';
import { listAt, numberAt, SluiceError, textAt } from '../../core/common/common.ts';
import type { ClusterApi } from '../../core/ports/ports.ts';

/** A Hubble Relay found in the cluster, and how to connect to it. */
export type Relay = {
  readonly namespace: string;
  readonly pod: string;
  /** The port of the pod. */
  readonly port: number;
  readonly tls: 'none' | 'tls' | 'mtls';
  /** The name to verify its certificate against: `*.hubble-relay.cilium.io` matches any one label. */
  readonly serverName: string;
  /** PEM of the CA that signed its certificate, if the Secret is readable. */
  readonly ca?: string;
};

const LABEL = 'k8s-app=hubble-relay';
const SERVER_NAME = 'instance.hubble-relay.cilium.io';
const GRPC_PORT = 4245;
/** Where charts install Relay, for users who can't list pods in all namespaces. */
const USUAL = ['kube-system', 'cilium', 'gke-managed-dpv2-observability'];

/**
 * Finds Hubble Relay by its label, in all namespaces or in the usual ones, or only in `only`. Picks a ready pod, the
 * target of the Service's first port, and TLS from Relay's ConfigMap, else from the port (HUB-8). Undefined if there is
 * no ready Relay, or none is visible to the user.
 */
export async function findRelay(
  api: Pick<ClusterApi, 'list' | 'read'>,
  signal: AbortSignal,
  only?: string,
): Promise<Relay | undefined> {
  const pods = only === undefined ? await podsAnywhere(api, signal) : await podsIn(api, only, signal);
  const pod = pods.find(isReady);
  const namespace = pod?.metadata.namespace;
  if (pod === undefined || namespace === undefined) return undefined;
  const [service] = await tolerant(
    api.list({ group: '', version: 'v1', resource: 'services' }, { namespace, labels: LABEL, signal }),
    [],
  );
  const port = podPort(service, pod);
  const tls = await tlsOf(api, namespace, service, signal);
  const ca = tls === 'none' ? undefined : await authority(api, namespace, signal);
  return { namespace, pod: pod.metadata.name, port, tls, serverName: SERVER_NAME, ca };
}

async function podsAnywhere(
  api: Pick<ClusterApi, 'list'>,
  signal: AbortSignal,
): Promise<readonly ApiObject[]> {
  try {
    return await podsBy(api, undefined, signal);
  } catch (error) {
    if (!isForbidden(error)) throw error;
  }
  for (const namespace of USUAL) {
    const pods = await podsIn(api, namespace, signal);
    if (pods.length > 0) return pods;
  }
  return [];
}

function podsIn(api: Pick<ClusterApi, 'list'>, namespace: string, signal: AbortSignal) {
  return tolerant(podsBy(api, namespace, signal), []);
}

function podsBy(api: Pick<ClusterApi, 'list'>, namespace: string | undefined, signal: AbortSignal) {
  return api.list({ group: '', version: 'v1', resource: 'pods' }, { namespace, labels: LABEL, signal });
}

function isReady(pod: ApiObject): boolean {
  return (
    pod.metadata.deletionTimestamp === undefined &&
    listAt(pod, 'status', 'conditions').some(
      (condition) => textAt(condition, 'type') === 'Ready' && textAt(condition, 'status') === 'True',
    )
  );
}

/** The container port behind the Service's first port; 4245 without a Service. */
function podPort(service: ApiObject | undefined, pod: ApiObject): number {
  const target = listAt(service, 'spec', 'ports')[0];
  const port = numberAt(target, 'targetPort');
  if (port !== undefined) return port;
  const name = textAt(target, 'targetPort') ?? 'grpc';
  const named = listAt(pod, 'spec', 'containers')
    .flatMap((container) => listAt(container, 'ports'))
    .find((item) => textAt(item, 'name') === name);
  return numberAt(named, 'containerPort') ?? GRPC_PORT;
}

async function tlsOf(
  api: Pick<ClusterApi, 'read'>,
  namespace: string,
  service: ApiObject | undefined,
  signal: AbortSignal,
): Promise<Relay['tls']> {
  const config = await tolerant(
    api.read(
      { group: '', version: 'v1', resource: 'configmaps', namespace, name: 'hubble-relay-config' },
      signal,
    ),
    undefined,
  );
  const text = textAt(config, 'data', 'config.yaml');
  if (text === undefined) {
    const port = numberAt(listAt(service, 'spec', 'ports')[0], 'port');
    return port === 443 ? 'tls' : 'none';
  }
  const has = (key: string) => new RegExp(`^\\s*${key}:\\s*\\S`, 'm').test(text);
  if (/^\s*disable-server-tls:\s*"?true/m.test(text)) return 'none';
  if (has('tls-relay-client-ca-files')) return 'mtls';
  return has('tls-relay-server-cert-file') ? 'tls' : 'none';
}

async function authority(
  api: Pick<ClusterApi, 'read'>,
  namespace: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const name of ['hubble-relay-server-certs', 'hubble-ca-secret', 'cilium-ca']) {
    const secret = await tolerant(
      api.read({ group: '', version: 'v1', resource: 'secrets', namespace, name }, signal),
      undefined,
    );
    const data = textAt(secret, 'data', 'ca.crt');
    if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  }
  return undefined;
}

async function tolerant<T>(call: Promise<T>, fallback: T): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (isForbidden(error)) return fallback;
    throw error;
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof SluiceError && error.code === 'forbidden';
}
