import { dirname, join } from 'node:path';
import type { Hook } from '../../core/common/common.ts';
import type { ClusterInfo } from '../../core/ports/ports.ts';
import type { Demo } from '../../demo/demo.ts';
import type { Hooks } from '../../hooks/hooks.ts';
import type { Cluster, ConnectOptions } from '../../kube/kube.ts';
import type { Connection } from '../../session/session.ts';
import { type ConnectionOptions, type GlobalOptions, VERSION } from '../shared/shared.ts';
import { chooseTraffic } from './traffic-source.ts';

/** Where to connect; overrides the options. */
export type Target = {
  readonly context?: string;
  readonly namespace?: string;
  /** Whether sockets of pods may be looked at, whatever the source of flows. */
  readonly sockets?: boolean;
  /** Whether the app owns the terminal, so that credential plug-ins must not prompt there. */
  readonly screen?: boolean;
};

/**
 * Connects to the cluster that the options name: the one place where adapters meet. Adapters are loaded on demand,
 * because each costs start-up time. `warn` gets warnings about the kubeconfig, one line each.
 */
export async function openConnection(
  options: ConnectionOptions,
  target: Target,
  signal: AbortSignal,
  warn: (line: string) => void = toStderr,
): Promise<Connection> {
  const { connect } = await import('../../kube/kube.ts');
  const cluster = await connect(connectOptions(options, target));
  for (const text of cluster.warnings) warn(`warning: ${text}`);
  const view = namespaceOf(options, target, cluster);
  const raw = options.allNamespaces === true ? {} : { rawNamespace: view.namespace };
  return connectionOver(cluster, {
    demo: false,
    ...view,
    traffic: (model, within) => chooseTraffic(cluster, model, { ...options, ...raw }, within),
    signal,
    probe: options.source === 'probe' || options.source === 'auto',
    sockets: target.sockets === true,
    hooks: options.hooks,
  });
}

/** Connects to an embedded cluster just like a real one: over HTTP with its kubeconfig, over gRPC to its Hubble. */
export async function openDemo(demo: Demo, options: ConnectionOptions): Promise<Connection> {
  const { connect } = await import('../../kube/kube.ts');
  const cluster = await connect({ kubeconfig: { text: demo.kubeconfig } });
  return connectionOver(cluster, {
    demo: true,
    ...namespaceOf(options, {}, cluster),
    traffic: async () => {
      const { createHubbleSource } = await import('../../hubble/client/client.ts');
      return createHubbleSource({ address: demo.hubbleAddress, tls: false });
    },
    probe: false,
  });
}

type Parts = {
  readonly demo: boolean;
  readonly namespace?: string;
  readonly traffic: Connection['traffic'];
  readonly probe: boolean;
  readonly sockets?: boolean;
  readonly hooks?: readonly Hook[];
  readonly signal?: AbortSignal;
};

async function connectionOver(cluster: Cluster, parts: Parts): Promise<Connection> {
  const { createConnectionTable, createConnectProbe } = await import('../../probe/probe.ts');
  const folder = (info: ClusterInfo) => (parts.demo ? 'demo' : auditFolder(info));
  const hooks = await hooksOf(parts);
  const audit = async (info: ClusterInfo) => {
    const { openAuditLog } = await import('../../audit/audit.ts');
    const cluster = folder(info);
    return openAuditLog({ cluster, version: VERSION, follower: hooks?.follow(cluster) });
  };
  return {
    api: cluster.api,
    feed: cluster.feed,
    context: cluster.context,
    demo: parts.demo,
    namespace: parts.namespace,
    traffic: parts.traffic,
    ...(parts.probe ? { probe: createConnectProbe({ exec: cluster.exec }) } : {}),
    ...(parts.probe || parts.sockets === true
      ? { connections: createConnectionTable({ exec: cluster.exec }) }
      : {}),
    audit,
    records: async function* (info, since) {
      const { auditRoot, logDirectory, readAuditLog } = await import('../../audit/audit.ts');
      yield* readAuditLog(logDirectory(auditRoot(), folder(info)), { since });
    },
    foreign: (within) => cluster.foreignPolicies(within),
    warnings: cluster.warnings,
    ...(cluster.login === undefined ? {} : { login: cluster.login }),
    ...(hooks === undefined
      ? {}
      : {
          hooks: {
            tell: (info, news, id) => hooks.tell(news, id, folder(info)),
            start: (info, onTrouble) => hooks.start(onTrouble, folder(info), () => audit(info)),
          },
        }),
    dispose: async () => {
      await Promise.all([cluster.dispose(), hooks?.dispose()]);
    },
  };
}

async function hooksOf({ hooks = [] }: Parts): Promise<Hooks | undefined> {
  if (hooks.length === 0) return undefined;
  const [{ createHooks }, { auditRoot }] = await Promise.all([
    import('../../hooks/hooks.ts'),
    import('../../audit/audit.ts'),
  ]);
  return createHooks({ hooks, directory: join(dirname(auditRoot()), 'hooks') });
}

function toStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** The options of `connect` for a target; the target wins over the command line. */
export function connectOptions(options: GlobalOptions, target: Target = {}): ConnectOptions {
  const context = target.context ?? options.context;
  const namespace = target.namespace ?? options.namespace;
  return {
    terminal: target.screen !== true,
    notice: target.screen === true ? undefined : (line: string) => toStderr(`sluice: ${line}`),
    kubeconfig: options.kubeconfig,
    context,
    namespace,
    as: options.as,
    ...(options.asGroup === undefined ? {} : { asGroups: [...options.asGroup] }),
    asUid: options.asUid,
    ...(options.debug === true ? { debug: toStderr } : {}),
  };
}

function namespaceOf(
  options: GlobalOptions,
  target: { readonly namespace?: string },
  cluster: Cluster,
): { readonly namespace: string } {
  if (options.allNamespaces === true) return { namespace: cluster.namespace };
  return { namespace: target.namespace ?? options.namespace ?? cluster.namespace };
}

/** A folder name for a cluster's audit log: its own UID, else its CA or address. */
function auditFolder({ clusterUid, caSha256, server }: ClusterInfo): string {
  return (clusterUid ?? caSha256?.slice(0, 32) ?? server).replace(/[^A-Za-z0-9._-]+/g, '_');
}
