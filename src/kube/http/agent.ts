import { once } from 'node:events';
import type http from 'node:http';
import https from 'node:https';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import type { ClusterEntry } from '../config/config.ts';
import { plainHttp } from './plain-http.ts';
import { hostOf, type ProxyServer, proxyFor } from './proxy.ts';
import { nameCheck, secureContextFor } from './trust.ts';
import { openTunnel, ProxyError, proxyLogin } from './tunnel.ts';

/** The connection pool of one server, for requests and WebSockets. */
export type Agent = http.Agent & {
  /** The headers for a proxy that forwards whole requests, each with the full URL as its path. */
  readonly forwards?: Readonly<Record<string, string>>;
};

/**
 * An idle connection is closed after this long, ms, before a load balancer drops it (after 60 s or more), so that
 * writes rarely hit a dead connection.
 */
const IDLE = 10_000;

const POOL: http.AgentOptions = { keepAlive: true, keepAliveMsecs: 30_000, timeout: IDLE };

/**
 * Creates the agent for a server: HTTP/1.1 with keep-alive, its CA, the client certificate, the server name to verify,
 * and the proxy from the kubeconfig or the environment. `node:https` loads in 5 ms; undici takes 70 ms and 22 MB.
 */
export function makeAgent(
  cluster: Pick<ClusterEntry, 'server' | 'ca' | 'insecure' | 'tlsServerName' | 'proxy'>,
  client: { readonly cert?: string; readonly key?: string },
): Agent {
  const { server } = cluster;
  const isSecure = server.protocol === 'https:';
  const proxy = proxyFor(server, cluster.proxy, process.env);
  const secureContext =
    isSecure || proxy?.url.protocol === 'https:' ? secureContextFor(cluster, client) : undefined;
  const options = isSecure ? { ...POOL, ...nameCheck(cluster), secureContext } : POOL;
  if (proxy === undefined) return isSecure ? new https.Agent(options) : new (plainHttp().Agent)(options);
  if (!isSecure && proxy.url.protocol === 'http:') return forwardingAgent(proxy);
  return tunnelingAgent(proxy, secureContext, isSecure, options);
}

/** Gives the agent another way to get a connection. */
function connecting(agent: http.Agent, connect: (to: http.ClientRequestArgs) => Promise<Duplex>): http.Agent {
  agent.createConnection = (to, callback) => {
    connect(to).then(
      (socket) => callback?.(null, socket),
      // The callback takes no stream beside an error; its type says otherwise.
      (error: Error) => callback?.(error, undefined as never),
    );
    return undefined;
  };
  return agent;
}

/** Connects to the server through a proxy, with TLS inside for an `https://` server. */
function tunnelingAgent(
  proxy: ProxyServer,
  secure: SecureContext | undefined,
  isSecure: boolean,
  options: https.AgentOptions,
): Agent {
  const agent = isSecure ? new https.Agent(options) : new (plainHttp().Agent)(options);
  const direct = agent.createConnection.bind(agent);
  return connecting(agent, async (to) => {
    const socket = await openTunnel(proxy, secure, { host: to.host ?? '', port: Number(to.port) });
    return isSecure ? (direct(Object.assign(to, { socket })) ?? socket) : socket;
  });
}

/** Sends requests to an `http://` server to the proxy instead, which forwards each, as Go does. */
function forwardingAgent(proxy: ProxyServer): Agent {
  const { url } = proxy;
  const agent = connecting(new (plainHttp().Agent)(POOL), async () => {
    const socket = connect(Number(url.port || 80), hostOf(url));
    try {
      await once(socket, 'connect');
    } catch (error) {
      throw new ProxyError(proxy, error instanceof Error ? error.message : '', { cause: error });
    }
    return socket;
  });
  return Object.assign(agent, { forwards: proxyLogin(proxy) });
}
