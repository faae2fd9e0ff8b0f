import { SluiceError } from '../../core/common/common.ts';
import type { ConnectionOptions } from './options.ts';

/** Where an option's value comes from, as commander tells; undefined for none, or for the configuration file's. */
export type Origin = (name: string) => string | undefined;

/**
 * Settles where flows come from, so that afterwards `source` and `hubbleServer` hold together: a flag wins over the
 * environment, that over the configuration file, and `--replay` means its source. What is given on the command line and
 * would do nothing there is refused.
 *
 * @throws SluiceError `usage`
 */
export function settleSource(options: ConnectionOptions, origin: Origin): ConnectionOptions {
  const source = sourceOf(options, origin);
  const { hubbleServer, ...rest } = options;
  const useless = source === 'probe' || source === 'replay';
  const settled = { ...rest, source, ...(useless || hubbleServer === undefined ? {} : { hubbleServer }) };
  refuseIdle(settled, origin);
  return settled;
}

function sourceOf(options: ConnectionOptions, origin: Origin): ConnectionOptions['source'] {
  const { source, replay, hubbleServer } = options;
  const isNamed = origin('source') === 'cli';
  if (replay !== undefined) {
    if (!isNamed || source === 'replay') return 'replay';
    throw contradiction('--replay reads a recording', source);
  }
  const server = hubbleServer === undefined ? undefined : origin('hubbleServer');
  if (source === 'auto' || source === 'hubble') return source;
  if (isNamed && server === 'cli') throw contradiction('--hubble-server reads from Hubble', source);
  return !isNamed && (server === 'cli' || server === 'env') ? 'hubble' : source;
}

function contradiction(what: string, source: string): SluiceError {
  return new SluiceError('usage', `${what}, but --source is ${source}.`, 'Leave one of the two out.');
}

const TLS_OPTIONS = {
  tlsCaCertFiles: '--tls-ca-cert-files',
  tlsServerName: '--tls-server-name',
  tlsClientCertFile: '--tls-client-cert-file',
  tlsClientKeyFile: '--tls-client-key-file',
  tlsAllowInsecure: '--tls-allow-insecure',
};

/** Options that a settled source has no use for. */
function refuseIdle({ source, hubbleServer }: ConnectionOptions, origin: Origin): void {
  const relay = { tls: '--tls' };
  const lookedUp = { hubbleNamespace: '--hubble-namespace' };
  const [idle, where, hint]: readonly [Readonly<Record<string, string>>, string, string] =
    source === 'probe' || source === 'replay'
      ? [
          { ...relay, ...lookedUp, ...TLS_OPTIONS },
          source === 'probe' ? 'the probe, which asks no Hubble' : 'a recording',
          'Leave it out, or use --source hubble.',
        ]
      : hubbleServer === undefined
        ? [relay, 'Relay, whose own settings decide about TLS', 'Leave it out, or name --hubble-server.']
        : [lookedUp, '--hubble-server, as no Relay is looked for', 'Leave one of the two out.'];
  for (const [name, flag] of Object.entries(idle)) {
    if (origin(name) === 'cli') throw new SluiceError('usage', `${flag} does nothing with ${where}.`, hint);
  }
}
