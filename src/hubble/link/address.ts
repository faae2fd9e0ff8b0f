import { SluiceError } from '../../core/errors.ts';

/** Where a server listens; `tls` when the address itself asks for it. */
export type HubbleAddress = {
  readonly target: string;
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
};

/** The port of `hubble --server`'s default, where Relay listens. */
const DEFAULT_PORT = 4245;

/**
 * Reads an address as the hubble CLI's `--server` takes it: `host:port`, `tls://host:port`, `unix:///path`.
 *
 * @throws SluiceError `usage` when it is none
 */
export function parseHubbleAddress(text: string): HubbleAddress {
  if (text.startsWith('unix:')) return { target: text, host: 'localhost', port: 0, tls: false };
  const tls = text.startsWith('tls://');
  const rest = tls ? text.slice('tls://'.length) : text;
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/i.exec(rest);
  const [, host, port = String(DEFAULT_PORT)] = match ?? [];
  if (host === undefined || Number(port) > 65_535 || Number(port) === 0) {
    throw new SluiceError(
      'usage',
      `"${text}" is not the address of a Hubble server.`,
      'Give it as host:port, or as tls://host:port.',
    );
  }
  return { target: `dns:${host}:${port}`, host: host.replace(/^\[|\]$/g, ''), port: Number(port), tls };
}
