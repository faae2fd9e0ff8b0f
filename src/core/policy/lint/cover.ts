import { covers, type Protocol, parseCidr } from '../../cluster/cluster.ts';
import type { Peer, PodMatch, PortMatch, Rule } from '../model/model.ts';

/** Whether one rule textually matches everything that another matches. May miss cases, but is never wrong. */
export function ruleCovers(outer: Rule, inner: Rule): boolean {
  return peersCover(outer.peers, inner.peers) && portsCover(outer.ports, inner.ports);
}

/** Whether two rules may match one connection, by their ports. May err toward yes. */
export function rulesMeet(a: Rule, b: Rule): boolean {
  if (a.ports === 'any' || b.ports === 'any') return true;
  const others = b.ports;
  return a.ports.some((port) => others.some((other) => portsMeet(port, other)));
}

/** Whether ports of a rule may hold this one. May err toward yes. */
export function mayHold(ports: Rule['ports'], port: number, protocol: Protocol): boolean {
  const one: PortMatch = { type: 'range', protocol, from: port, to: port };
  return ports === 'any' || ports.some((each) => portsMeet(each, one));
}

/** Whether a range holds one address only. */
export function isOneAddress(cidr: string): boolean {
  return !cidr.includes('/') || cidr.endsWith(cidr.includes(':') ? '/128' : '/32');
}

function peersCover(outer: Rule['peers'], inner: Rule['peers']): boolean {
  if (outer === 'any') return true;
  if (inner === 'any') return outer.some((peer) => peer.type === 'entity' && peer.entity === 'all');
  return inner.every((peer) => outer.some((wide) => peerCovers(wide, peer)));
}

function peerCovers(outer: Peer, inner: Peer): boolean {
  if (outer.type === 'entity' && outer.entity === 'all') return true;
  if (JSON.stringify(outer) === JSON.stringify(inner)) return true;
  if (outer.type === 'pods' && inner.type === 'pods') return podsCover(outer, inner);
  return outer.type === 'cidr' && inner.type === 'cidr' && cidrCovers(outer, inner);
}

/** The same namespaces or all of them, and the inner pods meet at least what the outer match requires. */
function podsCover(outer: PodMatch, inner: PodMatch): boolean {
  const same = JSON.stringify(outer.namespaces) === JSON.stringify(inner.namespaces);
  const everywhere = outer.namespaces.by === 'labels' && outer.namespaces.selector.length === 0;
  if (!same && !everywhere) return false;
  if ((outer.identity ?? '') !== (inner.identity ?? '')) return false;
  if (outer.notOnHost === true && inner.notOnHost !== true) return false;
  const asked = new Set(inner.pods.map(requirementKey));
  return outer.pods.every((requirement) => asked.has(requirementKey(requirement)));
}

function requirementKey({ key, operator, values }: PodMatch['pods'][number]): string {
  return JSON.stringify([key, operator, [...values].sort()]);
}

function cidrCovers(
  outer: Peer & { readonly type: 'cidr' },
  inner: Peer & { readonly type: 'cidr' },
): boolean {
  const wide = parseCidr(outer.cidr);
  const narrow = parseCidr(inner.cidr);
  if (wide === undefined || narrow === undefined || outer.except.length > 0) return false;
  const alike = outer.identity === inner.identity && outer.reachesPods === inner.reachesPods;
  return alike && outer.cidr.endsWith('/0') === inner.cidr.endsWith('/0') && covers(wide, narrow);
}

function portsCover(outer: Rule['ports'], inner: Rule['ports']): boolean {
  if (outer === 'any') return true;
  if (inner === 'any') return false;
  return inner.every((port) => outer.some((wide) => portCovers(wide, port)));
}

function portCovers(outer: PortMatch, inner: PortMatch): boolean {
  if (outer.protocol !== inner.protocol) return false;
  if (outer.type === 'all') return true;
  if (outer.type !== 'range' || inner.type !== 'range')
    return JSON.stringify(outer) === JSON.stringify(inner);
  return outer.from <= inner.from && inner.to <= outer.to;
}

function portsMeet(a: PortMatch, b: PortMatch): boolean {
  if (a.protocol !== b.protocol) return false;
  if (a.type === 'icmp' && b.type === 'icmp') return JSON.stringify(a) === JSON.stringify(b);
  if (a.type !== 'range' || b.type !== 'range') return true;
  return a.from <= b.to && b.from <= a.to;
}
