import { type EndRef, inRange, parseCidr, parseIp } from '../../cluster/cluster.ts';
import { assertNever, SluiceError } from '../../common/common.ts';
import { nameOfEnd } from './ends.ts';
import { kindNamed, parseEnd } from './parse-end.ts';

/** An end of a path to explain; more kinds than a grant accepts. */
export type PathEnd =
  | EndRef
  /** A name without a kind: a pod, otherwise the only workload or Service with that name, otherwise a DNS name. */
  | {
      readonly type: 'named';
      readonly namespace: string;
      readonly name: string;
      /** What the name means if nothing is called so. */
      readonly entity?: EntityName;
    }
  | { readonly type: 'node'; readonly name: string }
  /** Every address except the cluster's own. */
  | { readonly type: 'world' }
  /** One of Cilium's names for ends that are no pods (ENF-31). */
  | { readonly type: 'entity'; readonly entity: EntityName }
  /** A DNS name outside the cluster. */
  | { readonly type: 'dns'; readonly name: string }
  /** The pod's own loopback. */
  | { readonly type: 'loopback' };

export type EntityName = (typeof ENTITIES)[number];

/** Names of ends that are no pods, as Cilium has them; `host` and `remote-node` are seen from the pod at the other end. */
export const ENTITIES = ['host', 'remote-node', 'kube-apiserver', 'health', 'ingress', 'cluster'] as const;

/** The accepted formats of an end, for hints and help. */
export const PATH_END_SHAPES = `Use pod, ns/pod, deploy/name, svc/name, ns/kind/name, node/name, an IP address, a CIDR, world, ${ENTITIES.join(', ')}, localhost, or a DNS name.`;

/** A workload, or one of its pods, as tables have it: `shop/web[Deployment]`, `shop/db[StatefulSet]{db-0}`. */
const PRINTED = /^(?:([^/[\]]+)\/)?([^/[\]]+)\[([A-Za-z][A-Za-z0-9]*)\](?:\{([^,{}]+)\})?$/;

const DNS_NAME = /^(?=.{1,253}$)(?:[a-z0-9_](?:[-a-z0-9_]{0,61}[a-z0-9])?\.)+[a-z0-9][-a-z0-9]{0,62}$/;
const WORLD: readonly string[] = ['world', 'internet', 'outside', 'reserved:world', 'entity/world'];
const SERVICE_NAME = /^([a-z0-9][-a-z0-9]*)\.([a-z0-9][-a-z0-9]*)\.svc(?:\.[-.a-z0-9]+)?$/;
const LOOPBACK = ['127.0.0.0/8', '::1/128'].flatMap((text) => parseCidr(text) ?? []);

/**
 * Parses an end: everything that `parseEnd` accepts, plus `node/name`, `world` (or `internet`, `outside`),
 * `localhost`, an entity (`host`, or `reserved:host` if a pod has that name), and a DNS name (`api.example.com`, or
 * `dns/name` likewise); `db.shop.svc` is the Service, and `shop/web[Deployment]` the workload.
 *
 * @throws SluiceError `usage` with the accepted formats
 */
export function parsePathEnd(text: string, defaultNamespace: string): PathEnd {
  const word = text.toLowerCase();
  if (WORLD.includes(word)) return { type: 'world' };
  if (word === 'localhost') return { type: 'loopback' };
  const entity = entityNamed(word.replace(/^(?:reserved:|entity\/)/, ''));
  if (entity !== undefined && entity !== word) return { type: 'entity', entity };
  const printed = printedEnd(text, defaultNamespace);
  if (printed !== undefined) return printed;
  const [first = '', second, ...rest] = text.split('/');
  if (/^(?:node|nodes|no)$/i.test(first) && second !== undefined && rest.length === 0) {
    return { type: 'node', name: nodeName(text, second) };
  }
  if (/^(?:dns|fqdn)$/i.test(first) && second !== undefined && rest.length === 0) return dnsEnd(text, second);
  const dns = plainName(text);
  const service = SERVICE_NAME.exec(dns);
  if (service !== null) return { type: 'service', namespace: service[2] ?? '', name: service[1] ?? '' };
  if (dns !== text.toLowerCase() || (isDnsName(dns) && text !== dns)) return dnsEnd(text, dns);
  const end = read(text, defaultNamespace);
  if (end.type === 'ip' && isLoopback(end.ip)) return { type: 'loopback' };
  const isBare = end.type === 'pod' && (second === undefined || (rest.length === 0 && !isKind(first)));
  if (!isBare) return end;
  const { namespace, name } = end;
  return { type: 'named', namespace, name, ...(entity === undefined ? {} : { entity }) };
}

function printedEnd(text: string, defaultNamespace: string): PathEnd | undefined {
  const [, namespace = defaultNamespace, owner = '', kind, pod] = PRINTED.exec(text) ?? [];
  if (kind === undefined) return undefined;
  if (kind === 'Service') return read(`${namespace}/svc/${owner}`, namespace);
  const end = read(`${namespace}/pod/${pod ?? owner}`, namespace);
  if (kind === 'Pod' || pod !== undefined) return end;
  return { type: 'workload', ref: { kind, namespace, name: owner } };
}

function entityNamed(word: string): EntityName | undefined {
  return ENTITIES.find((name) => name === word);
}

/** Whether a name could be a DNS name outside the cluster. */
export function isDnsName(name: string): boolean {
  return DNS_NAME.test(name);
}

/** The display name of an end: as `nameOfEnd`, plus `node/a`, `10.0.0.0/8`, `world`, `api.example.com`, `localhost`. */
export function nameOfPathEnd(end: PathEnd): string {
  switch (end.type) {
    case 'workload':
    case 'pod':
    case 'service':
    case 'ip':
    case 'range':
      return nameOfEnd(end);
    case 'named':
    case 'dns':
      return end.name;
    case 'node':
      return `node/${end.name}`;
    case 'world':
      return 'world';
    case 'entity':
      return end.entity;
    case 'loopback':
      return 'localhost';
    default:
      return assertNever(end);
  }
}

function read(text: string, defaultNamespace: string): EndRef {
  try {
    return parseEnd(text, defaultNamespace);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    const hint = /not a valid (?:IP address|CIDR)/.test(error.message) ? error.hint : PATH_END_SHAPES;
    throw new SluiceError(error.code, error.message, hint, error);
  }
}

function isKind(text: string): boolean {
  return kindNamed(text) !== undefined;
}

/** A DNS name without its trailing dot. */
function plainName(text: string): string {
  const lower = text.toLowerCase();
  return lower.endsWith('.') && !/^[\d.]+$/.test(lower) ? lower.slice(0, -1) : lower;
}

function dnsEnd(text: string, name: string): PathEnd {
  const plain = plainName(name);
  if (!isDnsName(plain))
    throw new SluiceError('usage', `"${text}" is not a valid DNS name.`, PATH_END_SHAPES);
  return { type: 'dns', name: plain };
}

function nodeName(text: string, name: string): string {
  if (/^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/.test(name)) return name;
  throw new SluiceError('usage', `"${text}" has "${name}" where a name is expected.`, PATH_END_SHAPES);
}

function isLoopback(text: string): boolean {
  const ip = parseIp(text);
  return ip !== undefined && LOOPBACK.some((range) => inRange(range, ip));
}
