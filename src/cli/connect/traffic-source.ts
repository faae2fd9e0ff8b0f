import { readFile } from 'node:fs/promises';
import { SluiceError } from '../../core/common/common.ts';
import type { ClusterModel } from '../../core/live/live.ts';
import type { TrafficSource } from '../../core/ports/ports.ts';
import type { HubbleOptions, HubbleTls } from '../../hubble/client/client.ts';
import type { Cluster, Relay } from '../../kube/kube.ts';
import { systemClock, type TrafficOptions } from '../shared/shared.ts';

/**
 * Chooses where flows come from: Hubble if available, else the probe.
 *
 * @throws SluiceError when the requested source is not available
 */
export async function chooseTraffic(
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
  if (refusal !== undefined && (source === 'hubble' || asksHubble(options))) throw refusal;
  return openProbe(cluster, model);
}

/** Whether the options need what sockets can't provide: past flows, or raw flows. */
function asksHubble({ sinceTime, lastFlows, follow, onRaw }: TrafficOptions): boolean {
  return sinceTime !== undefined || lastFlows !== undefined || follow === false || onRaw !== undefined;
}

const NO_RELAY = new SluiceError(
  'not-found',
  'No Hubble Relay found in this cluster, or you are not allowed to see it.',
  'Set --hubble-server, or use --source probe.',
);

/** Why port-forwarding to Relay is not possible, or undefined if it is: WebSockets need `create` (API-11). */
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
    `You are not allowed to create pods/portforward in namespace "${namespace}", where Hubble Relay runs.`,
    'Ask for the role sluice-hubble of sluice manifests rbac there, set --hubble-server, or use --source probe.',
  );
}

/** Flows from Relay, port-forwarded in process. A restarted Relay has a new pod, so each dial looks it up again. */
async function openRelay(cluster: Cluster, first: Relay, options: TrafficOptions): Promise<TrafficSource> {
  const { createHubbleSource } = await import('../../hubble/client/client.ts');
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

/** Which past flows to show, whether to follow new ones, and raw responses if requested. */
function historyOf({
  sinceTime,
  lastFlows,
  firstFlows,
  follow,
  onRaw,
  rawNamespace,
}: TrafficOptions): Pick<HubbleOptions, 'since' | 'last' | 'first' | 'follow' | 'onRaw' | 'namespaces'> {
  return {
    ...(sinceTime === undefined ? {} : { since: sinceTime }),
    ...(lastFlows === undefined ? {} : { last: lastFlows }),
    ...(firstFlows === undefined ? {} : { first: firstFlows }),
    ...(follow === undefined ? {} : { follow }),
    ...(onRaw === undefined ? {} : { onRaw }),
    ...((onRaw === undefined && follow !== false) || rawNamespace === undefined
      ? {}
      : { namespaces: [rawNamespace] }),
  };
}

async function openProbe(cluster: Cluster, model: ClusterModel): Promise<TrafficSource> {
  const { createSocketSource, serviceResolver } = await import('../../probe/probe.ts');
  return createSocketSource({ exec: cluster.exec, services: serviceResolver(model), now: systemClock.now });
}

/** A Hubble server named on the command line. */
export async function openHubbleServer(options: TrafficOptions, address: string): Promise<TrafficSource> {
  const { createHubbleSource } = await import('../../hubble/client/client.ts');
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
export async function openReplay(options: TrafficOptions): Promise<TrafficSource> {
  if (options.replay === undefined)
    throw new SluiceError('usage', '--source replay needs a recording.', 'Set --replay FILE.');
  const { createReplaySource } = await import('../../hubble/client/client.ts');
  return createReplaySource(options.replay, historyOf(options));
}

function unreadable(file: string, error: unknown): never {
  throw new SluiceError(
    'usage',
    `Unable to read ${file}: ${error instanceof Error ? error.message : String(error)}.`,
    'Check the path.',
    error,
  );
}

/** A boolean flag, or its environment variable as the hubble CLI reads it: `false` is off. */
function isOn(flag: boolean | undefined, variable: string): boolean {
  return flag === true || ['1', 't', 'true'].includes((process.env[variable] ?? '').toLowerCase());
}
