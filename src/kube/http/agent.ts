import type http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import type { ClusterEntry } from '../config/config.ts';

/** The connection pool of one server, for requests and WebSockets. */
export type Agent = http.Agent;

/**
 * An idle connection is closed after this long, ms, before a load balancer drops it (after 60 s or more), so that
 * writes rarely hit a dead connection.
 */
const IDLE = 10_000;

/**
 * Creates the agent for a server: HTTP/1.1 with keep-alive, its CA, the client certificate, the server name to verify,
 * and the proxy from the kubeconfig or the environment. `node:https` loads in 5 ms; undici takes 70 ms and 22 MB.
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
    // As in Go, the proxy resolves names, some of which only it may know; this library has a separate scheme for that.
    return new SocksProxyAgent(proxy.href.replace(/^socks5:/, 'socks5h:'), options);
  }
  const { HttpProxyAgent, HttpsProxyAgent } = await import('hpagent');
  return secure
    ? new HttpsProxyAgent({ ...options, proxy: proxy.href })
    : new HttpProxyAgent({ ...options, proxy: proxy.href });
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a server: `proxy-url` of the kubeconfig, else `HTTPS_PROXY` or `HTTP_PROXY` unless `NO_PROXY` matches
 * the host, in upper or lower case. Loopback never uses a proxy.
 * Source: golang.org/x/net/http/httpproxy, which kubectl uses.
 */
export function proxyFor(server: URL, configured: URL | undefined, env: Environment): URL | undefined {
  if (configured !== undefined) return configured;
  const name = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const text = env[name] || env[name.toLowerCase()];
  if (!text || isLoopback(server.hostname)) return undefined;
  const skip = env.NO_PROXY || env.no_proxy || '';
  const port = server.port || (server.protocol === 'https:' ? '443' : '80');
  if (skip.split(',').some((rule) => spares(rule.trim().toLowerCase(), server.hostname, port)))
    return undefined;
  const url = text.includes('://') ? text : `http://${text}`;
  return URL.canParse(url) ? new URL(url) : undefined;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** A rule is `*`, an address, a CIDR, a domain with its subdomains, or `.domain` for subdomains only; each may have `:port`. */
function spares(rule: string, host: string, port: string): boolean {
  if (rule === '') return false;
  if (rule === '*') return true;
  const [, name = rule, onlyPort] = /^(.*?)(?::(\d+))?$/.exec(rule) ?? [];
  if (onlyPort !== undefined && onlyPort !== port) return false;
  if (name.includes('/')) return isIP(host) === 4 && inCidr(host, name);
  if (name.startsWith('.')) return host.endsWith(name);
  return host === name || host.endsWith(`.${name}`);
}

function inCidr(ip: string, cidr: string): boolean {
  const [base = '', bits = ''] = cidr.split('/');
  const size = Number(bits);
  if (isIP(base) !== 4 || !Number.isInteger(size) || size < 0 || size > 32) return false;
  const mask = size === 0 ? 0 : (0xffffffff << (32 - size)) >>> 0;
  return (number(ip) & mask) >>> 0 === (number(base) & mask) >>> 0;
}

function number(ip: string): number {
  return ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

/**
 * `node:http`. A regular import makes Node load its whole HTTP client for the `WebSocket` that it exports: at least
 * 20 ms and 4 MB at the start of every verb.
 */
export function plainHttp(): typeof import('node:http') {
  return process.getBuiltinModule('node:http');
}
