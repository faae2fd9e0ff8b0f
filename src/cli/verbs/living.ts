import { plural } from '../../core/common/common.ts';
import { cutCommand, livingText } from '../../core/grants/grants.ts';
import type { LivingConnection } from '../../core/ports/ports.ts';
import type { Output } from '../shared/shared.ts';

/** How many command lines are printed. */
const SHOWN = 10;

/**
 * Says which connections live on after the end of a grant, and the command lines that end them.
 *
 * @param tried whether sluice has tried to end them
 */
export function tellLiving({ err }: Output, living: readonly LivingConnection[], tried: boolean): void {
  if (living.length === 0) return;
  const live = living.length === 1 ? 'lives' : 'live';
  const why = tried ? ', as no container of their pods may end them' : '';
  const names = living.slice(0, SHOWN).map(livingText).join(', ');
  const more = living.length > SHOWN ? `, and ${living.length - SHOWN} more` : '';
  const cut = tried ? '' : 'Try --cut the next time, wait for their end, or run ';
  err(`sluice: ${plural(living.length, 'connection')} of the grant ${live} on${why}: ${names}${more}.\n`);
  err(`        ${cut === '' ? 'Run ' : cut}these, with an IMAGE that has ss:\n`);
  for (const one of living.slice(0, SHOWN)) err(`        ${cutCommand(one)}\n`);
}

/** Connections as JSON, each with the command line that ends it. */
export function livingJson(living: readonly LivingConnection[]): readonly unknown[] {
  return living.map((one) => ({ ...one, command: cutCommand(one) }));
}
