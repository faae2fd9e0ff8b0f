import { plural } from '../common/common.ts';
import type { Usage } from '../ports/ports.ts';

/** `used 4 of 60 minutes, 12 connections`; minutes that were begun count, and short windows are told in seconds. */
export function usageText(usage: Usage | undefined): string {
  if (usage === undefined) return 'use not known';
  const { connections, seconds, of } = usage;
  if (connections === 0) return 'not used';
  const [unit, length] = of < 120 ? ['seconds', 1] : ['minutes', 60];
  const used = Math.max(1, Math.ceil(seconds / Number(length)));
  return `used ${used} of ${Math.round(of / Number(length))} ${unit}, ${plural(connections, 'connection')}`;
}
