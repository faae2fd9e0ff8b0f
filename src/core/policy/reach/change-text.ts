import type { Protocol } from '../../cluster/objects.ts';
import { type Connections, isEverything } from '../model/connections.ts';
import type { PathChange } from './collect.ts';
import { endGroupText } from './ends.ts';

const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];

/** A changed path in few words: `shop/web → shop/db tcp 5432`. */
export function pathChangeText({ from, to, ports }: Pick<PathChange, 'from' | 'to' | 'ports'>): string {
  return `${endGroupText(from)} → ${endGroupText(to)} ${connectionsText(ports)}`;
}

/** At most so many changed paths, then how many more there are. */
export function pathChangesText(paths: readonly PathChange[], most: number): string {
  const shown = paths.slice(0, most).map(pathChangeText);
  const more = paths.length - shown.length;
  return more > 0 ? `${shown.join('; ')} and ${more} more` : shown.join('; ');
}

/** Ports by protocol: `tcp 80, 8000-8100 · udp 53`, `all ports`. */
export function connectionsText(ports: Connections): string {
  if (isEverything(ports)) return 'all ports';
  return PROTOCOLS.filter((protocol) => ports[protocol].length > 0)
    .map((protocol) => `${protocol.toLowerCase()} ${rangesText(ports[protocol])}`)
    .join(' · ');
}

function rangesText(ranges: readonly (readonly [from: number, to: number])[]): string {
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}
