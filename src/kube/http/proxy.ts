import { BlockList, isIP } from 'node:net';

/** The proxy that leads to a server, and what names it, for messages. */
export type ProxyServer = { readonly url: URL; readonly from: string };

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a server: `proxy-url` of the kubeconfig, else `HTTPS_PROXY` or `HTTP_PROXY` unless `NO_PROXY` matches
 * the host, in upper or lower case. Loopback needs none from the environment (API-49).
 * Source: golang.org/x/net/http/httpproxy, which kubectl uses.
 */
export function proxyFor(
  server: URL,
  configured: URL | undefined,
  env: Environment,
): ProxyServer | undefined {
  if (configured !== undefined) return { url: configured, from: 'proxy-url' };
  const name = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const text = env[name] || env[name.toLowerCase()];
  const host = hostOf(server);
  if (!text || host === 'localhost' || isLoopback(host)) return undefined;
  const port = server.port || (server.protocol === 'https:' ? '443' : '80');
  const rules = (env.NO_PROXY || env.no_proxy || '').split(',').map((rule) => rule.trim().toLowerCase());
  if (rules.some((rule) => spares(rule, host, port))) return undefined;
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  return URL.canParse(url) ? { url: new URL(url), from: name } : undefined;
}

/** The host of a URL, an IPv6 address without its brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

function isLoopback(host: string): boolean {
  return isWithin(host, '127.0.0.0/8') || isWithin(host, '::1/128');
}

/**
 * A rule is `*`, an address, a CIDR, a domain with its subdomains, or `.domain` or `*.domain` for subdomains only; each
 * but a CIDR may have `:port`.
 */
function spares(rule: string, host: string, port: string): boolean {
  if (rule === '') return false;
  if (rule === '*') return true;
  if (rule.includes('/')) return isWithin(host, rule);
  if (isIP(rule) !== 0) return isSame(host, rule);
  const [, name = rule, onlyPort] = /^(.*?)(?::(\d+))?$/.exec(rule) ?? [];
  if (onlyPort !== undefined && onlyPort !== port) return false;
  const address = name.replace(/^\[(.*)\]$/, '$1');
  if (isIP(address) !== 0) return isSame(host, address);
  if (isIP(host) !== 0 || name === '') return false;
  const domain = name.replace(/^\*(?=\.)/, '');
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

function isSame(host: string, address: string): boolean {
  return isWithin(host, `${address}/${isIP(address) === 4 ? 32 : 128}`);
}

function isWithin(host: string, cidr: string): boolean {
  const [, base = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(cidr) ?? [];
  const version = isIP(base);
  if (isIP(host) === 0 || version === 0 || Number(bits) > (version === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(base, Number(bits), version === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
}
