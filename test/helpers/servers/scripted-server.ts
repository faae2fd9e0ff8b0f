import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TEST_CA, TEST_CERT, TEST_KEY } from './tls-pair.ts';

/** A request as it came, its body read. */
export type Seen = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: string;
};

export type Reply = (request: Seen, response: ServerResponse, index: number) => void | Promise<void>;

/** An HTTP server on loopback that answers as a test says: for what a healthy API server never does. */
export type ScriptedServer = {
  readonly url: string;
  readonly port: number;
  readonly requests: readonly Seen[];
  readonly server: Server;
  /** A kubeconfig for it, with its CA if it speaks TLS; `user` and `cluster` are YAML flow fields to add. */
  kubeconfig(user?: string, cluster?: string): string;
  close(): Promise<void>;
};

export async function scriptedServer(
  reply: Reply,
  { tls = false }: { readonly tls?: boolean } = {},
): Promise<ScriptedServer> {
  const requests: Seen[] = [];
  const listener = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = new URL(request.url ?? '/', 'http://localhost');
    const seen: Seen = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      body: Buffer.concat(chunks).toString(),
    };
    requests.push(seen);
    await reply(seen, response, requests.length - 1);
  };
  const server = tls
    ? createSecureServer({ cert: TEST_CERT, key: TEST_KEY }, listener)
    : createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  return {
    url,
    port,
    requests,
    server,
    kubeconfig: (user = '', cluster = '') =>
      kubeconfigFor(url, user, [...(tls ? [TEST_CA] : []), ...(cluster === '' ? [] : [cluster])].join(', ')),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A kubeconfig with one context `test`, namespace `here`, user `tester`. */
export function kubeconfigFor(server: string, user = '', cluster = ''): string {
  return `apiVersion: v1
kind: Config
current-context: test
contexts:
- name: test
  context: {cluster: c, user: tester, namespace: here}
clusters:
- name: c
  cluster: {server: "${server}"${cluster === '' ? '' : `, ${cluster}`}}
users:
- name: tester
  user: {${user}}
`;
}

/** Answers with JSON. */
export function json(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}

/** A Status as the API server sends it with an error. */
export function failure(code: number, reason: string, message: string, details: unknown = {}): unknown {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    details,
    code,
  };
}

/** A port of loopback on which nothing listens. */
export async function unusedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
