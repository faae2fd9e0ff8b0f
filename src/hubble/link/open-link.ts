import { Client } from '@grpc/grpc-js';
import { parseHubbleAddress } from './address.ts';
import { channelCredentials, channelOptions, type HubbleTls } from './credentials.ts';

/** How to reach the server: an address, or a fresh port-forward for each connection. */
export type HubblePlace =
  | { readonly address: string }
  | {
      readonly dial: (signal: AbortSignal) => Promise<{
        readonly host: string;
        readonly port: number;
        readonly close: () => void | Promise<void>;
      }>;
    };

/** An open way to the server. */
export type Link = {
  readonly client: Client;
  readonly host: string;
  readonly port: number;
  readonly tls: HubbleTls;
  close(): Promise<void>;
};

/** Opens the way; the channel itself connects with the first call. */
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
