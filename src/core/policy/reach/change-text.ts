import { portsText } from '../model/connections.ts';
import type { PathChange } from './collect.ts';
import { endGroupText } from './ends.ts';

/** A changed path in few words: `shop/web → shop/db tcp 5432,8000-8100`. */
export function pathChangeText({ from, to, ports }: Pick<PathChange, 'from' | 'to' | 'ports'>): string {
  return `${endGroupText(from)} → ${endGroupText(to)} ${portsText(ports)}`;
}

/** At most so many changed paths, then how many more there are. */
export function pathChangesText(paths: readonly PathChange[], most: number): string {
  const shown = paths.slice(0, most).map(pathChangeText);
  const more = paths.length - shown.length;
  return more > 0 ? `${shown.join('; ')} and ${more} more` : shown.join('; ');
}
