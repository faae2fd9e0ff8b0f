import { formatSelector, keyOf, type Pod, type Selector } from '../../cluster/cluster.ts';
import { assertNever } from '../../common/common.ts';
import {
  icmpTypeText,
  type NamespaceMatch,
  type Peer,
  type PodMatch,
  type PolicyRef,
  type PortMatch,
  type Rule,
  type ServiceMatch,
} from '../model/model.ts';

/** A complete rule: `pods app=api · tcp 5432`; `anything` when empty. */
export function ruleText({ peers, ports }: Rule): string {
  if (peers === 'any' && ports === 'any') return 'anything';
  const who = peers === 'any' ? 'anyone' : listed(peers.map(peerText), 'nobody');
  return ports === 'any' ? who : `${who} · ${portsText(ports)}`;
}

/** The peers of a rule, short: `app=api or 10.0.0.0/8`; `anyone` without a restriction. */
export function peersText(peers: Rule['peers']): string {
  return peers === 'any' ? 'anyone' : listed(peers.map(shortPeerText), 'nobody');
}

/** A peer in a rule: `pods app=api`, `pods app=api in team=a`, `10.0.0.0/8 except 10.1.0.0/16`. */
export function peerText(peer: Peer): string {
  if (peer.type !== 'pods' || peer.pods.length === 0) return shortPeerText(peer);
  return `pods ${shortPeerText(peer)}`;
}

/** A peer in as few words as distinguish it: `app=api`, `app=api in team=a`, `all pods in ops`. */
export function shortPeerText(peer: Peer): string {
  switch (peer.type) {
    case 'pods':
      return podsText(peer);
    case 'cidr':
      return peer.except.length === 0 ? peer.cidr : `${peer.cidr} except ${peer.except.join(', ')}`;
    case 'cidr-group':
      return `CIDR group ${'name' in peer.by ? peer.by.name : selectorText(peer.by.selector)}`;
    case 'entity':
      return peer.entity;
    case 'reserved':
      return selectorText(peer.selector);
    case 'services':
      return `services ${listed(peer.services.map(serviceText), 'none')}`;
    case 'nodes':
      return peer.selector.length === 0 ? 'nodes' : `nodes ${selectorText(peer.selector)}`;
    case 'domain':
      return peer.pattern;
    case 'unknown':
      return peer.text;
    default:
      return assertNever(peer);
  }
}

function podsText({ namespaces, pods }: PodMatch): string {
  const where = namespaceText(namespaces);
  if (pods.length === 0) return where === undefined ? 'all pods in its namespace' : `all pods in ${where}`;
  return where === undefined ? selectorText(pods) : `${selectorText(pods)} in ${where}`;
}

/** Undefined for the policy's own namespace, which goes without saying. */
function namespaceText(match: NamespaceMatch): string | undefined {
  if (match.by === 'name') return undefined;
  const [first, ...rest] = match.selector;
  if (first === undefined) return 'any namespace';
  const isName = first.key === 'kubernetes.io/metadata.name' && first.operator === 'In' && rest.length === 0;
  return isName ? first.values.join(' or ') : `namespaces ${selectorText(match.selector)}`;
}

function serviceText({ namespace, by }: ServiceMatch): string {
  const what = 'name' in by ? by.name : selectorText(by.selector);
  return namespace === undefined ? what : `${namespace}/${what}`;
}

/** A selector as kubectl writes it. */
export function selectorText(selector: Selector): string {
  return formatSelector(selector);
}

/** Ports of a rule: `tcp 5432, 8080-8090 · udp all`; `any port` without a restriction. */
export function portsText(ports: Rule['ports']): string {
  if (ports === 'any') return 'any port';
  const groups = [...Map.groupBy(ports, ({ protocol }) => protocol)];
  return listed(
    groups.map(([protocol, items]) => `${protocol.toLowerCase()} ${items.map(portText).join(', ')}`),
    'no port',
    ' · ',
  );
}

/** One port without its protocol: `5432`, `8080-8090`, `http`, `all`. */
export function portText(port: PortMatch): string {
  switch (port.type) {
    case 'all':
      return 'all';
    case 'range':
      return port.from === port.to ? String(port.from) : `${port.from}-${port.to}`;
    case 'named':
      return port.name;
    case 'icmp':
      return `${port.family === 6 ? 'v6 ' : ''}${icmpTypeText(port.icmpType, port.family)}`;
    default:
      return assertNever(port);
  }
}

/** The usual name of a pod: its workload, else its own name. */
export function podText(pod: Pod): string {
  return pod.owner?.name ?? pod.name;
}

/** `NetworkPolicy shop/db`: what to ask kubectl for. */
export function policyTitle({ kind, namespace, name }: PolicyRef): string {
  return `${kind} ${keyOf(namespace === undefined ? { name } : { namespace, name })}`;
}

/** At most two items, then how many more. */
function listed(items: readonly string[], none: string, separator = ' or '): string {
  if (items.length === 0) return none;
  const shown = items.length <= 2 ? items : [...items.slice(0, 2), `${items.length - 2} more`];
  return shown.join(separator);
}

/** Maximum width of an explanation: the default terminal width. */
export const COLUMNS = 80;

/**
 * A text in lines of at most 80 columns, broken between words: the first after `head`, the others indented by `indent`.
 * A longer word gets its own line.
 */
export function wrapped(head: string, text: string, indent = head.length): readonly string[] {
  const lines: string[] = [];
  let line = head;
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = ' '.repeat(indent);
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line.trimEnd()];
}
