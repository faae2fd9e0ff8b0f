import { readFile } from 'node:fs/promises';
import type { ClusterModel } from '../../core/cluster/model.ts';
import { SluiceError } from '../../core/errors.ts';
import type { ClusterInfo, TrafficSource } from '../../core/ports.ts';
import type { Demo } from '../../demo/demo.ts';
import type { HubbleOptions, HubbleTls } from '../../hubble/source.ts';
import type { Cluster, ConnectOptions } from '../../kube/connect.ts';
import type { Relay } from '../../kube/relay.ts';
import type { Connection } from '../../session/connection.ts';
import { systemClock } from '../clock.ts';
import type { GlobalOptions, TrafficOptions } from '../options.ts';
import { VERSION } from '../version.ts';

/** Everything that a connection is made from. */
export type ConnectionOptions = GlobalOptions & TrafficOptions;

/**
 * Connects to the cluster that the options name: the one place where adapters meet. Adapters are loaded when they
 * are needed, as each costs start-up time (facts/terminal.md §2.7).
 */
export async function openConnection(
  options: ConnectionOptions,
  target: { readonly context?: string; readonly namespace?: string },
  signal: AbortSignal,
): Promise<Connection> {
  const { connect } = await import('../../kube/connect.ts');
  const cluster = await connect(connectOptions(options, target));
  return connectionOver(cluster, {
    demo: false,
    ...namespaceOf(options, target, cluster),
    traffic: (model, within) => chooseTraffic(cluster, model, options, within),
    signal,
    probe: options.source === 'probe' || options.source === 'auto',
  });
}

