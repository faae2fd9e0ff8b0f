/* The Kubernetes adapter: one connection to a cluster, with everything that uses its API server. */

import { SluiceError, safeText } from '../core/common/common.ts';
import type { ClusterApi, ClusterFeed, Exec, Login } from '../core/ports/ports.ts';
import {
  createApi,
  createExec,
  type ForeignPolicies,
  type Forward,
  findRelay,
  listForeignPolicies,
  openForward,
  type Relay,
} from './api/api.ts';
import { credentialsOf } from './auth/auth.ts';
import { chooseTarget, type KubeconfigSource, loadKubeconfig } from './config/config.ts';
import {
  createClient,
  createDiscovery,
  createServerClock,
  createTransport,
  createVersionSource,
} from './http/http.ts';
import { createFeed } from './watch/watch.ts';

export type { Relay } from './api/api.ts';

/** Same as kubectl's flags of these names. */
export type ConnectOptions = {
  /**
   * `--kubeconfig`: a path, or the content itself; absent: `KUBECONFIG`, then `~/.kube/config`, then in a pod its service
   * account.
   */
  readonly kubeconfig?: KubeconfigSource;
  /** The folder of the service account, if it is not where every pod has it. */
  readonly serviceAccount?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly as?: string;
  readonly asGroups?: readonly string[];
  readonly asUid?: string;
  /** Called with one line per request and retry; never headers, tokens or bodies. */
  readonly debug?: (line: string) => void;
  /** Lets credential plug-ins prompt on the terminal, as in kubectl; nothing else must read it. */
  readonly terminal?: boolean;
  /** Whether an expired OIDC login is renewed; defaults to true. */
  readonly renews?: boolean;
  /** Called with the messages of a credential plug-in, such as a login code, unless it has the terminal. */
  readonly notice?: (line: string) => void;
};

/** One cluster as one user, through its API server. */
export type Cluster = {
  readonly api: ClusterApi;
  readonly feed: ClusterFeed;
  readonly exec: Exec;
  /** `--namespace`, else the context's, else `default`. */
  readonly namespace: string;
  readonly context: string;
  /** The name of the kubeconfig's user entry, which may differ from the username on the server. */
  readonly user?: string;
  /** Absent unless a person may have to do something. */
  readonly login?: Login;
  /** Warnings about the kubeconfig, one sentence each. */
  readonly warnings: readonly string[];
  forward(namespace: string, pod: string, port: number, signal: AbortSignal): Promise<Forward>;
  /** Hubble Relay, if a ready one is visible; `namespace` limits the search. */
  findRelay(signal: AbortSignal, namespace?: string): Promise<Relay | undefined>;
  /** Policies that are not evaluated. */
  foreignPolicies(signal: AbortSignal): Promise<ForeignPolicies>;
  /** Closes every call, watch and forward. */
  dispose(): Promise<void>;
};

/**
 * Creates a connection to the cluster of a kubeconfig. Nothing is sent yet: the first call shows whether the server is
 * reachable and accepts the credentials.
 *
 * @throws SluiceError `config` for a missing or invalid kubeconfig, `usage` for conflicting flags
 */
export async function connect(options: ConnectOptions = {}): Promise<Cluster> {
  const config = await loadKubeconfig(options.kubeconfig, options.serviceAccount);
  const target = await chooseTarget(config, options);
  const debug = options.debug ?? (() => undefined);
  const ended = new AbortController();
  const credentials = credentialsOf(target.user, target.cluster, {
    notice: options.notice ?? debug,
    terminal: options.terminal === true,
    renews: options.renews !== false,
    lifetime: ended.signal,
  });
  const clock = createServerClock();
  const transport = createTransport(target.cluster, credentials, target.impersonate, clock);
  const client = createClient({
    transport,
    origin: { server: target.cluster.server, context: target.context, user: target.user.name },
    clock,
    compress: !target.cluster.disableCompression,
    debug,
    lifetime: ended.signal,
  });
  const discovery = createDiscovery(client);
  const version = createVersionSource(client);
  const api = createApi({ client, discovery, version, target, credentials });
  const within = (signal: AbortSignal) => AbortSignal.any([signal, ended.signal]);
  const feed = createFeed({ client, discovery, version, namespace: target.namespace });
  const exec = createExec(client);
  return {
    api,
    feed: { run: (run, signal) => feed.run(run, within(signal)) },
    exec: (where, command, run) => exec(where, command, { ...run, signal: within(run.signal) }),
    namespace: target.namespace,
    context: safeText(target.context),
    user: target.user.name === '' ? undefined : safeText(target.user.name),
    ...(credentials.login === undefined ? {} : { login: credentials.login }),
    warnings: config.warnings,
    forward: (namespace, pod, port, signal) => openForward(client, { namespace, pod, port }, within(signal)),
    findRelay: (signal, namespace) => findRelay(api, within(signal), namespace),
    foreignPolicies: (signal) => listForeignPolicies(client, discovery, target.namespace, within(signal)),
    dispose: async () => {
      ended.abort(new SluiceError('interrupted', 'The connection was closed.', 'Connect again.'));
      transport.dispose();
    },
  };
}

/** The names of the contexts in a kubeconfig, and the current one. */
export async function listContexts(
  options: Pick<ConnectOptions, 'kubeconfig'> = {},
): Promise<{ readonly names: readonly string[]; readonly current?: string }> {
  const config = await loadKubeconfig(options.kubeconfig);
  return {
    names: [...config.contexts.keys()].map((name) => safeText(name)),
    current: config.current === undefined ? undefined : safeText(config.current),
  };
}
