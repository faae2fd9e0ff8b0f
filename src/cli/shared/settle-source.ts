import { SluiceError } from '../../core/common/common.ts';
import type { ConnectionOptions } from './options.ts';

/** Where an option's value comes from, per commander; undefined if unset, or set by the configuration file. */
export type Origin = (name: string) => string | undefined;

/**
 * Resolves where flows come from, so that `source` and `hubbleServer` agree: a flag wins over the environment, which
 * wins over the configuration file, and `--replay` implies `--source replay`. Flags that would have no effect are
 * rejected.
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
    throw contradiction('--replay', source);
  }
  const server = hubbleServer === undefined ? undefined : origin('hubbleServer');
  if (source === 'auto' || source === 'hubble') return source;
  if (isNamed && server === 'cli') throw contradiction('--hubble-server', source);
  return !isNamed && (server === 'cli' || server === 'env') ? 'hubble' : source;
}

function contradiction(flag: string, source: string): SluiceError {
  return new SluiceError('usage', `${flag} can't be used with --source ${source}.`, 'Remove one of the two.');
}

const TLS_OPTIONS = {
  tlsCaCertFiles: '--tls-ca-cert-files',
  tlsServerName: '--tls-server-name',
  tlsClientCertFile: '--tls-client-cert-file',
  tlsClientKeyFile: '--tls-client-key-file',
  tlsAllowInsecure: '--tls-allow-insecure',
};

/** Rejects flags that have no effect with the resolved source. */
function refuseIdle({ source, hubbleServer }: ConnectionOptions, origin: Origin): void {
  const relay = { tls: '--tls' };
  const lookedUp = { hubbleNamespace: '--hubble-namespace' };
  const [idle, why, hint]: readonly [Readonly<Record<string, string>>, string, string] =
    source === 'probe' || source === 'replay'
      ? [
          { ...relay, ...lookedUp, ...TLS_OPTIONS },
          `has no effect with --source ${source}`,
          'Remove it, or use --source hubble.',
        ]
      : hubbleServer === undefined
        ? [relay, 'needs --hubble-server', 'Remove it: TLS to Relay follows the settings of Relay.']
        : [lookedUp, "can't be used with --hubble-server", 'Remove one of the two.'];
  for (const [name, flag] of Object.entries(idle)) {
    if (origin(name) === 'cli') throw new SluiceError('usage', `${flag} ${why}.`, hint);
  }
}
