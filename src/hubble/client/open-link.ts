import { Client } from '@grpc/grpc-js';
import { SluiceError } from '../../core/common/common.ts';
import { channelCredentials, channelOptions, type HubbleTls } from './credentials.ts';

/** How to reach the server: an address, or a new port-forward for each connection. */
export type HubblePlace =
  | { readonly address: string }
  | {
      readonly dial: (signal: AbortSignal) => Promise<{
        readonly host: string;
        readonly port: number;
        readonly close: () => void | Promise<void>;
      }>;
    };

/** An open link to the server. */
export type Link = {
  readonly client: Client;
  readonly host: string;
  readonly port: number;
  readonly tls: HubbleTls;
  close(): Promise<void>;
};

/** Opens the link; the channel connects on the first call. */
export async function openLink(place: HubblePlace, tls: HubbleTls, signal: AbortSignal): Promise<Link> {
  if ('address' in place) {
    const { target, host, port, tls: asked } = parseHubbleAddress(place.address);
    const wanted = tls === false && asked ? {} : tls;
    const client = new Client(target, channelCredentials(wanted, host), channelOptions(wanted, host, false));
    return {
      client,
      host,
      port,
      tls: wanted,
      close: async () => client.close(),
    };
  }
  const forward = await place.dial(signal);
  const { host, port } = forward;
  try {
    const client = new Client(
      `${host}:${port}`,
      channelCredentials(tls, host),
      channelOptions(tls, host, true),
    );
    return {
      client,
      host,
      port,
      tls,
      close: async () => {
        client.close();
        await forward.close();
      },
    };
  } catch (error) {
    await forward.close();
    throw error;
  }
}

/** The address of a server; `tls` if the address requires it. */
type HubbleAddress = {
  readonly target: string;
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
};

/** The default port of `hubble --server`, where Relay listens. */
const DEFAULT_PORT = 4245;

/**
 * Parses an address in the format of the hubble CLI's `--server`: `host:port`, `tls://host:port`, `unix:///path`.
 *
 * @throws SluiceError `usage` when it is invalid
 */
function parseHubbleAddress(text: string): HubbleAddress {
  if (text.startsWith('unix:')) return { target: text, host: 'localhost', port: 0, tls: false };
  const tls = text.startsWith('tls://');
  const rest = tls ? text.slice('tls://'.length) : text;
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/i.exec(rest);
  const [, host, port = String(DEFAULT_PORT)] = match ?? [];
  if (host === undefined || Number(port) > 65_535 || Number(port) === 0) {
    throw new SluiceError(
      'usage',
      `Invalid Hubble server address "${text}".`,
      'Use host:port or tls://host:port.',
    );
  }
  return { target: `dns:${host}:${port}`, host: host.replace(/^\[|\]$/g, ''), port: Number(port), tls };
}
