import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TEST_CERT, TEST_KEY } from './tls-pair.ts';

/** A call to the API server that has one answer, as it came. */
export type Call = {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
};

export type Answer = {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
};

/**
 * What becomes of a call: `forward` asks the server, once each time it is called. Without an answer, the connection is cut.
 */
export type Meddle = (call: Call, forward: () => Promise<Answer>) => Promise<Answer | undefined>;

export type MeddlingProxy = {
  readonly url: string;
  readonly ca: string;
  readonly close: () => void;
};

/** Stands between a client and the API server, and meddles with single calls; watches pass. */
export async function meddlingProxy(
  upstream: { readonly server: string; readonly ca: string },
  meddle: Meddle,
): Promise<MeddlingProxy> {
  const agent = new Agent({ ca: upstream.ca, keepAlive: true });
  const ask = async (from: IncomingMessage, body: Buffer): Promise<IncomingMessage> => {
    const headers = { ...from.headers, host: new URL(upstream.server).host };
    const sent = request(`${upstream.server}${from.url}`, { agent, method: from.method ?? 'GET', headers });
    sent.end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    return answer;
  };
  const stream = async (from: IncomingMessage, to: ServerResponse, body: Buffer) => {
    const answer = await ask(from, body);
    to.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(to);
    answer.on('error', () => to.destroy());
    to.on('close', () => answer.destroy());
  };
  const single = async (from: IncomingMessage, to: ServerResponse, body: Buffer, url: URL) => {
    const call = {
      method: from.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      body: body.toString(),
    };
    const answer = await meddle(call, async () => {
      const response = await ask(from, body);
      return {
        status: response.statusCode ?? 502,
        headers: response.headers,
        body: Buffer.concat(await response.toArray()),
      };
    });
    if (answer === undefined) {
      to.destroy();
      return;
    }
    const { 'transfer-encoding': _, ...headers } = answer.headers;
    to.writeHead(answer.status, { ...headers, 'content-length': answer.body.length });
    to.end(answer.body);
  };
  const server = createServer({ cert: TEST_CERT, key: TEST_KEY }, async (from, to) => {
    try {
      const body = Buffer.concat(await from.toArray());
      const url = new URL(from.url ?? '/', upstream.server);
      if (url.searchParams.has('watch')) await stream(from, to, body);
      else await single(from, to, body, url);
    } catch {
      to.destroy();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: TEST_CERT,
    close: () => {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}
