import type http from 'node:http';
import https from 'node:https';
import type { ClusterEntry } from '../config/cluster-entry.ts';
import { plainHttp } from './plain-http.ts';
import { proxyFor } from './proxy.ts';

/** What keeps connections to one server open, for requests and WebSockets alike. */
export type Agent = http.Agent;

/**
 * An idle connection is closed after this long, before a load balancer forgets it (they do after 60 s and more): so
 * a write hardly ever meets a dead one.
 */
const IDLE = 10_000;

/**
 * Makes the agent for a server: HTTP/1.1 with keep-alive, its CA, the client certificate, the server
 * name to verify, and the proxy of the kubeconfig or of the environment. `node:https` takes 5 ms to load where
 * undici takes 70 ms and 22 MB.
 */
export async function makeAgent(
  cluster: Pick<ClusterEntry, 'server' | 'ca' | 'insecure' | 'tlsServerName' | 'proxy'>,
  client: { readonly cert?: string; readonly key?: string },
): Promise<Agent> {
  const options: https.AgentOptions = {
    keepAlive: true,
    keepAliveMsecs: 30_000,
    timeout: IDLE,
    ...(cluster.ca === undefined ? {} : { ca: cluster.ca }),
    ...(cluster.insecure ? { rejectUnauthorized: false } : {}),
    ...(cluster.tlsServerName === undefined ? {} : { servername: cluster.tlsServerName }),
    ...(client.cert === undefined ? {} : { cert: client.cert }),
    ...(client.key === undefined ? {} : { key: client.key }),
  };
  const secure = cluster.server.protocol === 'https:';
  const proxy = proxyFor(cluster.server, cluster.proxy, process.env);
  if (proxy === undefined) return secure ? new https.Agent(options) : new (plainHttp().Agent)(options);
  if (proxy.protocol.startsWith('socks')) {
    const { SocksProxyAgent } = await import('socks-proxy-agent');
    // As in Go, the proxy looks names up, and may know some that nobody else does; here that is a scheme of its own.
    return new SocksProxyAgent(proxy.href.replace(/^socks5:/, 'socks5h:'), options);
  }
  const { HttpProxyAgent, HttpsProxyAgent } = await import('hpagent');
  return secure
    ? new HttpsProxyAgent({ ...options, proxy: proxy.href })
    : new HttpProxyAgent({ ...options, proxy: proxy.href });
}
