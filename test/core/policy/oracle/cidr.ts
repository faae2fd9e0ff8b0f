import type { Ask } from './question.ts';
import { within } from './reading.ts';

type Block = { readonly cidr: string; readonly except: readonly string[] };

/** An ipBlock or network by the Kubernetes text: pods and nodes by their address (facts/policy.md §1 rules 21, 22, 33). */
export function kubernetesCidr({ peer, guess }: Ask, { cidr, except }: Block, place: string): boolean {
  if (peer.type === 'pod' && peer.ips.length === 0) {
    return (except.length === 0 && cidr.endsWith('/0')) || guess(`address of ${peer.name} in ${place}`);
  }
  const [ip = ''] = peer.type === 'pod' ? peer.ips : [peer.ip];
  return within(ip, cidr) && !except.some((hole) => within(ip, hole));
}

/** A CIDR as Cilium takes it: the world; nodes and pods by mode, and never by /0 (facts/policy.md §2a.11). */
export function ciliumCidr({ peer, settings }: Ask, { cidr, except }: Block): boolean {
  const hits = (ip: string | undefined) =>
    ip !== undefined && within(ip, cidr) && !except.some((hole) => within(ip, hole));
  if (peer.type === 'pod') {
    return settings.cidrModes.includes('pods') && !cidr.endsWith('/0') && hits(peer.ips[0]);
  }
  if (peer.node === undefined) return hits(peer.ip);
  return settings.cidrModes.includes('nodes') && !cidr.endsWith('/0') && hits(peer.ip);
}