/** Connects to an embedded cluster as to a real one: over HTTP with its kubeconfig, over gRPC to its Hubble. */
export async function openDemo(demo: Demo, options: ConnectionOptions): Promise<Connection> {
  const { connect } = await import('../../kube/connect.ts');
  const cluster = await connect({ kubeconfig: { text: demo.kubeconfig } });
  return connectionOver(cluster, {
    demo: true,
    ...namespaceOf(options, {}, cluster),
    traffic: async () => {
      const { createHubbleSource } = await import('../../hubble/source.ts');
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
  readonly signal?: AbortSignal;
};

async function connectionOver(cluster: Cluster, parts: Parts): Promise<Connection> {
  const { createConnectProbe } = await import('../../probe/connect-test.ts');
  const { createConnectionCount } = await import('../../probe/connections.ts');
  return {
    api: cluster.api,
    feed: cluster.feed,
    context: cluster.context,
    demo: parts.demo,
    ...(parts.namespace === undefined ? {} : { namespace: parts.namespace }),
    traffic: parts.traffic,
    ...(parts.probe
      ? {
          probe: createConnectProbe({ exec: cluster.exec }),
          connections: createConnectionCount({ exec: cluster.exec }),
        }
      : {}),
    audit: async (info) => {
      const { openAuditLog } = await import('../../audit/log.ts');
      return openAuditLog({ cluster: parts.demo ? 'demo' : auditFolder(info), version: VERSION });
    },
    foreign: (within) => cluster.foreignPolicies(within),
    dispose: () => cluster.dispose(),
  };
}

/** The options of `connect` for a target; what the target names wins over the command line. */
export function connectOptions(
  options: GlobalOptions,
  target: { readonly context?: string; readonly namespace?: string } = {},
): ConnectOptions {
  const context = target.context ?? options.context;
  const namespace = target.namespace ?? options.namespace;
  return {
    ...(options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig }),
    ...(context === undefined ? {} : { context }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(options.as === undefined ? {} : { as: options.as }),
    ...(options.asGroup === undefined ? {} : { asGroups: [...options.asGroup] }),
    ...(options.debug === true ? { debug: (line: string) => process.stderr.write(`${line}\n`) } : {}),
  };
}

function namespaceOf(
  options: GlobalOptions,
  target: { readonly namespace?: string },
  cluster: Cluster,
): { readonly namespace?: string } {
  if (options.allNamespaces === true) return { namespace: cluster.namespace };
  return { namespace: target.namespace ?? options.namespace ?? cluster.namespace };
}

/** Chooses where flows come from (design §7): Hubble where it can be had, else the probe. */
async function chooseTraffic(
  cluster: Cluster,
  model: ClusterModel,
  options: TrafficOptions,
  signal: AbortSignal,
): Promise<TrafficSource> {
  const { source } = options;
  if (source === 'replay') return openReplay(options);
  if (source === 'probe') return openProbe(cluster, model);
  if (options.hubbleServer !== undefined) return openHubbleServer(options, options.hubbleServer);
  const relay = await cluster.findRelay(signal, options.hubbleNamespace);
  const refusal = relay === undefined ? NO_RELAY : await forwardRefusal(cluster, relay, signal);
  if (relay !== undefined && refusal === undefined) return openRelay(cluster, relay, options);
  if (source === 'hubble' && refusal !== undefined) throw refusal;
  return openProbe(cluster, model);
}

const NO_RELAY = new SluiceError(
  'not-found',
  'There is no Hubble Relay in this cluster that you may see.',
  'Name one with --hubble-server, or use --source probe.',
);

/** Why Relay can't be forwarded to, or undefined when it can: WebSockets need `create` (facts/traffic.md §0.7). */
async function forwardRefusal(
  { api }: Cluster,
  { namespace }: Relay,
  signal: AbortSignal,
): Promise<SluiceError | undefined> {
  const question = { verb: 'create', group: '', resource: 'pods', subresource: 'portforward', namespace };
  const [answer] = await api.allowed([question], signal);
  if (answer?.allowed === true) return undefined;
  return new SluiceError(
    'forbidden',
    `You may not create pods/portforward in namespace ${namespace}, where Hubble Relay is.`,
    'Ask for that right, name a server with --hubble-server, or use --source probe.',
  );
}

/** Flows from Relay, forwarded in process. A Relay that restarts has another pod, so it is looked up at each dial. */
async function openRelay(cluster: Cluster, first: Relay, options: TrafficOptions): Promise<TrafficSource> {
  const { createHubbleSource } = await import('../../hubble/source.ts');
  const given = await tlsFiles(options);
  const { tls, serverName, ca } = first;
  return createHubbleSource({
    ...historyOf(options),
    dial: async (within) => {
      const relay = (await cluster.findRelay(within, options.hubbleNamespace)) ?? first;
      const { host, port, dispose } = await cluster.forward(relay.namespace, relay.pod, relay.port, within);
      return { host, port, close: dispose };
    },
    tls: tls === 'none' ? false : { serverName, ...(ca === undefined ? {} : { ca }), ...given },
  });
}

/** What to show of the time before: `--since`, `--last`, and the raw responses where somebody wants them. */
function historyOf({
  sinceTime,
  lastFlows,
  onRaw,
}: TrafficOptions): Pick<HubbleOptions, 'since' | 'last' | 'onRaw'> {
  return {
    ...(sinceTime === undefined ? {} : { since: sinceTime }),
    ...(lastFlows === undefined ? {} : { last: lastFlows }),
    ...(onRaw === undefined ? {} : { onRaw }),
  };
}

async function openProbe(cluster: Cluster, model: ClusterModel): Promise<TrafficSource> {
  const { createSocketSource } = await import('../../probe/socket-source.ts');
  const { serviceResolver } = await import('../../probe/service-at.ts');
  return createSocketSource({ exec: cluster.exec, services: serviceResolver(model), now: systemClock.now });
}

/** A Hubble server named on the command line. */
export async function openHubbleServer(options: TrafficOptions, address: string): Promise<TrafficSource> {
  const { createHubbleSource } = await import('../../hubble/source.ts');
  const given = await tlsFiles(options);
  const wanted =
    isOn(options.tls, 'HUBBLE_TLS') || address.startsWith('tls://') || Object.keys(given).length > 0;
  return createHubbleSource({ ...historyOf(options), address, tls: wanted ? given : false });
}

async function tlsFiles(options: TrafficOptions): Promise<Exclude<HubbleTls, false>> {
  const read = (file: string | undefined) =>
    file === undefined
      ? undefined
      : readFile(file, 'utf8').catch((error: unknown) => unreadable(file, error));
  const [ca, cert, key] = await Promise.all([
    read(options.tlsCaCertFiles),
    read(options.tlsClientCertFile),
    read(options.tlsClientKeyFile),
  ]);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(options.tlsServerName === undefined ? {} : { serverName: options.tlsServerName }),
    ...(isOn(options.tlsAllowInsecure, 'HUBBLE_TLS_ALLOW_INSECURE') ? { insecureSkipVerify: true } : {}),
  };
}

/** A recording named on the command line. */
export async function openReplay({ replay }: TrafficOptions): Promise<TrafficSource> {
  if (replay === undefined)
    throw new SluiceError('usage', '--source replay needs a recording.', 'Name one with --replay FILE.');
  const { createReplaySource } = await import('../../hubble/replay.ts');
  return createReplaySource(replay);
}

function unreadable(file: string, error: unknown): never {
  throw new SluiceError(
    'usage',
    `${file} can't be read: ${error instanceof Error ? error.message : String(error)}.`,
    'Check the path.',
    error,
  );
}

/** A folder name for a cluster's audit log: its own UID, else its CA or address. */
function auditFolder({ clusterUid, caSha256, server }: ClusterInfo): string {
  return (clusterUid ?? caSha256?.slice(0, 32) ?? server).replace(/[^A-Za-z0-9._-]+/g, '_');
}

/** A switch by its flag, else by its variable as the hubble CLI reads it: `false` is no. */
function isOn(flag: boolean | undefined, variable: string): boolean {
  return flag === true || ['1', 't', 'true'].includes((process.env[variable] ?? '').toLowerCase());
}
