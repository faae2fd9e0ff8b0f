import { isIP } from 'node:net';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a server: `proxy-url` of the kubeconfig, else `HTTPS_PROXY` or `HTTP_PROXY` unless `NO_PROXY` names
 * the host, in capitals or not. Loopback needs none.
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

/** A rule is `*`, an address, a CIDR, a domain (its sub-domains too), `.domain` (those alone), each with `:port`. */
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
