import type { Ask } from './question.ts';
import { within } from './reading.ts';

type Block = { readonly cidr: string; readonly except: readonly string[] };

/** An ipBlock or network by the Kubernetes text: pods and nodes by their address (NP-21, NP-22, NP-33). */
export function kubernetesCidr(ask: Ask, block: Block, place: string): boolean {
  const { blocks, name } = ask.settings;
  const isHost = ask.peer.type === 'address' && ask.peer.node !== undefined;
  const isAll = block.cidr.endsWith('/0') && block.except.length === 0;
  if (name === 'ovn-kubernetes' && isHost && ask.direction === 'ingress' && !isAll) {
    // Nodes reach pods by an address of the overlay (ENF-34).
    return holds(ask, block, place) && ask.guess(`host address ${place}`);
  }
  if (ask.peer.type !== 'pod' || blocks === 'yes') return holds(ask, block, place);
  return blocks === 'unknown' && holds(ask, block, place) && ask.guess(`blocks match pods ${place}`);
}

/** `networks` of the admin kinds: they match pods whatever else does; contested on Cilium (ANP-7, CIL-16). */
export function networks(ask: Ask, block: Block, place: string): boolean {
  const { settings, peer } = ask;
  if (!settings.cilium) return holds(ask, block, place);
  if (ciliumCidr(ask, block, place)) return true;
  const isInside = peer.type === 'pod' || peer.node !== undefined;
  return isInside && holds(ask, block, place) && ask.guess(`networks inside ${place}`);
}

function holds({ peer, guess }: Ask, { cidr, except }: Block, place: string): boolean {
  if (peer.type === 'pod' && peer.ips.length === 0) {
    return (except.length === 0 && cidr.endsWith('/0')) || guess(`address of ${peer.name} in ${place}`);
  }
  const [ip = ''] = peer.type === 'pod' ? peer.ips : [peer.ip];
  return within(ip, cidr) && !except.some((hole) => within(ip, hole));
}

/** A CIDR as Cilium takes it: the world; nodes and pods by mode, and never by /0 (CIL-11). */
export function ciliumCidr({ peer, settings, guess }: Ask, { cidr, except }: Block, place: string): boolean {
  const hits = (ip: string) => within(ip, cidr) && !except.some((hole) => within(ip, hole));
  if (peer.type === 'address' && peer.node === undefined) return hits(peer.ip);
  const mode = peer.type === 'pod' ? 'pods' : 'nodes';
  if (!settings.cidrModes.includes(mode) || cidr.endsWith('/0')) return false;
  if (peer.type === 'address') return hits(peer.ip);
  const [ip] = peer.ips;
  return ip === undefined ? guess(`address of ${peer.name} in ${place}`) : hits(ip);
}
